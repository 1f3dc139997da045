/** Keep the screen on while captions are read. The browser may refuse (low battery): then it goes dark as usual. */
export class WakeLock {
  #wanted = false;

  start(): void {
    this.#wanted = true;
    document.addEventListener('visibilitychange', this.#request);
    this.#request();
  }

  stop(): void {
    this.#wanted = false;
    document.removeEventListener('visibilitychange', this.#request);
    void this.#lock?.release();
    this.#lock = undefined;
  }

  #lock: WakeLockSentinel | undefined;

  /** A page that was hidden has lost its lock. */
  readonly #request = (): void => {
    if (document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    navigator.wakeLock.request('screen').then(
      (lock) => {
        if (this.#wanted) this.#lock = lock;
        else void lock.release();
      },
      () => {},
    );
  };
}
