import { expect, test } from 'vitest';
import { behindMs, farBehind } from './behind';

const standing = (lagMs: number | undefined, backlogMs: number) =>
  ({ state: 'live', link: { state: 'open' }, lagMs, backlogMs }) as const;
const LOST = { state: 'waiting', retryAtMs: 0, full: false } as const;

test('one is as far behind as what was heard last, or as all that waits', () => {
  expect(behindMs(standing(3_000, 500))).toBe(3_000);
  expect(behindMs(standing(3_000, 8_000))).toBe(8_000);
});

test('a lag is of now: none is told while the speaker pauses, or the connection is lost', () => {
  expect(behindMs({ ...standing(3_000, 0), state: 'paused' })).toBeUndefined();
  expect(behindMs({ ...standing(3_000, 0), link: LOST })).toBeUndefined();
  expect(farBehind({ ...standing(30_000, 0), link: LOST })).toBeUndefined();
});

test('who is fifteen seconds behind is not yet far behind', () => {
  expect(farBehind(standing(15_000, 15_000))).toBeUndefined();
});

test.each([
  ['what comes late is the service’s delay, and a jump would not help', 32_000, 500, 'service', false],
  [
    'what comes late and waits a little here is the service’s delay, and a jump helps',
    32_000,
    9_000,
    'service',
    true,
  ],
  ['what mostly waits here is this page’s own', 20_000, 17_000, 'page', true],
])('%s', (_, lagMs, backlogMs, by, jump) => {
  expect(farBehind(standing(lagMs, backlogMs))).toEqual({ by, jump });
});

test('what waits on this page is told in the speaker’s pauses too, before anything was heard', () => {
  expect(farBehind({ ...standing(undefined, 20_000), state: 'paused' })).toEqual({ by: 'page', jump: true });
});
