import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FRAME_SAMPLES } from './frame';
import { MOST_FRAMES, Ring } from './ring';
import type { Wanted } from './talk';
import { DEAD_AFTER_MS, MOST_BUFFERED, type Socket, Uplink } from './uplink';

const FRAME_MS = 96;

/** A socket whose other end is the test. */
class Scripted implements Socket {
  binaryType: BinaryType = 'blob';
  bufferedAmount = 0;
  onopen: Socket['onopen'] = null;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  readonly heard: (Record<string, unknown> | number)[] = [];
  closed = false;

  /** Texts are kept as what they say, frames as their sequence number. */
  send(data: Parameters<Socket['send']>[0]): void {
    this.heard.push(
      typeof data === 'string' ? JSON.parse(data) : new DataView(data as ArrayBuffer).getUint32(0, true),
    );
  }

  close(): void {
    this.closed = true;
  }

  open(): this {
    this.onopen?.call(this as unknown as WebSocket, new Event('open'));
    return this;
  }

  say(message: Record<string, unknown>): this {
    this.onmessage?.call(
      this as unknown as WebSocket,
      new MessageEvent('message', { data: JSON.stringify(message) }),
    );
    return this;
  }

  ready(next_seq = 0, state = 'live', next_sample = 0): this {
    return this.open().say({ type: 'ready', next_seq, next_sample, state });
  }

  drop(code: number): void {
    this.onclose?.call(this as unknown as WebSocket, { code } as CloseEvent);
  }
}

class Bench {
  readonly sockets: Scripted[] = [];
  readonly ring: Ring;
  readonly uplink: Uplink;
  #captured = 0;

  constructor({ wanted = 'live', ring = new Ring() }: { wanted?: Wanted; ring?: Ring } = {}) {
    this.ring = ring;
    this.uplink = new Uplink({
      sessionId: 'abc',
      token: 'first',
      ring,
      wanted,
      connect: () => {
        const socket = new Scripted();
        this.sockets.push(socket);
        return socket;
      },
      changed: () => {},
      now: () => Date.now(),
      random: () => 1,
    });
  }

  get socket(): Scripted {
    return this.sockets.at(-1) as Scripted;
  }

  speak(frames: number): void {
    for (let n = 0; n < frames; n++) {
      this.#captured += 1;
      this.uplink.capture({ pcm: new Int16Array(FRAME_SAMPLES), endedAtMs: this.#captured * FRAME_MS });
    }
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a talk', () => {
  test('begins with who speaks in which session, and sends nothing before the service is ready', () => {
    const bench = new Bench();
    bench.socket.open();
    bench.speak(2);
    expect(bench.socket.heard).toEqual([{ type: 'start', token: 'first', session: 'abc', next_seq: 0 }]);
    bench.socket.say({ type: 'ready', next_seq: 0, next_sample: 0, state: 'live' });
    expect(bench.socket.heard.slice(1)).toEqual([0, 1]);
  });

  test('keeps what is not acknowledged', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.speak(5);
    bench.socket.say({ type: 'ack', seq: 2 });
    expect(bench.ring.firstKept).toBe(3);
  });

  test('is paused after what was said before it, and nothing said in the pause is sent', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.speak(1);
    bench.uplink.want('paused');
    bench.speak(3);
    bench.uplink.want('live');
    bench.speak(1);
    expect(bench.socket.heard.slice(1)).toEqual([0, { type: 'pause' }, { type: 'resume' }, 1]);
  });

  test('is paused for the speaker too when somebody pauses it elsewhere', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.socket.say({ type: 'state', state: 'paused' });
    bench.speak(1);
    expect(bench.uplink.wanted).toBe('paused');
    expect(bench.socket.heard.slice(1)).toEqual([]);
  });

  test('that was paused goes on when its speaker goes on air', () => {
    const bench = new Bench();
    bench.socket.ready(0, 'paused');
    bench.speak(1);
    expect(bench.socket.heard.slice(1)).toEqual([{ type: 'resume' }, 0]);
  });

  test('ignores messages that it does not know', () => {
    const bench = new Bench();
    bench.socket.ready().say({ type: 'praise' });
    bench.speak(1);
    expect(bench.socket.heard.slice(1)).toEqual([0]);
  });

