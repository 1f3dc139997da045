/** The speaker's socket: what is captured goes to ingest, once and in order, through any number of connections. */

import { type SpeakerRefusal, STEADY_MS, speakerRefusal, waitMs } from '../../shared/reconnect';
import { type Captured, pack } from './frame';
import type { Ring } from './ring';
import type { Link, SessionState, Wanted } from './talk';

/** Bytes that may wait in the socket: three seconds of audio. */
export const MOST_BUFFERED = 96_000;
const BUFFER_CHECK_MS = 50;
/** A connection from which something is due and nothing comes for so long is taken for dead. */
export const DEAD_AFTER_MS = 10_000;
/** Whether it is dead isn't known yet, but the speaker should know that nothing gets through. */
const QUIET_AFTER_MS = 2_500;
/** The same as for a dead one, once the device said that its network changed. */
const SUSPECT_AFTER_MS = 1_000;
/** After audio that came too fast. */
const SLOW_DOWN_MS = 5_000;
const TOO_FAST = 4429;
const ENDED_AS_ASKED = 1000;

/** As much of a WebSocket as is needed. */
export type Socket = Pick<
  WebSocket,
  'binaryType' | 'bufferedAmount' | 'close' | 'onclose' | 'onmessage' | 'onopen' | 'send'
>;

/** Ingest's messages; a type has only some of the fields. */
interface Answer {
  readonly type: string;
  readonly next_seq: number;
  readonly next_sample: number;
  readonly seq: number;
  readonly state: SessionState;
  readonly message: string;
}

export interface UplinkOptions {
  readonly sessionId: string;
  readonly token: string;
  readonly ring: Ring;
  /** What the speaker wants the session to be. */
  readonly wanted: Wanted;
  readonly connect: () => Socket;
  /** Called whenever link, state or what is wanted has changed. */
  readonly changed: () => void;
  /** A clock that never jumps, in milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly random?: () => number;
}

const CONTROLS = { live: 'resume', paused: 'pause', muted: 'mute', ended: 'end' } as const;

export class Uplink {
  link: Link = 'connecting';
  refusal: SpeakerRefusal | null = null;
  said: string | null = null;
  retryAtMs: number | null = null;
  state: SessionState | null = null;
  wanted: Wanted;
  clockOffsetMs = 0;

  readonly #options: UplinkOptions;
  readonly #ring: Ring;
  readonly #now: () => number;
  #token: string;
  #socket: Socket | null = null;
  #attempt = 0;
  #readyAtMs: number | null = null;
  /** The next frame to send on this connection. */
  #cursor = 0;
  /** What the session will be once the service has read all that it was sent. */
  #asked: SessionState = 'created';
  #unanswered = 0;
  #dueSinceMs: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #check: ReturnType<typeof setTimeout> | undefined;
  #drain: ReturnType<typeof setTimeout> | undefined;

  constructor(options: UplinkOptions) {
    this.#options = options;
    this.#ring = options.ring;
    this.#now = options.now;
    this.#token = options.token;
    this.wanted = options.wanted;
    this.#connect();
  }

  /** Take what was captured; what the speaker doesn't want heard goes nowhere. */
  capture(captured: Captured): void {
    if (this.link === 'closed' || this.wanted !== 'live') return;
    this.#ring.capture(captured);
    this.#pump();
  }

