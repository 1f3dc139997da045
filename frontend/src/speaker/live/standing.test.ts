import { describe, expect, test } from 'vitest';
import type { UplinkStatus } from '../uplink/talk';
import { secondsKept, standing } from './standing';

const ON_AIR: UplinkStatus = {
  link: 'open',
  refusal: null,
  quiet: false,
  said: null,
  retryAtMs: null,
  state: 'live',
  wanted: 'live',
  keptMs: 96,
  lostMs: 0,
  missedMs: 0,
  full: false,
  lasting: true,
};

describe('the speaker is shown', () => {
  test('to be on air only when the service says that the session is live', () => {
    expect(standing(ON_AIR)).toBe('on-air');
    expect(standing({ ...ON_AIR, state: 'paused' })).toBe('connecting');
  });

  test('to be connecting before the first connection, and to have lost it afterwards', () => {
    expect(standing(null)).toBe('connecting');
    expect(standing({ ...ON_AIR, link: 'connecting', state: null })).toBe('connecting');
    expect(standing({ ...ON_AIR, link: 'connecting' })).toBe('lost');
    expect(standing({ ...ON_AIR, link: 'waiting' })).toBe('lost');
    expect(standing({ ...ON_AIR, link: 'token' })).toBe('lost');
  });

  test('to have no connection when nothing gets through, although none was reported lost', () => {
    expect(standing({ ...ON_AIR, quiet: true })).toBe('lost');
  });

  test.each(['paused', 'muted'] as const)('to be %s as soon as they want it, connection or not', (wanted) => {
    expect(standing({ ...ON_AIR, wanted })).toBe(wanted);
    expect(standing({ ...ON_AIR, wanted, link: 'waiting' })).toBe(wanted);
  });

  test('to be ending until the service has everything, and off air after that', () => {
    expect(standing({ ...ON_AIR, wanted: 'ended', link: 'waiting' })).toBe('ending');
    expect(standing({ ...ON_AIR, wanted: 'ended', link: 'closed' })).toBe('off');
    expect(standing({ ...ON_AIR, link: 'closed', refusal: 'replaced' })).toBe('off');
  });
});

test('what is under way in good times is not worth a word', () => {
  expect(secondsKept(ON_AIR)).toBe(0);
  expect(secondsKept({ ...ON_AIR, keptMs: 12_400 })).toBe(12);
});
