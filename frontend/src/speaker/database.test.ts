import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, test, vi } from 'vitest';
import { answer, canKeep, openDatabase, write } from './database';

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

test('a page that holds the database does not stand in the way of one that deletes it', async () => {
  const database = await openDatabase();
  const deleting = indexedDB.deleteDatabase(database.name);
  const blocked = vi.fn();
  deleting.onblocked = blocked;
  await answer(deleting);
  expect(blocked).not.toHaveBeenCalled();
  await expect(write(database, ['talks'], () => {})).rejects.toThrow();
});

test('a database that does not open in seconds is gone without, and closed when it opens after all', async () => {
  vi.useFakeTimers();
  const opening = { result: { close: vi.fn() } } as { result: { close(): void }; onsuccess?: () => void };
  vi.stubGlobal('indexedDB', { open: () => opening });
  const keeping = canKeep();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await keeping).toBe(false);
  opening.onsuccess?.();
  expect(opening.result.close).toHaveBeenCalled();
});
