import { expect, test } from 'vitest';
import { Resampler } from './resampler';

const OUT = 16_000;

function resampled(inputRate: number, hertz: number, seconds: number, block = 128): Float32Array {
  const resampler = new Resampler(inputRate, OUT);
  const given: number[] = [];
  const input = Float32Array.from(
    { length: inputRate * seconds },
    (_, n) => 0.5 * Math.sin((2 * Math.PI * hertz * n) / inputRate),
  );
  for (let at = 0; at < input.length; at += block) {
    resampler.push(input.subarray(at, at + block), (sample) => given.push(sample));
  }
  return Float32Array.from(given);
}

/** Decibels between a sine of this frequency, fitted to the middle of the signal, and everything else. */
function signalToNoise(signal: Float32Array, hertz: number): number {
  const middle = signal.subarray(OUT / 4, signal.length - OUT / 4);
  let sine = 0;
  let cosine = 0;
  middle.forEach((x, n) => {
    sine += (2 / middle.length) * x * Math.sin((2 * Math.PI * hertz * n) / OUT);
    cosine += (2 / middle.length) * x * Math.cos((2 * Math.PI * hertz * n) / OUT);
  });
  let power = 0;
  let noise = 0;
  middle.forEach((x, n) => {
    const phase = (2 * Math.PI * hertz * n) / OUT;
    const fit = sine * Math.sin(phase) + cosine * Math.cos(phase);
    power += fit ** 2;
    noise += (x - fit) ** 2;
  });
  return 10 * Math.log10(power / noise);
}

/** How loud it is, of the sine that went in. */
function decibels(signal: Float32Array): number {
  const middle = signal.subarray(OUT / 4, signal.length - OUT / 4);
  const power = middle.reduce((sum, x) => sum + x * x, 0) / middle.length;
  return 10 * Math.log10((2 * power) / 0.25);
}

test.each([8_000, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000])(
  'a second at %i Hz becomes a second at 16 kHz, to the sample',
  (rate) => {
    expect(Math.abs(resampled(rate, 440, 3).length - 3 * OUT)).toBeLessThanOrEqual(
      Math.ceil((new Resampler(rate, OUT).delay * OUT) / rate) + 1,
    );
    const twice = resampled(rate, 440, 4).length - resampled(rate, 440, 2).length;
    expect(Math.abs(twice - 2 * OUT)).toBeLessThanOrEqual(1);
  },
);

test.each([
  [44_100, 300],
  [44_100, 3_400],
  [44_100, 7_000],
  [48_000, 300],
  [48_000, 3_400],
  [48_000, 7_000],
  [96_000, 3_400],
])('speech at %i Hz keeps a tone of %i Hz clean by more than 70 dB and as loud as it was', (rate, hertz) => {
  const signal = resampled(rate, hertz, 2);
  expect(signalToNoise(signal, hertz)).toBeGreaterThan(70);
  expect(Math.abs(decibels(signal))).toBeLessThan(0.1);
});

test.each([44_100, 48_000])(
  'what 16 kHz cannot hold does not come back as another tone, from %i Hz',
  (rate) => {
    for (const hertz of [8_300, 9_000, 12_000, 20_000]) {
      expect(decibels(resampled(rate, hertz, 1))).toBeLessThan(-70);
    }
  },
);

test('the size of the blocks changes nothing', () => {
  expect(resampled(44_100, 1_000, 1, 441)).toEqual(resampled(44_100, 1_000, 1, 128));
});
