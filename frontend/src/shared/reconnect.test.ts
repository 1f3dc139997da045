import { describe, expect, test } from 'vitest';
import cases from '../../../tests/data/close_codes/cases.json';
import { listenerRefusal, speakerRefusal, waitMs } from './reconnect';

const longest = () => 1;

describe('the wait before a new try', () => {
  test('doubles, up to five seconds', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map((attempt) => waitMs(attempt, longest))).toEqual([
      500, 1000, 2000, 4000, 5000, 5000, 5000,
    ]);
  });

  test('spreads those who lost a server together over the whole of it', () => {
    expect(waitMs(3, () => 0)).toBe(50);
    expect(waitMs(3, () => 0.5)).toBe(2025);
  });
});

describe('a listener whose socket was closed', () => {
  test.each(cases.listener.stop)('with %i stops', (code) => {
    expect(listenerRefusal(code)).toBeDefined();
  });

  test.each([...cases.listener.again, 1001, 1006, 0])('with %i connects again', (code) => {
    expect(listenerRefusal(code)).toBeUndefined();
  });

  test.each([
    [4400, 'protocol'],
    [1009, 'protocol'],
    [4404, 'unknown'],
    [4406, 'language'],
    [4410, 'ended'],
    [4429, 'attempts'],
  ] as const)('with %i stops: %s', (code, why) => {
    expect(listenerRefusal(code)).toBe(why);
  });
});

describe('a speaker whose socket was closed', () => {
  test.each(cases.speaker.stop)('with %i stops', (code) => {
    expect(speakerRefusal(code)).toBeDefined();
  });

  test.each([...cases.speaker.again, 1006, 0])('with %i connects again', (code) => {
    expect(speakerRefusal(code)).toBeUndefined();
  });

  test.each([
    [4400, 'protocol'],
    [4401, 'token'],
    [4403, 'not-owner'],
    [4404, 'unknown'],
    [4409, 'replaced'],
    [4410, 'ended'],
  ] as const)('with %i stops: %s', (code, why) => {
    expect(speakerRefusal(code)).toBe(why);
  });
});
