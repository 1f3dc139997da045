/** When audio was captured, by a clock that neither jumps nor drifts away from the audio. Pure. */

import { GAP_MS } from './ring';

const WINDOW_MS = 30_000;
/**
 * When the card has stood still, all runs are late from then on; what was held up on its way comes together with the
 * next, and a busy device is behind for a few seconds. The longer this is, the later a gap is where it is noticed.
 */
const CONFIRMED_MS = 5_000;

/**
 * Sound cards count time by themselves. What they captured arrives a little later, never earlier, so the least
 * difference between arrival and card, over half a minute, tells one clock from the other.
 */
export class CaptureClock {
  #differences: { atMs: number; ms: number }[] = [];
  #lateSinceMs: number | null = null;

  /** When a moment of the card's time was, given when its audio arrived; both in milliseconds. */
  capturedAtMs(cardMs: number, arrivedAtMs: number): number {
    const ms = arrivedAtMs - cardMs;
    this.#forgetStall(ms, arrivedAtMs);
    while ((this.#differences.at(-1)?.ms ?? Number.NEGATIVE_INFINITY) >= ms) this.#differences.pop();
    this.#differences.push({ atMs: arrivedAtMs, ms });
    while ((this.#differences[0]?.atMs ?? arrivedAtMs) < arrivedAtMs - WINDOW_MS) this.#differences.shift();
    return cardMs + (this.#differences[0]?.ms ?? ms);
  }

  /** Once it is sure that the card captured nothing for a while, only what has come since tells of its time. */
  #forgetStall(ms: number, arrivedAtMs: number): void {
    const late = ms - (this.#differences[0]?.ms ?? ms) > GAP_MS;
    const sinceMs = this.#lateSinceMs ?? arrivedAtMs;
    const sure = late && arrivedAtMs - sinceMs >= CONFIRMED_MS;
    if (sure) this.#differences = this.#differences.filter(({ atMs }) => atMs >= sinceMs);
    this.#lateSinceMs = late && !sure ? sinceMs : null;
  }
}