  test('ends after all that was said', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.speak(2);
    bench.uplink.want('ended');
    expect(bench.socket.heard.slice(1)).toEqual([0, 1, { type: 'end' }]);
    bench.socket.say({ type: 'state', state: 'ended' });
    bench.socket.drop(1000);
    expect([bench.uplink.link, bench.uplink.state, bench.uplink.refusal]).toEqual(['closed', 'ended', null]);
  });
});

describe('a lost connection', () => {
  test('is made again, and what was not acknowledged is sent again, once', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.speak(4);
    bench.socket.say({ type: 'ack', seq: 0 }).drop(1006);
    expect(bench.uplink.link).toBe('waiting');
    bench.speak(1);
    vi.advanceTimersByTime(500);
    expect(bench.sockets).toHaveLength(2);
    bench.socket.open();
    expect(bench.socket.heard).toEqual([{ type: 'start', token: 'first', session: 'abc', next_seq: 1 }]);
    bench.socket.say({ type: 'ready', next_seq: 3, next_sample: 0, state: 'live' });
    expect(bench.socket.heard.slice(1)).toEqual([3, 4]);
  });

  test('in a pause that the speaker began meanwhile: first what was said, then the pause', () => {
    const bench = new Bench();
    bench.socket.ready().drop(1006);
    bench.speak(1);
    bench.uplink.want('paused');
    bench.speak(5);
    vi.advanceTimersByTime(500);
    bench.socket.ready();
    expect(bench.socket.heard.slice(1)).toEqual([0, { type: 'pause' }]);
  });

  test('for so long that the service paused the session: it goes on, and what was kept is heard', () => {
    const bench = new Bench();
    bench.socket.ready().drop(1006);
    bench.speak(2);
    vi.advanceTimersByTime(500);
    bench.socket.ready(0, 'paused');
    expect(bench.socket.heard.slice(1)).toEqual([{ type: 'resume' }, 0, 1]);
  });

  test('keeps two minutes, and tells how much more was lost', () => {
    const bench = new Bench();
    bench.socket.ready().drop(1006);
    bench.speak(MOST_FRAMES + 100);
    expect(bench.ring.progress.lostMs).toBeCloseTo(100 * FRAME_MS);
    vi.advanceTimersByTime(500);
    bench.socket.ready();
    expect(bench.socket.heard.slice(1)).toHaveLength(MOST_FRAMES);
    bench.socket.say({ type: 'ack', seq: MOST_FRAMES - 1 });
    bench.speak(1);
    expect(bench.socket.heard.at(-1)).toBe(MOST_FRAMES);
    expect(bench.ring.next(MOST_FRAMES)?.firstSample).toBe((MOST_FRAMES + 100) * FRAME_SAMPLES);
  });

  test('nobody tells of is noticed, because acknowledgements are due', () => {
    const bench = new Bench();
    bench.socket.ready();
    const first = bench.socket;
    bench.speak(1);
    vi.advanceTimersByTime(DEAD_AFTER_MS);
    expect(first.closed).toBe(true);
    expect(bench.uplink.link).toBe('waiting');
  });

  test('nobody tells of is shown before it is given up, and no longer when an answer comes', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.speak(1);
    expect(bench.uplink.quiet).toBe(false);
    vi.advanceTimersByTime(3_000);
    expect(bench.uplink.quiet).toBe(true);
    bench.socket.say({ type: 'ack', seq: 0 });
    expect(bench.uplink.quiet).toBe(false);
  });

  test('is not suspected where nothing is due', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.speak(1);
    bench.socket.say({ type: 'ack', seq: 0 });
    vi.advanceTimersByTime(10 * DEAD_AFTER_MS);
    expect(bench.uplink.link).toBe('open');
  });

  test('is made again at once when the device has a network again', () => {
    const bench = new Bench();
    bench.socket.drop(1006);
    bench.uplink.networkChanged();
    expect(bench.sockets).toHaveLength(2);
  });

  test('is made again at once when the speaker asks for it', () => {
    const bench = new Bench();
    bench.socket.drop(1006);
    bench.uplink.retry();
    expect(bench.sockets).toHaveLength(2);
    vi.advanceTimersByTime(60_000 - 1);
    expect(bench.sockets.length).toBeGreaterThan(2); // nobody answered within ten seconds
  });

  test('on another network is given up when the old one has been quiet for a second', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.speak(1);
    vi.advanceTimersByTime(1_500);
    bench.uplink.networkChanged();
    expect(bench.uplink.link).toBe('waiting');
  });
});

