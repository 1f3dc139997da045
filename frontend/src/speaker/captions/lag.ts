/** How far text is behind speech, lately. Pure. */

const LOOKED_AT = 5;

/** The middle of the last few values, so that a single late one says nothing. */
export class RecentLag {
  #values: number[] = [];

  add(ms: number): void {
    this.#values = [...this.#values, ms].slice(-LOOKED_AT);
  }

  /** Null before the first value. */
  get medianMs(): number | null {
    const sorted = [...this.#values].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? null;
  }
}
