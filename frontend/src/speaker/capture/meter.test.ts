import { describe, expect, test } from 'vitest';
import { type Level, Meter } from './meter';

const level = (db: number, clipped = 0): Level => ({ peak: 10 ** (db / 20), rms: 10 ** (db / 20), clipped });
const SECOND = Math.round(1000 / 96);

function heard(...runs: [seconds: number, ...levels: Level[]][]): Meter {
  const meter = new Meter();
  for (const [seconds, ...levels] of runs) {
    for (let n = 0; n < seconds * SECOND; n++) meter.hear(levels[n % levels.length] as Level);
  }
  return meter;
}

const speech = [level(-18), level(-20), level(-45), level(-22), level(-60)];

describe('the meter', () => {
  test('says nothing about ordinary speech', () => {
    expect(heard([20, ...speech]).warning).toBeNull();
  });

  test('says for three seconds that speech was distorted', () => {
    expect(heard([12, ...speech], [0.2, level(-1, 0.05)], [2, ...speech]).warning).toBe('clipping');
    expect(heard([12, ...speech], [0.2, level(-1, 0.05)], [4, ...speech]).warning).toBeNull();
  });

  test('bears a single loud sample', () => {
    expect(heard([12, ...speech], [1, level(-3, 0.005)], [1, ...speech]).warning).toBeNull();
  });

  test('says after five seconds that it is silent, and at once when it no longer is', () => {
    expect(heard([4, level(-60)]).warning).toBeNull();
    expect(heard([6, level(-60)]).warning).toBe('silent');
    expect(heard([6, level(-60)], [0.2, level(-20)]).warning).toBeNull();
  });

  test('tells a microphone that is switched off from a silent room', () => {
    expect(heard([3, { peak: 0, rms: 0, clipped: 0 }]).warning).toBe('dead');
  });

  test('says that somebody speaks too quietly, but not because of a pause', () => {
    expect(heard([12, level(-42), level(-44), level(-60)]).warning).toBe('low');
    expect(heard([12, ...speech], [4, level(-60)]).warning).toBeNull();
  });

  test('says that there is noise when nothing is ever much quieter than the speech', () => {
    expect(heard([12, level(-20), level(-28)]).warning).toBe('noisy');
  });

  test('knows whether somebody spoke lately', () => {
    expect(heard([12, ...speech]).speech).toBe(true);
    expect(heard([12, ...speech], [10, level(-70)]).speech).toBe(false);
  });
});
