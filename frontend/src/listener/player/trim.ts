/** What MP3 encoders of 24 kHz speech put before the first sample. */
const MP3_DELAY_S = 1105 / 24_000;
/** Decoders round to their own sample rate: less than this is no padding. */
const ROUNDING_S = 0.002;

/** Where in a decoded clip the speech is, in seconds. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/**
 * The part of a decoded clip that is to be heard. The service measures a clip before it is encoded; a codec that pads
 * gives back more. decodedS: what came out of the decoder; durationMs: the clip's exact length.
 */
export function speechSpan(decodedS: number, durationMs: number): Span {
  const length = Math.min(decodedS, durationMs / 1000);
  const excess = decodedS - length;
  return { offset: excess > ROUNDING_S ? Math.min(MP3_DELAY_S, excess) : 0, length };
}
