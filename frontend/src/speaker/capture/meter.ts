/** How loud the speaker is, and what to say about it. Pure. */

/** What the worklet measures of each frame, after the gain. */
export interface Level {
  /** Of 1, which is as loud as there is. */
  readonly peak: number;
  readonly rms: number;
  /** The share of samples that are as loud as there is. */
  readonly clipped: number;
}

/** `dead`: not even noise, so something is switched off. */
export type LevelWarning = 'clipping' | 'dead' | 'silent' | 'low' | 'noisy';

const FRAME_MS = 96;
const CLIPPED_SHARE = 0.01;
const CLIPPING_SHOWN_MS = 3_000;
const DEAD_AFTER_MS = 2_000;
const SILENCE_DB = -50;
const SILENT_AFTER_MS = 5_000;
const LOW_DB = -36;
const NOISY_DB = 15;
const LOOKED_AT_MS = 10_000;
const LOOKED_AT = Math.round(LOOKED_AT_MS / FRAME_MS);

/** Decibels below the loudest; -100 at least. */
export const decibels = (amplitude: number): number => Math.max(-100, 20 * Math.log10(amplitude));

/** Looks at the last ten seconds. */
export class Meter {
  #levels: number[] = [];
  #sinceClippedMs = Number.POSITIVE_INFINITY;
  #sinceSoundMs = 0;
  #sinceSignalMs = 0;

  /** Take the level of the next frame. */
  hear({ rms, clipped }: Level): void {
    const db = decibels(rms);
    this.#sinceClippedMs = clipped > CLIPPED_SHARE ? 0 : this.#sinceClippedMs + FRAME_MS;
    this.#sinceSoundMs = db > SILENCE_DB ? 0 : this.#sinceSoundMs + FRAME_MS;
    this.#sinceSignalMs = rms > 0 ? 0 : this.#sinceSignalMs + FRAME_MS;
    this.#levels.push(db);
    if (this.#levels.length > LOOKED_AT) this.#levels.shift();
  }

  /** The one thing that matters most, if anything does. */
  get warning(): LevelWarning | null {
    if (this.#sinceClippedMs < CLIPPING_SHOWN_MS) return 'clipping';
    if (this.#sinceSignalMs >= DEAD_AFTER_MS) return 'dead';
    if (this.#sinceSoundMs >= SILENT_AFTER_MS) return 'silent';
    if (this.#levels.length < LOOKED_AT) return null;
    const sorted = [...this.#levels].sort((a, b) => a - b);
    const loud = sorted[Math.floor(0.9 * LOOKED_AT)] as number;
    const quiet = sorted[Math.floor(0.1 * LOOKED_AT)] as number;
    if (loud < SILENCE_DB) return null; // a word now and then: too little to judge
    if (loud < LOW_DB) return 'low';
    return loud - quiet < NOISY_DB && quiet > SILENCE_DB ? 'noisy' : null;
  }

  /** Whether somebody spoke in the last ten seconds: for a tenth of it at least it was loud enough. */
  get speech(): boolean {
    return this.#levels.filter((db) => db > SILENCE_DB).length > LOOKED_AT / 10;
  }
}
