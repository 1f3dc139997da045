import { listenerRefusal, type Refusal, STEADY_MS, waitMs } from '../reconnect';
import { type Notice, noticeReader } from './messages';

/** What is asked of the notifier with a join. */
export interface Join {
  /** Id or code. */
  readonly session: string;
  readonly language: string;
  /** Whether clips are wanted, or captions alone. */
  readonly audio: boolean;
  /** Whether the spoken language's interim words are wanted. */
  readonly partials: boolean;
  /** Floor audio that was heard, or read, in another language, up to here: go on there. */
  readonly from_ms?: number;
  /** The speaker's own page: isn't counted as a listener. */
  readonly monitor?: true;
}

/** How things stand with the notifier. */
export type Link =
  /** `lost`: it was tried, or open, before. `full`: it was refused for lack of room. */
  | { readonly state: 'connecting'; readonly lost: boolean; readonly full: boolean }
  | { readonly state: 'open' }
  /** Lost or refused; the next try is at `retryAtMs` on the clock of `performance.now()`. */
  | { readonly state: 'waiting'; readonly retryAtMs: number; readonly full: boolean }
  | { readonly state: 'over'; readonly why: Refusal };

export interface ConnectionEvents {
  onNotice(notice: Notice): void;
  onLink(link: Link): void;
  /** The index to resume after; undefined for a listener who has nothing yet. */
  after(): number | undefined;
}

/** A phone that changes networks may never learn that its socket is dead: after such a silence it joins again to see. */
const SILENCE_MS = 30_000;
/** How long the notifier may take to let us in, or to answer that. */
const ANSWER_MS = 10_000;
const NORMAL_CLOSE = 1000;

/** A listener's socket that is kept open, through losses and restarts, until the session is over or it is closed. */
export class Connection {
  #join: Join;
  #socket: WebSocket | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #enteredAtMs: number | undefined;
  #lostBefore = false;
  #full = false;
  readonly #url: string;
  readonly #events: ConnectionEvents;
  readonly #read = noticeReader((what) => console.warn(what));

  /** url: the notifier's `/listen`. Nothing happens before `open`. */
  constructor(url: string, join: Join, events: ConnectionEvents) {
    this.#url = url;
    this.#join = join;
    this.#events = events;
  }

  /** Connect, and stay connected. */
  open(): void {
    addEventListener('online', this.retryNow);
    addEventListener('offline', this.#drop);
    this.#connect();
  }

  /** Leave, for good. */
  close(): void {
    removeEventListener('online', this.retryNow);
    removeEventListener('offline', this.#drop);
    clearTimeout(this.#timer);
    this.#forget(NORMAL_CLOSE);
  }

  /** Don't wait any longer for the next try. */
  readonly retryNow = (): void => {
    if (this.#socket === undefined) this.#connect();
  };

  /** Ask for something else (another language, no audio); `after`: the index to go on from, as in a first join. */
  ask(join: Join, after: number | undefined): void {
    this.#join = join;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#sendJoin(after);
  }

  /** Have everything after this index sent once more, with new addresses for its clips. */
  resend(after: number): void {
    this.ask(this.#join, after);
  }

  #connect(): void {
    clearTimeout(this.#timer);
    this.#events.onLink({ state: 'connecting', lost: this.#lostBefore, full: this.#full });
    this.#enteredAtMs = undefined;
    this.#full = false;
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => this.#sendJoin(this.#events.after());
    socket.onmessage = ({ data }) => this.#take(data);
    socket.onclose = ({ code }) => this.#lost(code);
    this.#expectAnswer();
  }

  #sendJoin(after: number | undefined): void {
    this.#socket?.send(
      JSON.stringify({ type: 'join', ...this.#join, ...(after !== undefined && { after }) }),
    );
    this.#expectAnswer();
  }

  #expectAnswer(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#drop, ANSWER_MS);
  }

  #take(data: unknown): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#sendJoin(this.#events.after()), SILENCE_MS);
    const notice = this.#read(data);
    if (notice === undefined) return;
    if (notice.type === 'joined') this.#entered();
    if (notice.type === 'error') this.#full = notice.code === 'full';
    this.#events.onNotice(notice);
  }

  #entered(): void {
    if (this.#enteredAtMs !== undefined) return;
    this.#enteredAtMs = performance.now();
    this.#events.onLink({ state: 'open' });
  }

  /** Give the socket up at once: closing one whose network is gone can take minutes. */
  readonly #drop = (): void => {
    if (this.#socket === undefined) return;
    this.#forget();
    this.#lost(0);
  };

  #forget(code?: number): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (socket === undefined) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
  }

  #lost(code: number): void {
    clearTimeout(this.#timer);
    this.#socket = undefined;
    const why = code === NORMAL_CLOSE ? 'ended' : listenerRefusal(code);
    if (why !== undefined) {
      this.close();
      this.#events.onLink({ state: 'over', why });
      return;
    }
    this.#lostBefore = true;
    const now = performance.now();
    if (now - (this.#enteredAtMs ?? now) > STEADY_MS) this.#attempt = 0;
    const wait = waitMs(this.#attempt++);
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.#events.onLink({ state: 'waiting', retryAtMs: now + wait, full: this.#full });
  }
}
