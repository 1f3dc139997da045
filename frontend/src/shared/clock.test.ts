import { expect, test } from 'vitest';
import { ServerClock } from './clock';

test('a clock that is ten minutes off tells the time of the service', () => {
  const clock = new ServerClock();
  const minutes = 60_000;
  clock.set(1_000_000, 1_000_000 + 10 * minutes);
  expect(clock.now(1_002_500 + 10 * minutes)).toBe(1_002_500);
});
