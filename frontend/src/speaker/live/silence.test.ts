import { describe, expect, test } from 'vitest';
import type { Level } from '../capture/meter';
import { UnheardSpeech } from './silence';

const LOUD: Level = { peak: 0.5, rms: 0.1, clipped: 0 };
const QUIET: Level = { peak: 0.001, rms: 0.0005, clipped: 0 };

function said(unheard: UnheardSpeech, level: Level, seconds: number): UnheardSpeech {
  for (let ms = 0; ms < seconds * 1000; ms += 96) unheard.said(level);
  return unheard;
}

describe('speech without text', () => {
  test('is worth a warning after fifteen seconds', () => {
    expect(said(new UnheardSpeech(), LOUD, 14).tooMuch).toBe(false);
    expect(said(new UnheardSpeech(), LOUD, 16).tooMuch).toBe(true);
  });

  test('does not count while nobody speaks', () => {
    expect(said(said(new UnheardSpeech(), LOUD, 10), QUIET, 60).tooMuch).toBe(false);
  });

  test('is over with the first word', () => {
    const unheard = said(new UnheardSpeech(), LOUD, 16);
    unheard.understood();
    expect(unheard.tooMuch).toBe(false);
  });
});
