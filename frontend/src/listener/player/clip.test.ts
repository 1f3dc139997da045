import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Clip, type ClipHelp } from './clip';

const STORED = new ArrayBuffer(8);
const found = () => new Response(STORED);
const status = (code: number) => () => new Response(null, { status: code });
const nobody = () => {
  throw new TypeError('network');
};

/** What each fetch meets, in turn; the last for ever. Returns the addresses asked for. */
function store(...answers: (() => Response)[]): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(url);
    return (answers[asked.length - 1] ?? answers.at(-1) ?? nobody)();
  });
  return asked;
}

const help: ClipHelp = { sign: () => {}, reachable: () => Promise.resolve(false) };

beforeEach(() => {
  vi.useFakeTimers();
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

async function fetched(clip: Clip, helped = help): Promise<{ bytes: number | undefined; afterMs: number }> {
  const start = performance.now();
  const fetching = clip.fetch(helped);
  await vi.runAllTimersAsync();
  return { bytes: (await fetching)?.byteLength, afterMs: performance.now() - start };
}

describe('a clip', () => {
  test('is fetched once where it is there', async () => {
    const asked = store(found);
    expect((await fetched(new Clip(0, 900, '/a'))).bytes).toBe(8);
    expect(asked).toEqual(['/a']);
  });

  test('that is not there yet is asked for again', async () => {
    store(status(404), status(503), found);
    expect((await fetched(new Clip(0, 900, '/a'))).bytes).toBe(8);
  });

  test('that is missing is given up within two seconds', async () => {
    const asked = store(status(404));
    const { bytes, afterMs } = await fetched(new Clip(0, 900, '/a'));
    expect(bytes).toBeUndefined();
    expect(asked.length).toBe(5);
    expect(afterMs).toBeLessThan(2000);
  });

  test('whose address has expired is signed anew and fetched from there', async () => {
    const asked = store(status(403), found);
    const clip = new Clip(7, 900, '/old');
    const sign = vi.fn((_: number) => clip.renew('/new'));
    expect((await fetched(clip, { ...help, sign })).bytes).toBe(8);
    expect(sign.mock.calls).toEqual([[7]]);
    expect(asked).toEqual(['/old', '/new']);
  });

  test('whose address can not be signed anew is given up in bounded time', async () => {
    store(status(403));
    const { bytes, afterMs } = await fetched(new Clip(0, 900, '/a'));
    expect(bytes).toBeUndefined();
    expect(afterMs).toBeLessThan(8000);
  });

  test('waits for the network, however long it is gone, and then has its new address', async () => {
    const asked = store(nobody, found);
    const clip = new Clip(0, 900, '/old');
    const back = () =>
      new Promise<boolean>((resolve) => {
        setTimeout(() => {
          clip.renew('/new');
          resolve(true);
        }, 60_000);
      });
    const { bytes, afterMs } = await fetched(clip, { ...help, reachable: back });
    expect(bytes).toBe(8);
    expect(afterMs).toBeGreaterThanOrEqual(60_000);
    expect(asked).toEqual(['/old', '/new']);
  });

  test('waits for the network as long again when it goes while the store is silent', async () => {
    store(nobody, nobody, nobody, found);
    let gone = 0;
    const reachable = () =>
      ++gone === 2
        ? new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 60_000))
        : Promise.resolve(false);
    expect((await fetched(new Clip(0, 900, '/a'), { ...help, reachable })).bytes).toBe(8);
  });

  test('is given up where the store is unreachable although the notifier is not', async () => {
    store(nobody);
    const { bytes, afterMs } = await fetched(new Clip(0, 900, '/a'));
    expect(bytes).toBeUndefined();
    expect(afterMs).toBeLessThan(20_000);
  });

  test.each([429, 500, 503])('is waited for where the store can not give it now: %i', async (busy) => {
    const away = Array.from({ length: 20 }, () => status(busy));
    store(...away, found);
    expect((await fetched(new Clip(0, 900, '/a'))).bytes).toBe(8);
  });

  test('is given up where the store can not give it for long', async () => {
    store(status(503));
    const { bytes, afterMs } = await fetched(new Clip(0, 900, '/a'));
    expect(bytes).toBeUndefined();
    expect(afterMs).toBeGreaterThan(14_000);
    expect(afterMs).toBeLessThan(20_000);
  });

  test('that is dropped is not asked for any more', async () => {
    const asked = store(status(404));
    const clip = new Clip(0, 900, '/a');
    const fetching = clip.fetch(help);
    await vi.advanceTimersByTimeAsync(150);
    clip.drop();
    await vi.runAllTimersAsync();
    expect(await fetching).toBeUndefined();
    expect(asked.length).toBe(2);
  });
});
