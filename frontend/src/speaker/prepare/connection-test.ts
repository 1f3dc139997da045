/** Whether the network will carry a talk: measured before it begins, without beginning it. */

import type { Sessions } from '../talks/sessions';

export type Verdict = 'good' | 'fair' | 'poor';

export interface Measured {
  /** A small request and its answer; the median of some. */
  readonly roundTripMs: number;
  /** What can be sent per second. */
  readonly uploadKbps: number;
  /** Whether both services' sockets can be opened from here. */
  readonly sockets: boolean;
}

const ROUND_TRIPS = 5;
const WEIGHT_BYTES = 15_000;
const WEIGHTS = 4;
const SOCKET_MS = 5_000;
/** A talk takes 256 kbit/s and some more for its packets. */
const GOOD: Measured = { roundTripMs: 300, uploadKbps: 1_000, sockets: true };
const FAIR: Measured = { roundTripMs: 1_000, uploadKbps: 400, sockets: true };

export function verdict(measured: Measured): Verdict {
  const within = (limit: Measured) =>
    measured.sockets && measured.roundTripMs <= limit.roundTripMs && measured.uploadKbps >= limit.uploadKbps;
  return within(GOOD) ? 'good' : within(FAIR) ? 'fair' : 'poor';
}

/** Measure. urls: the services' sockets. Rejects with Trouble where the service does not answer. */
export async function measure(
  sessions: Sessions,
  sessionId: string,
  urls: readonly string[],
): Promise<Measured> {
  const opened = Promise.all(urls.map(opens));
  const trips: number[] = [];
  for (let trip = 0; trip < ROUND_TRIPS; trip++) trips.push(await timed(() => sessions.get(sessionId)));
  const roundTripMs = trips.sort((a, b) => a - b)[Math.floor(ROUND_TRIPS / 2)] as number;
  const uploadMs = await timed(() =>
    Promise.all(Array.from({ length: WEIGHTS }, () => sessions.weigh(sessionId, WEIGHT_BYTES))),
  );
  const bits = WEIGHTS * WEIGHT_BYTES * 8;
  return {
    roundTripMs,
    uploadKbps: bits / Math.max(1, uploadMs - roundTripMs),
    sockets: (await opened).every(Boolean),
  };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now();
  await work();
  return performance.now() - since;
}

/** Whether a socket opens; nothing is said through it. */
function opens(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url);
    const done = (opened: boolean) => {
      clearTimeout(limit);
      socket.onopen = socket.onerror = null;
      socket.close();
      resolve(opened);
    };
    const limit = setTimeout(() => done(false), SOCKET_MS);
    socket.onopen = () => done(true);
    socket.onerror = () => done(false);
  });
}
