import { useEffect, useState } from 'react';

/** Whole seconds until a moment on the clock of `performance.now()`, kept up to date. */
export function useCountdown(atMs: number): number {
  const [nowMs, setNowMs] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(performance.now()), 250);
    return () => clearInterval(timer);
  }, []);
  return Math.max(0, Math.ceil((atMs - nowMs) / 1000));
}
