import { describe, expect, test } from 'vitest';
import { wsola } from './wsola';

const RATE = 48_000;

/** A voiced sound: harmonics of a pitch in Hz, as long as asked. */
function voice(pitch: number, seconds: number): Float32Array {
  return Float32Array.from({ length: Math.round(seconds * RATE) }, (_, at) =>
    [1, 2, 3, 4].reduce((sum, n) => sum + (0.2 / n) * Math.sin((2 * Math.PI * pitch * n * at) / RATE), 0),
  );
}

/** The pitch in Hz: the delay from 50 to 400 Hz at which the middle of the sound resembles itself most. */
function pitchOf(sound: Float32Array): number {
  const from = Math.floor(sound.length / 3);
  const likeness = (delay: number) => {
    let sum = 0;
    for (let i = from; i < from + 4096; i++) sum += (sound[i] ?? 0) * (sound[i + delay] ?? 0);
    return sum;
  };
  let best = RATE / 400;
  for (let delay = best; delay <= RATE / 50; delay++) if (likeness(delay) > likeness(best)) best = delay;
  return RATE / best;
}

const loudness = (sound: Float32Array) =>
  Math.sqrt(sound.reduce((sum, sample) => sum + sample * sample, 0) / sound.length);

describe.each([0.9, 1.1, 1.25, 1.4])('speech at rate %f', (rate) => {
  const original = voice(160, 2);
  const stretched = wsola(original, rate, RATE);

  test('has exactly the length that the rate asks for', () => {
    expect(stretched.length).toBe(Math.round(original.length / rate));
  });

  test('keeps its pitch', () => {
    expect(Math.abs(pitchOf(stretched) / 160 - 1)).toBeLessThan(0.01);
  });

  test('keeps its loudness', () => {
    expect(Math.abs(loudness(stretched) / loudness(original) - 1)).toBeLessThan(0.03);
  });

  test('has no clicks: it moves no faster than the original', () => {
    const steepest = (sound: Float32Array) =>
      sound.reduce((most, sample, at) => Math.max(most, Math.abs(sample - (sound[at - 1] ?? sample))), 0);
    expect(steepest(stretched)).toBeLessThan(1.3 * steepest(original));
  });
});

test('a clip shorter than a window comes out at its length', () => {
  expect(wsola(voice(160, 0.01), 1.2, RATE).length).toBe(400);
});

test('a pause between words is shortened like the words', () => {
  const word = voice(160, 0.5);
  const spoken = new Float32Array(word.length * 3);
  spoken.set(word);
  spoken.set(word, 2 * word.length);
  const stretched = wsola(spoken, 1.25, RATE);
  const quiet = stretched.reduce((count, sample) => count + (Math.abs(sample) < 1e-4 ? 1 : 0), 0) / RATE;
  expect(quiet).toBeGreaterThan(0.37);
  expect(quiet).toBeLessThan(0.43);
});
