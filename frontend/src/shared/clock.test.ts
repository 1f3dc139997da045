import { beforeEach, expect, test, vi } from 'vitest';
import { ServerClock } from './clock';

const SERVER_MS = 1_700_000_000_000;

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

test('a device whose clock is wrong tells the time of the service', () => {
  const clock = new ServerClock();
  clock.set(SERVER_MS);
  vi.advanceTimersByTime(2_500);
  expect(clock.now()).toBeCloseTo(SERVER_MS + 2_500);
});

test('a device that sets its clock right in mid-talk goes on telling it', () => {
  const clock = new ServerClock();
  clock.set(SERVER_MS);
  vi.setSystemTime(Date.now() + 600_000);
  expect(clock.now()).toBeCloseTo(SERVER_MS);
});
