/** Window of the overlap-add, and how far from its place a piece may be taken to continue the wave. */
const WINDOW_S = 0.03;
const REACH_S = 0.008;
/** Speech is compared at every fourth sample and placed at every second: enough for it, and an eighth of the work. */
const COMPARED = 4;
const PLACED = 2;

/**
 * Speech played faster (`rate` above 1) or slower with its pitch kept: WSOLA, which overlaps windows by half and takes
 * each where it continues the last one best. samples: mono; sampleRate in Hz. Returns `samples.length / rate` samples.
 */
export function wsola(samples: Float32Array, rate: number, sampleRate: number): Float32Array<ArrayBuffer> {
  const wanted = Math.round(samples.length / rate);
  const half = Math.round((sampleRate * WINDOW_S) / 2);
  const reach = Math.round(sampleRate * REACH_S);
  // Silence behind the end, so that every window can be read whole.
  const padded = new Float32Array(samples.length + 2 * half + reach);
  padded.set(samples);
  const out = new Float32Array(wanted + half);
  out.set(padded.subarray(0, half));
  let taken = 0;
  for (let at = half; at < wanted; at += half) {
    // What would naturally follow fades out while the piece that resembles it fades in.
    const follows = taken + half;
    taken = bestMatch(padded, follows, Math.round(at * rate), half, reach);
    for (let i = 0; i < half; i++) {
      const fade = 0.5 - 0.5 * Math.cos((Math.PI * i) / half);
      out[at + i] = (padded[follows + i] ?? 0) * (1 - fade) + (padded[taken + i] ?? 0) * fade;
    }
  }
  return out.slice(0, wanted);
}

/** Where, within reach of `ideal`, the wave resembles most what is at `follows`. */
function bestMatch(
  wave: Float32Array,
  follows: number,
  ideal: number,
  length: number,
  reach: number,
): number {
  const last = wave.length - length;
  const from = Math.min(Math.max(0, ideal - reach), last);
  const to = Math.min(ideal + reach, last);
  let best = from;
  let bestLikeness = Number.NEGATIVE_INFINITY;
  for (let at = from; at <= to; at += PLACED) {
    let product = 0;
    let energy = 1e-9;
    for (let i = 0; i < length; i += COMPARED) {
      const sample = wave[at + i] ?? 0;
      product += sample * (wave[follows + i] ?? 0);
      energy += sample * sample;
    }
    const likeness = product / Math.sqrt(energy);
    if (likeness > bestLikeness) {
      bestLikeness = likeness;
      best = at;
    }
  }
  return best;
}
