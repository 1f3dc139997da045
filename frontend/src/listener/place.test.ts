import { beforeEach, expect, test, vi } from 'vitest';
import { keepPlace, type Place, placeIn } from './place';

const PLACE: Place = { session: 'abc', language: 'pt', mode: 'voice', after: 17, captions: [] };

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
  keepPlace(PLACE);
  expect(placeIn('abc')).toMatchObject(PLACE);
});

test('another talk starts anew', () => {
  keepPlace(PLACE);
  expect(placeIn('xyz')).toBeUndefined();
});

test('who comes back after minutes starts anew', () => {
  keepPlace(PLACE);
  vi.advanceTimersByTime(121_000);
  expect(placeIn('abc')).toBeUndefined();
});

test('a talk that was left is forgotten', () => {
  keepPlace(PLACE);
  keepPlace(undefined);
  expect(placeIn('abc')).toBeUndefined();
});

test('storage that is forbidden only means to start anew', () => {
  const forbidden = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  vi.stubGlobal('sessionStorage', { getItem: forbidden, setItem: forbidden, removeItem: forbidden });
  keepPlace(PLACE);
  expect(placeIn('abc')).toBeUndefined();
});
