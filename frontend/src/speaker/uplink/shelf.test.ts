import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { FRAME_SAMPLES } from './frame';
import type { Ring } from './ring';
import { FrameShelf } from './shelf';

const FRAME_MS = 96;
const MINUTE_MS = 60_000;

function speak(ring: Ring, from: number, to: number): void {
  for (let n = from; n < to; n++) {
    ring.capture({ pcm: new Int16Array(FRAME_SAMPLES).fill(n), endedAtMs: (n + 1) * FRAME_MS });
  }
}

const kept = ({ ring }: FrameShelf) => ring.from(0).map(({ seq, pcm }) => [seq, pcm[0]]);

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
});

describe('the next page finds', () => {
  test('the frames that the service did not have, and what the speaker wanted', async () => {
    const before = await FrameShelf.of('talk', 0);
    before.ring.begin(0, 0);
    speak(before.ring, 0, 5);
    await before.save('live', 0);
    before.ring.acknowledge(2);
    speak(before.ring, 5, 6);
    await before.save('muted', 0);

    const after = await FrameShelf.of('talk', 2_000);
    expect(kept(after)).toEqual([
      [3, 3],
      [4, 4],
      [5, 5],
    ]);
    expect([after.wanted, after.ring.firstKept]).toEqual(['muted', 3]);
  });

  test('frames under the numbers that the service gave them', async () => {
    const before = await FrameShelf.of('talk', 0);
    speak(before.ring, 0, 2);
    await before.save('live', 0);
    before.ring.begin(40, 0);
    await before.save('live', 0);

    expect(kept(await FrameShelf.of('talk', 2_000))).toEqual([
      [40, 0],
      [41, 1],
    ]);
  });

  test('only its own talk', async () => {
    const before = await FrameShelf.of('talk', 0);
    speak(before.ring, 0, 2);
    await before.save('live', 0);
    expect(kept(await FrameShelf.of('talk 2', 0))).toEqual([]);
  });

  test('nothing of a talk that is over', async () => {
    const before = await FrameShelf.of('talk', 0);
    speak(before.ring, 0, 2);
    await before.save('live', 0);
    await before.clear();
    expect(kept(await FrameShelf.of('talk', 0))).toEqual([]);
  });

  test('no words that were said minutes ago, and goes on after them without a gap', async () => {
    const before = await FrameShelf.of('talk', 0);
    before.ring.begin(0, 0);
    speak(before.ring, 0, 2);
    await before.save('live', 0);

    const { ring } = await FrameShelf.of('talk', 6 * MINUTE_MS);
    expect(ring.from(0)).toEqual([]);
    speak(ring, 4_000, 4_001);
    expect(ring.from(0).map(({ seq, firstSample }) => [seq, firstSample])).toEqual([[2, 2 * FRAME_SAMPLES]]);
  });
});

test('what is said during a write is in the next one', async () => {
  const before = await FrameShelf.of('talk', 0);
  speak(before.ring, 0, 1);
  const writing = before.save('live', 0);
  speak(before.ring, 1, 2);
  await before.save('live', 0);
  await writing;
  await before.save('live', 0);
  expect(kept(await FrameShelf.of('talk', 0))).toHaveLength(2);
});

describe('a disk that is full for a while', () => {
  /** Every write fails, as late as a full disk lets it, until it is restored. */
  function full(): { mockRestore(): void } {
    const { put } = IDBObjectStore.prototype;
    return vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: IDBObjectStore,
      ...what
    ) {
      const request = put.apply(this, what);
      request.onsuccess = () => this.transaction.abort();
      return request;
    });
  }

  test('leaves no hole in what is kept, and says meanwhile that nothing lasts', async () => {
    const before = await FrameShelf.of('talk', 0);
    before.ring.begin(0, 0);
    speak(before.ring, 0, 1);
    await before.save('live', 0);
    const disk = full();
    speak(before.ring, 1, 2);
    await before.save('live', 0);
    expect(before.lasting).toBe(false);
    disk.mockRestore();
    speak(before.ring, 2, 3);
    await before.save('live', 0);

    expect(before.lasting).toBe(true);
    expect(kept(await FrameShelf.of('talk', 0)).map(([seq]) => seq)).toEqual([0, 1, 2]);
  });

  test('does not leave frames under numbers that they no longer have', async () => {
    const before = await FrameShelf.of('talk', 0);
    speak(before.ring, 0, 2);
    await before.save('live', 0);
    before.ring.begin(40, 0);
    const disk = full();
    await before.save('live', 0);
    disk.mockRestore();
    await before.save('live', 0);
    expect(kept(await FrameShelf.of('talk', 0)).map(([seq]) => seq)).toEqual([40, 41]);
  });

  test('does not keep a talk that is over from being forgotten', async () => {
    const before = await FrameShelf.of('talk', 0);
    speak(before.ring, 0, 1);
    await before.save('live', 0);
    const disk = full();
    const writing = before.save('live', 0);
    const clearing = before.clear();
    await writing;
    disk.mockRestore();
    await clearing;
    expect(kept(await FrameShelf.of('talk', 0))).toEqual([]);
  });
});

test('a browser that forbids storage still has a talk, and says that nothing of it lasts', async () => {
  vi.stubGlobal('indexedDB', undefined);
  const shelf = await FrameShelf.of('talk', 0);
  speak(shelf.ring, 0, 1);
  await shelf.save('live', 0);
  expect([shelf.lasting, kept(shelf)]).toEqual([false, [[0, 0]]]);
});
