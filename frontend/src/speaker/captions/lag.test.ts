import { expect, test } from 'vitest';
import { RecentLag } from './lag';

const of = (...values: number[]) => {
  const lag = new RecentLag();
  for (const value of values) lag.add(value);
  return lag.medianMs;
};

test('nothing is known before the first text', () => {
  expect(of()).toBeNull();
});

test('one late text among five says nothing', () => {
  expect(of(1000, 1100, 9000, 1200, 1050)).toBe(1100);
});

test('lag that stays is seen after three texts', () => {
  expect(of(1000, 1000, 1000, 1000, 5000, 5100, 5200)).toBe(5000);
});
