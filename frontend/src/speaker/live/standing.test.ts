import { describe, expect, test } from 'vitest';
import type { UplinkStatus } from '../uplink/talk';
import { secondsBehind, secondsKept, standing } from './standing';

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
    expect(standing(ON_AIR, 'open')).toBe('on-air');
    expect(standing({ ...ON_AIR, state: 'paused' }, 'open')).toBe('connecting');
  });

  test.each(['lost', 'taken', 'refused', 'asleep'] as const)(
    'to be silent when the microphone is %s',
    (microphone) => {
      expect(standing(ON_AIR, microphone)).toBe('silent');
      expect(standing({ ...ON_AIR, wanted: 'muted' }, microphone)).toBe('muted');
    },
  );

  test('to be connecting before the first connection, and to have lost it afterwards', () => {
    expect(standing(null, 'open')).toBe('connecting');
    expect(standing({ ...ON_AIR, link: 'connecting', state: null }, 'open')).toBe('connecting');
    expect(standing({ ...ON_AIR, link: 'connecting' }, 'open')).toBe('lost');
    expect(standing({ ...ON_AIR, link: 'waiting' }, 'open')).toBe('lost');
    expect(standing({ ...ON_AIR, link: 'token' }, 'open')).toBe('lost');
  });

  test('to have no connection when nothing gets through, although none was reported lost', () => {
    expect(standing({ ...ON_AIR, quiet: true }, 'open')).toBe('lost');
  });

  test.each(['paused', 'muted'] as const)('to be %s as soon as they want it, connection or not', (wanted) => {
    expect(standing({ ...ON_AIR, wanted }, 'open')).toBe(wanted);
    expect(standing({ ...ON_AIR, wanted, link: 'waiting' }, 'open')).toBe(wanted);
  });

  test('to be ending until the service has everything, and off air after that', () => {
    expect(standing({ ...ON_AIR, wanted: 'ended', link: 'waiting' }, 'open')).toBe('ending');
    expect(standing({ ...ON_AIR, wanted: 'ended', link: 'closed' }, 'open')).toBe('off');
    expect(standing({ ...ON_AIR, link: 'closed', refusal: 'replaced' }, 'open')).toBe('off');
  });
});

test('what is under way in good times is not worth a word', () => {
  expect(secondsKept(ON_AIR)).toBe(0);
  expect(secondsKept({ ...ON_AIR, keptMs: 12_400 })).toBe(12);
});

test('a speaker is told how far behind the last of the languages is, once that is far', () => {
  expect(secondsBehind({ en: 1_900, pt: 11_900 }, ['en', 'pt'])).toBe(0);
  expect(secondsBehind({ en: 1_900, pt: 31_800 }, ['en', 'pt'])).toBe(30);
  expect(secondsBehind({ en: 1_900, pt: 12_100 }, ['en', 'pt', 'es'])).toBe(10);
});

test('a language that nobody listens to any more is not waited for', () => {
  expect(secondsBehind({ en: 1_900, pt: 31_800 }, ['en', 'es'])).toBe(0);
});
