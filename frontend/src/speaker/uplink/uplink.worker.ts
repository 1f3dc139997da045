/** The uplink, off the page's own thread: what stalls the page doesn't stall the talk. */

import { CaptureClock } from './clock';
import { FrameShelf } from './shelf';
import type { CapturedMessage, ToUplink, UplinkStatus } from './talk';
import { Uplink } from './uplink';

const TICK_MS = 250;
/** Fine enough for whole seconds; without it the page would be told of every frame. */
const KEPT_STEP_MS = 500;

const nowMs = () => performance.timeOrigin + performance.now();

interface Talk {
  readonly uplink: Uplink;
  readonly shelf: FrameShelf;
}

let talk: Promise<Talk> | undefined;

async function begin({ url, sessionId, token }: ToUplink & { type: 'start' }): Promise<Talk> {
  const shelf = await FrameShelf.of(sessionId, nowMs());
  const uplink: Uplink = new Uplink({
    sessionId,
    token,
    ring: shelf.ring,
    wanted: shelf.wanted,
    connect: () => new WebSocket(url),
    changed: () => queueMicrotask(() => report({ uplink, shelf })),
    now: nowMs,
  });
  const ticking = setInterval(() => {
    report({ uplink, shelf });
    if (uplink.link === 'closed') clearInterval(ticking);
    else save({ uplink, shelf });
  }, TICK_MS);
  self.addEventListener('online', () => uplink.networkChanged());
  return { uplink, shelf };
}

let reported = '';

/** Tell the page, if anything changed that it would show. Of a talk that is over nothing is kept when it hears so. */
function report({ uplink, shelf }: Talk): void {
  const { link, refusal, quiet, said, retryAtMs, state, wanted } = uplink;
  const { keptMs, full, progress } = shelf.ring;
  const status: UplinkStatus = {
    ...{ link, refusal, quiet, said, retryAtMs, state, wanted, full },
    keptMs: Math.floor(keptMs / KEPT_STEP_MS) * KEPT_STEP_MS,
    ...{ lostMs: progress.lostMs, missedMs: progress.missedMs, lasting: shelf.lasting },
  };
  const text = JSON.stringify(status);
  if (text === reported) return;
  reported = text;
  const over = link === 'closed' && (state === 'ended' || refusal === 'ended');
  if (over) void shelf.clear().then(() => postMessage(status));
  else postMessage(status);
}

function save({ uplink, shelf }: Talk): void {
  void shelf.save(uplink.wanted, nowMs());
}

/** Take frames from a source; each has a clock of its own, since a new audio context counts from 0 again. */
function take({ uplink }: Talk, port: MessagePort): void {
  const clock = new CaptureClock();
  port.onmessage = ({ data: { pcm, cardMs } }: MessageEvent<CapturedMessage>) =>
    uplink.capture({ pcm, endedAtMs: clock.capturedAtMs(cardMs, nowMs()) });
}

function obey(talk: Talk, order: ToUplink): void {
  const { uplink } = talk;
  if (order.type === 'frames') take(talk, order.port);
  else if (order.type === 'token') uplink.renew(order.token);
  else if (order.type === 'want') uplink.want(order.state);
  else if (order.type === 'clock') uplink.clockOffsetMs = order.offsetMs;
  else if (order.type === 'retry') uplink.retry();
  else if (order.type === 'save') save(talk);
}

self.onmessage = ({ data }: MessageEvent<ToUplink>) => {
  if (data.type === 'start') talk ??= begin(data);
  else void talk?.then((begun) => obey(begun, data));
};
