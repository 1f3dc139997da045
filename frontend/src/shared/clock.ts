/** The service's wall clock as this device knows it: the device's own may be minutes off. */
export class ServerClock {
  #offsetMs = 0;

  /** The service has just said what time it is. */
  set(serverTimeMs: number, localMs = Date.now()): void {
    this.#offsetMs = serverTimeMs - localMs;
  }

  /** Milliseconds since the Unix epoch. */
  now(localMs = Date.now()): number {
    return localMs + this.#offsetMs;
  }
}
