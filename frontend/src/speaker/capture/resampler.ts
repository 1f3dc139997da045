/** From the sound card's rate to another, in one pass and at an exact ratio. Pure. */

/** Kaiser's figure for 80 dB between what is kept and what is rejected. */
const BETA = 7.86;
/** The band that is kept ends at 45 % of the lower rate, the rest is gone at 50 %. */
const KEPT = 0.45;
const REJECTED = 0.5;

/**
 * A polyphase filter: the windowed sinc is laid out once for each place at which an output sample can fall between two
 * input samples, so that a sample costs one dot product.
 */
export class Resampler {
  /** The ratio in lowest terms: `#up` output samples for `#down` input samples. */
  readonly #up: number;
  readonly #down: number;
  readonly #taps: number;
  readonly #phases: Float32Array[];
  /** The last inputs, oldest first, then those of the block in hand. */
  #inputs: Float32Array;
  #filled = 0;
  #phase = 0;

  /** Rates in Hz; whole numbers. */
  constructor(inputRate: number, outputRate: number) {
    const divisor = greatestCommonDivisor(inputRate, outputRate);
    this.#up = outputRate / divisor;
    this.#down = inputRate / divisor;
    const lower = Math.min(inputRate, outputRate);
    const transition = (2 * Math.PI * (REJECTED - KEPT) * lower) / inputRate;
    this.#taps = 2 * Math.ceil((80 - 8) / (2.285 * transition) / 2);
    const cutoff = ((KEPT + REJECTED) / 2) * (lower / inputRate);
    this.#phases = Array.from({ length: this.#up }, (_, phase) =>
      filter(this.#taps, cutoff, phase / this.#up),
    );
    this.#inputs = new Float32Array(this.#taps);
    this.#filled = this.#taps / 2; // silence before the first sample
  }

  /** Samples by which the output is behind the input, in input samples. */
  get delay(): number {
    return this.#taps / 2;
  }

  /** Take a block of any length, and give each output sample that it completes. */
  push(block: Float32Array, give: (sample: number) => void): void {
    this.#append(block);
    let at = 0;
    while (at + this.#taps <= this.#filled) {
      const weights = this.#phases[this.#phase] as Float32Array;
      let sum = 0;
      for (let tap = 0; tap < this.#taps; tap++)
        sum += (weights[tap] as number) * (this.#inputs[at + tap] as number);
      give(sum);
      this.#phase += this.#down;
      at += Math.floor(this.#phase / this.#up);
      this.#phase %= this.#up;
    }
    this.#inputs.copyWithin(0, at, this.#filled);
    this.#filled -= at;
  }

  #append(block: Float32Array): void {
    const filled = this.#filled + block.length;
    if (filled > this.#inputs.length) {
      const larger = new Float32Array(filled);
      larger.set(this.#inputs);
      this.#inputs = larger;
    }
    this.#inputs.set(block, this.#filled);
    this.#filled = filled;
  }
}

/** Weights for an output sample that falls `fraction` of an input sample after the middle of the taps. */
function filter(taps: number, cutoff: number, fraction: number): Float32Array {
  const half = taps / 2;
  const weights = Float32Array.from({ length: taps }, (_, tap) => {
    const distance = tap - (half - 1) - fraction;
    const window = bessel(BETA * Math.sqrt(Math.max(0, 1 - (distance / half) ** 2))) / bessel(BETA);
    return 2 * cutoff * sinc(2 * cutoff * distance) * window;
  });
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum); // the same loudness at each phase
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** The modified Bessel function of the first kind, order 0. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-10 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