describe('a slow network', () => {
  test('gets no more than the socket can hold, and the rest when there is room', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.socket.bufferedAmount = MOST_BUFFERED + 1;
    bench.speak(2);
    expect(bench.socket.heard.slice(1)).toEqual([]);
    bench.socket.bufferedAmount = 0;
    vi.advanceTimersByTime(50);
    expect(bench.socket.heard.slice(1)).toEqual([0, 1]);
  });
});

describe('the service closes', () => {
  test.each([
    [4400, 'protocol'],
    [4403, 'not-owner'],
    [4404, 'unknown'],
    [4409, 'replaced'],
    [4410, 'ended'],
  ])('with %i: that is the end, because of "%s"', (code, refusal) => {
    const bench = new Bench();
    bench.socket.ready().drop(code);
    vi.advanceTimersByTime(60_000);
    expect([bench.uplink.link, bench.uplink.refusal, bench.sockets.length]).toEqual(['closed', refusal, 1]);
  });

  test('with 4410 after the speaker ended the talk: as asked', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.uplink.want('ended');
    bench.socket.drop(1006);
    vi.advanceTimersByTime(500);
    bench.socket.open().drop(4410);
    expect([bench.uplink.link, bench.uplink.refusal]).toEqual(['closed', null]);
  });

  test.each([1012, 1006, 4408, 1011])('with %i: connect again within half a second', (code) => {
    const bench = new Bench();
    bench.socket.ready().drop(code);
    vi.advanceTimersByTime(500);
    expect(bench.sockets).toHaveLength(2);
  });

  test.each([
    ['at the door', (socket: Scripted) => socket.open()],
    ['at once when it was let in', (socket: Scripted) => socket.ready()],
  ])('with 1013 again and again, %s: wait twice as long each time, up to a limit', (_, meet) => {
    const bench = new Bench();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      meet(bench.socket).drop(1013);
      waits.push((bench.uplink.retryAtMs as number) - Date.now());
      vi.advanceTimersToNextTimer();
    }
    expect(waits.slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000]);
    expect(waits.at(-1)).toBe(waits.at(-2));
  });

  test('with 1013 when it had stood for a while: the wait is short again', () => {
    const bench = new Bench();
    for (let attempt = 0; attempt < 3; attempt++) {
      bench.socket.ready().drop(1013);
      vi.advanceTimersToNextTimer();
    }
    bench.socket.ready();
    vi.advanceTimersByTime(6_000);
    bench.socket.drop(1013);
    expect((bench.uplink.retryAtMs as number) - Date.now()).toBe(500);
  });

  test('with 4429: slow down', () => {
    const bench = new Bench();
    bench.socket.ready().drop(4429);
    vi.advanceTimersByTime(5_000);
    expect(bench.sockets).toHaveLength(1);
    vi.advanceTimersByTime(500);
    expect(bench.sockets).toHaveLength(2);
  });

  test('with 4401: wait for a new token, keep what is said meanwhile, go on with it', () => {
    const bench = new Bench();
    bench.socket.open().drop(4401);
    expect(bench.uplink.link).toBe('token');
    bench.speak(2);
    bench.uplink.renew('second');
    bench.socket.open();
    expect(bench.socket.heard).toEqual([{ type: 'start', token: 'second', session: 'abc', next_seq: 0 }]);
    bench.socket.say({ type: 'ready', next_seq: 0, next_sample: 0, state: 'live' });
    expect(bench.socket.heard.slice(1)).toEqual([0, 1]);
  });

  test('a new token does not disturb a talk', () => {
    const bench = new Bench();
    bench.socket.ready();
    bench.uplink.renew('second');
    expect(bench.sockets).toHaveLength(1);
    bench.socket.drop(1006);
    vi.advanceTimersByTime(500);
    bench.socket.open();
    expect(bench.socket.heard[0]).toMatchObject({ token: 'second' });
  });
});
