/** When audio was captured, by a clock that neither jumps nor drifts away from the audio. Pure. */

const WINDOW_MS = 30_000;
/** A run that comes so much later than those before it was captured later: the device slept in between. */
const SLEPT_MS = 1_000;

/**
 * Sound cards count time by themselves. What they captured arrives a little later, never earlier, so the least
 * difference between arrival and card, over half a minute, tells one clock from the other.
 */
export class CaptureClock {
  #differences: { atMs: number; ms: number }[] = [];

  /** When a moment of the card's time was, given when its audio arrived; both in milliseconds. */
  capturedAtMs(cardMs: number, arrivedAtMs: number): number {
    const difference = arrivedAtMs - cardMs;
    const least = this.#differences[0];
    if (least !== undefined && difference - least.ms > SLEPT_MS) this.#differences = [];
    while ((this.#differences.at(-1)?.ms ?? Number.NEGATIVE_INFINITY) >= difference) this.#differences.pop();
    this.#differences.push({ atMs: arrivedAtMs, ms: difference });
    while ((this.#differences[0]?.atMs ?? arrivedAtMs) < arrivedAtMs - WINDOW_MS) this.#differences.shift();
    return cardMs + (this.#differences[0]?.ms ?? difference);
  }
}
