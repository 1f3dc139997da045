/** This device's time in milliseconds since the Unix epoch, by a clock that never jumps. */
export const monotonicMs = (): number => performance.timeOrigin + performance.now();

/** The service's wall clock as this device knows it: the device's own may be minutes off, or be set right in mid-talk. */
export class ServerClock {
  #offsetMs = 0;

  /** The service has just said what time it is. */
  set(serverTimeMs: number): void {
    this.#offsetMs = serverTimeMs - monotonicMs();
  }

  /** What to add to `monotonicMs` to have the service's time. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return monotonicMs() + this.#offsetMs;
  }
}
