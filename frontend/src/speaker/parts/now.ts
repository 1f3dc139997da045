import { useEffect, useState } from 'react';
import { monotonicMs } from '../../shared/clock';

/** The time in milliseconds since the Unix epoch, by a clock that never jumps; again and again at this interval. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(monotonicMs);
  useEffect(() => {
    const ticking = setInterval(() => setNow(monotonicMs()), everyMs);
    return () => clearInterval(ticking);
  }, [everyMs]);
  return now;
}
