import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';
import type { Caption } from '../../shared/captions';
import { CaptionShelf, talksWithCaptions } from './shelf';

const caption = (index: number, text = `text ${index}`): Caption => ({
  index,
  startMs: index * 1000,
  endMs: index * 1000 + 900,
  text,
  source: '',
});

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  const stored = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  });
});

test('captions are found again by talk and language, in order', async () => {
  const shelf = new CaptionShelf('talk');
  await shelf.put('pt', [caption(10), caption(2)]);
  await shelf.put('es', [caption(0)]);
  await new CaptionShelf('another').put('pt', [caption(5)]);
  expect(await new CaptionShelf('talk').load()).toEqual({ pt: [caption(2), caption(10)], es: [caption(0)] });
});

test('a caption that got its sentence mark is kept with it', async () => {
  const shelf = new CaptionShelf('talk');
  await shelf.put('en', [caption(0, 'the end')]);
  await shelf.put('en', [caption(0, 'the end.'), caption(1)]);
  expect((await shelf.load()).en?.map(({ text }) => text)).toEqual(['the end.', 'text 1']);
});

test('ten talks are kept, and the oldest goes when another begins', async () => {
  for (let talk = 0; talk <= 10; talk++) {
    const shelf = new CaptionShelf(`talk ${talk}`);
    await shelf.begin();
    await shelf.put('en', [caption(0)]);
  }
  expect(await new CaptionShelf('talk 0').load()).toEqual({});
  expect(await new CaptionShelf('talk 1').load()).toEqual({ en: [caption(0)] });
  expect(talksWithCaptions()).toHaveLength(10);
});

test('a talk that goes on after a break is kept as it was', async () => {
  const shelf = new CaptionShelf('talk');
  await shelf.begin();
  await shelf.put('en', [caption(0)]);
  await shelf.begin();
  expect(await shelf.load()).toEqual({ en: [caption(0)] });
});

test('without storage there is nothing, and nothing fails', async () => {
  vi.stubGlobal('indexedDB', undefined);
  const shelf = new CaptionShelf('talk');
  await shelf.begin();
  await shelf.put('en', [caption(0)]);
  expect(await shelf.load()).toEqual({});
});

test('a shelf that was closed finishes what is under way, holds nothing up, and fails at nothing', async () => {
  const shelf = new CaptionShelf('talk');
  const putting = shelf.put('en', [caption(0)]);
  await shelf.close();
  await putting;
  await shelf.put('en', [caption(1)]);
  expect(await shelf.load()).toEqual({});
  const another = new CaptionShelf('talk');
  expect(await another.load()).toEqual({ en: [caption(0)] });
});

test('storage that fails after it was opened is as good as none', async () => {
  const shelf = new CaptionShelf('talk');
  await shelf.load();
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(() => {
    throw new DOMException('the connection is lost', 'InvalidStateError');
  });
  for (let talk = 0; talk <= 10; talk++) await new CaptionShelf(`talk ${talk}`).begin();
  await shelf.put('en', [caption(0)]);
  expect(await shelf.load()).toEqual({});
  vi.restoreAllMocks();
});
