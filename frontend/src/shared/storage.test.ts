import { afterEach, expect, test, vi } from 'vitest';
import { recall, remember } from './storage';

afterEach(() => vi.unstubAllGlobals());

test('a preference is remembered', () => {
  const kept = new Map<string, string>();
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  });
  remember('volume', 0.5);
  expect(recall('volume')).toBe(0.5);
  expect(recall('theme')).toBeUndefined();
});

test('storage that is forbidden changes nothing but that', () => {
  const forbidden = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  vi.stubGlobal('localStorage', { getItem: forbidden, setItem: forbidden });
  remember('volume', 0.5);
  expect(recall('volume')).toBeUndefined();
});

test('what can not be read is as if it were not there', () => {
  vi.stubGlobal('localStorage', { getItem: () => '{broken' });
  expect(recall('volume')).toBeUndefined();
});
