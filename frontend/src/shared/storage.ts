/** Preferences that outlive the page. Storage may be forbidden or full: then they last as long as the page. */

/** A remembered value as it was stored; undefined where there is none. */
export function recall(name: string): unknown {
  try {
    const text = localStorage.getItem(`dragoman.${name}`);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keep a JSON value for the next visit, where that is possible. */
export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(`dragoman.${name}`, JSON.stringify(value));
  } catch {
    // Nothing depends on it.
  }
}
