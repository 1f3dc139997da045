/** What was captured and what the service doesn't have yet, in order and with its place in the session. Pure. */

import { type Captured, FRAME_SAMPLES, type Frame, lengthMs, SAMPLE_RATE } from './frame';

/** A little over two minutes of 96 ms frames, so that a broker may be gone for one. What is captured beyond that without a connection is lost. */
export const MOST_FRAMES = 1_280;
/** Audio that is missing for longer than this leaves a gap on the sample clock. */
export const GAP_MS = 250;

/** How far a talk is: enough to go on with it after the page was loaded again. */
export interface Progress {
  readonly nextSeq: number;
  readonly nextSample: number;
  /** When the last frame ended; null where what follows it follows without a gap, as after a pause. */
  readonly endedAtMs: number | null;
  /** From which frame on numbers are a guess, until the service has said where the session stands; null: none. */
  readonly guessedFrom: number | null;
  /** Audio that was captured, but could not be kept. */
  readonly lostMs: number;
  /** Time in which nothing could be captured: the page was loading, the device slept. */
  readonly missedMs: number;
}

/** Frames in the order in which they were captured, at most `MOST_FRAMES`. */
export class Ring {
  #frames: Frame[];
  #nextSeq: number;
  #nextSample: number;
  #endedAtMs: number | null;
  #guessedFrom: number | null;
  #lostMs: number;
  #missedMs: number;
  readonly #goesOn: boolean;

  /**
   * Of a new talk, or, with what an earlier page kept of it, of one that goes on. The service takes no frame after a
   * missing one, but may be told to begin later: of kept frames with a hole between them those after it are sent, and
   * all before them counts as lost.
   */
  constructor(progress?: Progress, frames: readonly Frame[] = []) {
    this.#goesOn = progress !== undefined;
    this.#nextSeq = progress?.nextSeq ?? 0;
    this.#frames = withoutHole(frames, this.#nextSeq);
    const unsent = Math.max(0, this.firstKept - (frames[0]?.seq ?? this.firstKept));
    this.#nextSample = progress?.nextSample ?? 0;
    this.#endedAtMs = progress?.endedAtMs ?? null;
    this.#guessedFrom = progress?.guessedFrom ?? this.#nextSeq;
    this.#lostMs = (progress?.lostMs ?? 0) + unsent * lengthMs(FRAME_SAMPLES);
    this.#missedMs = progress?.missedMs ?? 0;
  }

  /**
   * Keep what was captured. Where there is no room left it is lost: the oldest stays, so that the talk has one gap that
   * its speaker can be told of, and the sample clock jumps over it.
   */
  capture(captured: Captured): void {
    const samples = captured.pcm.length;
    this.#skipMissing(captured.endedAtMs - lengthMs(samples));
    this.#endedAtMs = captured.endedAtMs;
    if (this.#frames.length < MOST_FRAMES) {
      this.#frames.push({ ...captured, seq: this.#nextSeq, firstSample: this.#nextSample });
      this.#nextSeq += 1;
    } else {
      this.#lostMs += lengthMs(samples);
    }
    this.#nextSample += samples;
  }

  /** Nothing is captured from here on because the speaker wants it so: the sample clock stands still meanwhile. */
  standStill(): void {
    this.#endedAtMs = null;
  }

  /**
   * The service's answer to a start: the frame and the sample at which the session goes on. The first answer settles
   * the numbers of what was captured before it; a talk that goes on has samples of its own, unless the service knows
   * of frames that this page doesn't.
   */
  begin(nextSeq: number, nextSample: number): void {
    const from = this.#guessedFrom;
    this.#guessedFrom = null;
    if (from !== null) {
      const bySeq = Math.max(0, nextSeq - from);
      const firstSample = this.#frames.find((frame) => frame.seq >= from)?.firstSample ?? this.#nextSample;
      const bySamples = this.#goesOn && bySeq === 0 ? 0 : Math.max(0, nextSample - firstSample);
      this.#shift(from, bySeq, bySamples);
    }
    this.acknowledge(nextSeq - 1);
  }

  /** The service has all frames up to this one. */
  acknowledge(seq: number): void {
    const rest = this.#frames.findIndex((frame) => frame.seq > seq);
    this.#frames.splice(0, rest < 0 ? this.#frames.length : rest);
  }

  /** The kept frames from this number on. */
  from(seq: number): readonly Frame[] {
    return this.#frames.slice(Math.max(0, seq - this.firstKept));
  }

  /** The first kept frame with this number or a later one. */
  next(seq: number): Frame | undefined {
    return this.#frames[Math.max(0, seq - this.firstKept)];
  }

  /** What a start tells the service. */
  get firstKept(): number {
    return this.#frames[0]?.seq ?? this.#nextSeq;
  }

  /** Audio that the service doesn't have yet. */
  get keptMs(): number {
    return this.#frames.reduce((sum, frame) => sum + lengthMs(frame.pcm.length), 0);
  }

  get full(): boolean {
    return this.#frames.length >= MOST_FRAMES;
  }

  get progress(): Progress {
    return {
      nextSeq: this.#nextSeq,
      nextSample: this.#nextSample,
      endedAtMs: this.#endedAtMs,
      guessedFrom: this.#guessedFrom,
      lostMs: this.#lostMs,
      missedMs: this.#missedMs,
    };
  }

  /** Leave room for what nobody captured: the page was away, the device slept. */
  #skipMissing(beganAtMs: number): void {
    const missingMs = this.#endedAtMs === null ? 0 : beganAtMs - this.#endedAtMs;
    if (missingMs <= GAP_MS) return;
    this.#missedMs += missingMs;
    this.#nextSample += Math.round((missingMs * SAMPLE_RATE) / 1000);
  }

  #shift(from: number, bySeq: number, bySamples: number): void {
    this.#frames = this.#frames.map((frame) =>
      frame.seq < from
        ? frame
        : { ...frame, seq: frame.seq + bySeq, firstSample: frame.firstSample + bySamples },
    );
    this.#nextSeq += bySeq;
    this.#nextSample += bySamples;
  }
}

/** The last of these frames that lead up to the next number without a hole. */
function withoutHole(frames: readonly Frame[], nextSeq: number): Frame[] {
  const known = frames.filter(({ seq }) => seq < nextSeq);
  const hole = known.findLastIndex(({ seq }, at) => seq !== nextSeq - known.length + at);
  return known.slice(hole + 1);
}
