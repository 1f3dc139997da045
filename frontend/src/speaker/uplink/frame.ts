/**
 * The speaker's binary frame, as it is on the wire: a header, then PCM (s16le, mono, 16 kHz).
 * `services/common/frames.py` reads it, and `tests/data/frames` holds both to the same bytes. Pure.
 */

export const SAMPLE_RATE = 16_000;
/** Samples of a frame: 96 ms, twelve render quanta at the same rate. */
export const FRAME_SAMPLES = 1_536;
const HEADER_BYTES = 20;

/** A run of floor audio as it was captured. */
export interface Captured {
  /** s16le, mono, 16 kHz. */
  readonly pcm: Int16Array;
  /** When the last sample was captured, in milliseconds since the Unix epoch by a clock that never jumps. */
  readonly endedAtMs: number;
}

/** A captured run with its place in the session. */
export interface Frame extends Captured {
  /** Counts the session's frames from 0, without gaps. */
  readonly seq: number;
  /** Where it begins on the sample clock. */
  readonly firstSample: number;
}

export const lengthMs = (samples: number): number => (samples * 1000) / SAMPLE_RATE;

/** The message for the socket. `clockOffsetMs`: what to add to this device's clock to have the services'. */
export function pack(frame: Frame, clockOffsetMs: number): ArrayBuffer {
  const message = new ArrayBuffer(HEADER_BYTES + frame.pcm.byteLength);
  const header = new DataView(message);
  header.setUint32(0, frame.seq, true);
  header.setBigUint64(4, BigInt(frame.firstSample), true);
  header.setFloat64(12, frame.endedAtMs + clockOffsetMs, true);
  new Int16Array(message, HEADER_BYTES).set(frame.pcm); // every device that has a browser is little-endian
  return message;
}
