import { beforeEach, expect, test, vi } from 'vitest';
import { type Kept, keep, keptOf } from './kept';

const PLACE: Kept = { session: 'abc', language: 'pt', mode: 'voice', after: 17, captions: [] };

beforeEach(() => {
  const stored = new Map<string, string>();
  vi.stubGlobal('sessionStorage', {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => stored.set(name, value),
    removeItem: (name: string) => stored.delete(name),
  });
  vi.useFakeTimers();
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

test('a page that is loaded again goes on where it was', () => {
  keep(PLACE);
  expect(keptOf('abc')).toMatchObject(PLACE);
});

test('another talk starts anew', () => {
  keep(PLACE);
  expect(keptOf('xyz')).toBeUndefined();
});

test('who comes back after minutes starts anew', () => {
  keep(PLACE);
  vi.advanceTimersByTime(121_000);
  expect(keptOf('abc')).toBeUndefined();
});

test('a talk that was left is forgotten', () => {
  keep(PLACE);
  keep(undefined);
  expect(keptOf('abc')).toBeUndefined();
});

test('storage that is forbidden only means to start anew', () => {
  const forbidden = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  vi.stubGlobal('sessionStorage', { getItem: forbidden, setItem: forbidden, removeItem: forbidden });
  keep(PLACE);
  expect(keptOf('abc')).toBeUndefined();
});