  /** Pause, mute, go on, or end: in order with what was captured before. */
  want(state: Wanted): void {
    if (this.wanted === 'ended') return;
    this.wanted = state;
    if (state !== 'live') this.#ring.standStill();
    else if (this.link === 'open' && this.#asked !== 'live') this.#control('live');
    this.#pump();
    this.#options.changed();
  }

  /** A new token, for the next connection; at once where one is waited for. */
  renew(token: string): void {
    this.#token = token;
    if (this.link === 'token') this.#connect();
  }

  /** Don't wait any longer. */
  retry(): void {
    if (this.link === 'waiting') this.#connect();
  }

  /** The device has another network, or one again: the old connection may be dead without anybody being told. */
  networkChanged(): void {
    this.retry();
    if (this.#dueSinceMs !== null && this.#now() - this.#dueSinceMs > SUSPECT_AFTER_MS) this.#lost();
  }

  /** Whether something has been due from the service for longer than it should. */
  get quiet(): boolean {
    return this.#dueSinceMs !== null && this.#now() - this.#dueSinceMs > QUIET_AFTER_MS;
  }

  #connect(): void {
    clearTimeout(this.#retry);
    this.retryAtMs = null;
    this.#enter('connecting');
    const socket = this.#options.connect();
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      const start = { type: 'start', token: this.#token, session: this.#options.sessionId };
      socket.send(JSON.stringify({ ...start, next_seq: this.#ring.firstKept }));
    };
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data as string) as Answer);
    socket.onclose = ({ code }) => this.#closed(code);
    this.#socket = socket;
    this.#unanswered = 0;
    this.#due();
  }

  #hear(answer: Answer): void {
    this.#dueSinceMs = null;
    if (answer.type === 'ready') this.#begin(answer);
    else if (answer.type === 'ack') this.#ring.acknowledge(answer.seq);
    else if (answer.type === 'state') this.#follow(answer.state);
    else if (answer.type === 'error') this.said = answer.message;
    if (this.#cursor > this.#ring.firstKept || this.#unanswered > 0) this.#due();
    this.#pump();
  }

  #begin({ next_seq, next_sample, state }: Answer): void {
    this.#readyAtMs = this.#now();
    this.said = null;
    this.#ring.begin(next_seq, next_sample);
    this.#cursor = Math.max(next_seq, this.#ring.firstKept);
    this.state = this.#asked = state;
    this.#enter('open');
    const toSay = this.wanted === 'live' || this.#ring.next(this.#cursor) !== undefined;
    if (toSay && state !== 'live') this.#control('live');
  }

  #follow(state: SessionState): void {
    this.state = state;
    if (this.#unanswered > 0) this.#unanswered -= 1;
    else if (this.wanted !== 'ended' && state !== 'created') {
      this.#asked = this.wanted = state; // it was changed elsewhere
      if (state !== 'live') this.#ring.standStill();
    }
    this.#options.changed();
  }

  /** Send as much as the socket takes; then, once all that was captured before it is sent, what the speaker wants. */
  #pump(): void {
    const socket = this.#socket;
    if (socket === null || this.link !== 'open') return;
    clearTimeout(this.#drain);
    for (
      let frame = this.#ring.next(this.#cursor);
      frame !== undefined;
      frame = this.#ring.next(this.#cursor)
    ) {
      if (socket.bufferedAmount > MOST_BUFFERED) {
        this.#drain = setTimeout(() => this.#pump(), BUFFER_CHECK_MS);
        return;
      }
      socket.send(pack(frame, this.clockOffsetMs));
      this.#cursor = frame.seq + 1;
      this.#due();
    }
    if (this.wanted !== this.#asked) this.#control(this.wanted);
  }

  #control(state: Wanted): void {
    this.#socket?.send(JSON.stringify({ type: CONTROLS[state] }));
    this.#asked = state;
    this.#unanswered += 1;
    this.#due();
  }

  /** Something is to come from the service; if nothing does, the connection is dead. */
  #due(): void {
    this.#dueSinceMs ??= this.#now();
    clearTimeout(this.#check);
    this.#check = setTimeout(
      () => {
        if (this.#dueSinceMs === null) return;
        if (this.#now() - this.#dueSinceMs >= DEAD_AFTER_MS) this.#lost();
        else this.#due();
      },
      this.#dueSinceMs + DEAD_AFTER_MS - this.#now(),
    );
  }

  #lost(): void {
    this.#forget()?.close();
    this.#wait();
  }

  #closed(code: number): void {
    this.#forget();
    const refusal = speakerRefusal(code);
    if (code === ENDED_AS_ASKED || (refusal === 'ended' && this.wanted === 'ended')) {
      this.state = 'ended';
      this.#enter('closed');
    } else if (refusal === 'token') {
      this.#enter('token');
    } else if (refusal !== undefined) {
      this.refusal = refusal;
      this.#enter('closed');
    } else this.#wait(code === TOO_FAST ? SLOW_DOWN_MS : 0);
  }

  /** Try again, this much later than otherwise. */
  #wait(moreMs = 0): void {
    if (this.#readyAtMs !== null && this.#now() - this.#readyAtMs > STEADY_MS) this.#attempt = 0;
    this.#readyAtMs = null;
    const ms = moreMs + waitMs(this.#attempt++, this.#options.random);
    this.retryAtMs = this.#now() + ms;
    this.#retry = setTimeout(() => this.#connect(), ms);
    this.#enter('waiting');
  }

  /** Listen to this connection no more. */
  #forget(): Socket | null {
    const socket = this.#socket;
    if (socket !== null) socket.onopen = socket.onmessage = socket.onclose = null;
    this.#socket = null;
    this.#dueSinceMs = null;
    clearTimeout(this.#check);
    clearTimeout(this.#drain);
    return socket;
  }

  #enter(link: Link): void {
    this.link = link;
    this.#options.changed();
  }
}
