import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Connection, type Join, type Link } from './connection';
import type { Notice } from './messages';

/** The notifier's end of a socket, as a test plays it. */
class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  closed = false;
  readonly sent: unknown[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  accept(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(message: object): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  end(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const JOINED = { type: 'joined', server_time_ms: 0 };
const PORTUGUESE: Join = { session: 'abc', language: 'pt', audio: true, partials: false };
const device = new EventTarget();

const latest = () => FakeSocket.all.at(-1) as FakeSocket;

function connected() {
  const links: Link[] = [];
  const notices: Notice[] = [];
  const place: { after: number | undefined } = { after: undefined };
  const connection = new Connection('ws://notifier/listen', PORTUGUESE, {
    onLink: (link) => links.push(link),
    onNotice: (notice) => notices.push(notice),
    after: () => place.after,
  });
  connection.open();
  latest().accept();
  latest().say(JOINED);
  return { connection, links, notices, place };
}

beforeEach(() => {
  FakeSocket.all = [];
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('addEventListener', device.addEventListener.bind(device));
  vi.stubGlobal('removeEventListener', device.removeEventListener.bind(device));
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

describe('a connection', () => {
  test('joins as soon as the socket is open, and is open when it is answered', () => {
    const { connection, links, notices } = connected();
    expect(latest().sent).toEqual([{ type: 'join', ...PORTUGUESE }]);
    expect(links).toEqual([{ state: 'connecting', lost: false, full: false }, { state: 'open' }]);
    expect(notices).toEqual([JOINED]);
    connection.close();
  });

  test.each([1006, 1012, 1013, 4408])(
    'that is closed with %i comes back after what was heard last',
    (code) => {
      const { connection, links, place } = connected();
      place.after = 17;
      latest().end(code);
      expect(links.at(-1)?.state).toBe('waiting');
      vi.advanceTimersByTime(500);
      latest().accept();
      expect(FakeSocket.all.length).toBe(2);
      expect(latest().sent).toEqual([{ type: 'join', ...PORTUGUESE, after: 17 }]);
      connection.close();
    },
  );

  test.each([
    [1000, 'ended'],
    [4404, 'unknown'],
    [4410, 'ended'],
  ])('that is closed with %i stays closed: %s', (code, why) => {
    const { links } = connected();
    latest().end(code);
    expect(links.at(-1)).toEqual({ state: 'over', why });
    vi.advanceTimersByTime(60_000);
    expect(FakeSocket.all.length).toBe(1);
  });

  test('that is refused says whether it is for lack of room', () => {
    const { connection, links } = connected();
    latest().say({ type: 'error', code: 'full', message: '' });
    latest().end(1013);
    expect(links.at(-1)).toMatchObject({ state: 'waiting', full: true });
    connection.retryNow();
    expect(links.at(-1)).toEqual({ state: 'connecting', lost: true, full: true });
    connection.close();
  });

  describe('waits', () => {
    beforeEach(() => {
      vi.spyOn(Math, 'random').mockReturnValue(1);
      return () => vi.restoreAllMocks();
    });

    /** How long it waits after a loss; then it has been waited for. */
    function lost(links: readonly Link[]): number {
      latest().end(1013);
      const link = links.at(-1);
      const wait = link?.state === 'waiting' ? link.retryAtMs - performance.now() : Number.NaN;
      vi.advanceTimersByTime(wait);
      return wait;
    }

    function letIn(standingMs: number): void {
      latest().accept();
      latest().say(JOINED);
      vi.advanceTimersByTime(standingMs);
    }

    test('longer after each failure, and shortly again once it has stood for a while', () => {
      const { connection, links } = connected();
      expect([1, 2, 3].map(() => lost(links))).toEqual([500, 1000, 2000]);
      letIn(6_000);
      expect(lost(links)).toBe(500);
      connection.close();
    });

    test('longer each time it is let in and closed again at once', () => {
      const { connection, links } = connected();
      const waits = [1, 2, 3, 4].map(() => {
        letIn(100);
        return lost(links);
      });
      expect(waits).toEqual([500, 1000, 2000, 4000]);
      connection.close();
    });
  });

  test('does not wait when it is told not to, or when the device is online again', () => {
    const { connection } = connected();
    latest().end(1006);
    connection.retryNow();
    expect(FakeSocket.all.length).toBe(2);
    latest().end(1006);
    device.dispatchEvent(new Event('online'));
    expect(FakeSocket.all.length).toBe(3);
    connection.close();
  });

  test('is lost as soon as the device is offline, since its socket would not notice', () => {
    const { connection, links } = connected();
    const socket = latest();
    device.dispatchEvent(new Event('offline'));
    expect(socket.closed).toBe(true);
    expect(links.at(-1)?.state).toBe('waiting');
    connection.close();
  });

  test('that nobody answers is tried again', () => {
    const { connection, links } = connected();
    latest().end(1006);
    connection.retryNow();
    vi.advanceTimersByTime(10_000);
    expect(links.at(-1)?.state).toBe('waiting');
    connection.close();
  });

  test('that is silent for long is asked whether it lives, and given up if not', () => {
    const { connection, links, place } = connected();
    place.after = 3;
    vi.advanceTimersByTime(30_000);
    expect(latest().sent.at(-1)).toEqual({ type: 'join', ...PORTUGUESE, after: 3 });
    expect(links.at(-1)?.state).toBe('open');
    vi.advanceTimersByTime(10_000);
    expect(links.at(-1)?.state).toBe('waiting');
    connection.close();
  });

  test('switches language on the same socket, from what is said now', () => {
    const { connection, place } = connected();
    place.after = 17;
    connection.ask({ ...PORTUGUESE, language: 'es' }, undefined);
    expect(FakeSocket.all.length).toBe(1);
    expect(latest().sent.at(-1)).toEqual({ type: 'join', ...PORTUGUESE, language: 'es' });
    connection.close();
  });

  test('that was closed by its user never comes back', () => {
    const { connection } = connected();
    connection.close();
    expect(latest().closed).toBe(true);
    device.dispatchEvent(new Event('online'));
    vi.advanceTimersByTime(120_000);
    expect(FakeSocket.all.length).toBe(1);
  });
});
