/** Between tries where the store answers that it hasn't the clip. */
const RETRY_MS = [100, 200, 400, 800] as const;
/** Between tries where nobody answers, or the store that it can't now. */
const AWAY_RETRY_MS = 500;
/** How long it may be away while the notifier can be reached. */
const AWAY_MS = 15_000;
const ANSWER_MS = 5_000;
const SIGNING_MS = 5_000;
const EXPIRED = 403;
const TOO_MANY = 429;
const ITS_OWN_FAULT = 500;

export interface ClipHelp {
  /** Have the clip's address sent anew; `address` will then be given it. */
  sign(index: number): void;
  /** Resolves as soon as the notifier can be reached; to whether that had to be waited for. */
  reachable(): Promise<boolean>;
}

/** A clip on its way: keeps its address, which may be renewed, and fetches it with a bounded patience. */
export class Clip {
  readonly index: number;
  readonly durationMs: number;
  #url: string;
  #renewed: (() => void) | undefined;
  readonly #abort = new AbortController();

  constructor(index: number, durationMs: number, url: string) {
    this.index = index;
    this.durationMs = durationMs;
    this.#url = url;
  }

  /** A new address for the same clip. */
  renew(url: string): void {
    this.#url = url;
    this.#renewed?.();
  }

  /** Not wanted any more. */
  drop(): void {
    this.#abort.abort();
  }

  /** The encoded clip; undefined where it can't be had, or isn't wanted any more. */
  async fetch(help: ClipHelp): Promise<ArrayBuffer | undefined> {
    const waits = RETRY_MS.values();
    let signed = false;
    let awaySince: number | undefined;
    while (!this.#abort.signal.aborted) {
      const answer = await this.#get();
      if (answer instanceof ArrayBuffer) return answer;
      if (answer === undefined || answer === TOO_MANY || answer >= ITS_OWN_FAULT) {
        if (answer === undefined && (await help.reachable())) awaySince = undefined;
        awaySince ??= performance.now();
        if (performance.now() - awaySince > AWAY_MS) return undefined;
        await after(AWAY_RETRY_MS);
      } else if (answer === EXPIRED && !signed) {
        signed = true;
        await this.#signedAnew(help);
      } else {
        const wait = waits.next();
        if (wait.done) return undefined;
        await after(wait.value);
      }
    }
    return undefined;
  }

  /** The clip, or the status it was refused with; undefined: nobody answered. */
  async #get(): Promise<ArrayBuffer | number | undefined> {
    const limit = new AbortController();
    const abort = () => limit.abort();
    const timer = setTimeout(abort, ANSWER_MS);
    this.#abort.signal.addEventListener('abort', abort);
    try {
      const answer = await fetch(this.#url, { signal: limit.signal });
      return answer.ok ? await answer.arrayBuffer() : answer.status;
    } catch {
      return undefined;
    } finally {
      clearTimeout(timer);
      this.#abort.signal.removeEventListener('abort', abort);
    }
  }

  async #signedAnew(help: ClipHelp): Promise<void> {
    const renewed = new Promise<void>((resolve) => {
      this.#renewed = resolve;
    });
    help.sign(this.index);
    await Promise.race([renewed, after(SIGNING_MS)]);
  }
}

const after = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
