/**
 * What is heard when, and how fast. Pure; the rules are those of `services/cli/clients/playback.py`, by which the
 * reports' lags are defined, and `tests/data/playback/cases.json` holds both to them.
 *
 * Clips are laid end to end in the order of their index. A missing index is waited for, but not for long, and not at
 * all where its caption said that it has no speech; when speech has piled up, clips play faster with their pitch kept.
 * An index plays once.
 */

/** A clip that finds the player idle starts this long after it is ready. */
export const START_DELAY_MS = 20;
/** At most this much speech is laid ahead; what follows stays free to change its pace. */
export const COMMITTED_MS = 1000;
/** How long a missing index is waited for once a later one is there. */
export const PATIENCE_MS = 1500;
/** Backlog in ms above which a clip plays at this rate; the first that fits counts. */
const CATCH_UP = [
  [10_000, 1.4],
  [6_000, 1.25],
  [4_000, 1.1],
] as const;

/** The pace of the next clip when this much speech, itself included, waits to be heard. */
export function catchUpRate(backlogMs: number): number {
  return CATCH_UP.find(([above]) => backlogMs > above)?.[1] ?? 1;
}

/** What the player has to do now. */
export type Step =
  /** Lay this clip at this pace, then say how long it has become with `place`. */
  | { readonly kind: 'lay'; readonly index: number; readonly rate: number }
  /** Ask again after so many ms, or when something was noticed or has become ready. */
  | { readonly kind: 'wait'; readonly ms: number }
  /** Ask again when something was noticed or has become ready. */
  | { readonly kind: 'idle' };

interface Waiting {
  readonly durationMs: number;
  readonly ready: boolean;
}

/** The clips of one language that wait to be heard. All times in ms on one clock, the one that stands still in pauses. */
export class Schedule {
  readonly #waiting = new Map<number, Waiting>();
  /** Indexes to come that have no speech. */
  readonly #silent = new Set<number>();
  #following: number | undefined;
  #freeAtMs = 0;
  #missingSinceMs: number | undefined;

  /** The next index to be heard; undefined before the first was noticed. */
  get following(): number | undefined {
    return this.#following;
  }

  /** Indexes noticed and not yet laid, in order. */
  get waiting(): number[] {
    return [...this.#waiting.keys()].sort((a, b) => a - b);
  }

  /** A segment is known. False, and nothing happens, where it was known before or comes too late. */
  notice(index: number, durationMs: number): boolean {
    if (this.#waiting.has(index) || index < (this.#following ?? index)) return false;
    this.#following ??= index;
    this.#waiting.set(index, { durationMs, ready: false });
    return true;
  }

  /** The clip is decoded. */
  ready(index: number): void {
    const clip = this.#waiting.get(index);
    if (clip !== undefined) this.#waiting.set(index, { ...clip, ready: true });
  }

  /** There is nothing to play for it: no voice, failed, not to be had. */
  giveUp(index: number): void {
    if (this.#waiting.has(index)) this.#waiting.set(index, { durationMs: 0, ready: true });
  }

  /** Its caption said that it has no speech. */
  pass(index: number): void {
    if (index >= (this.#following ?? index)) this.#silent.add(index);
  }

  /** Indexes before this one will not be heard any more. */
  skipTo(index: number): void {
    this.#follow(Math.max(index, this.#following ?? index));
    for (const waiting of this.waiting) if (waiting < index) this.#waiting.delete(waiting);
    this.#missingSinceMs = undefined;
  }

  /** What was laid has been taken away: the next clip starts as soon as it is ready. */
  clear(): void {
    this.#freeAtMs = 0;
  }

  /** What to do now. After `lay` comes `place`, before anything else is asked. */
  next(nowMs: number): Step {
    for (;;) {
      if (this.#waiting.size === 0) return { kind: 'idle' };
      const untilFree = this.#freeAtMs - COMMITTED_MS - nowMs;
      if (untilFree > 0) return { kind: 'wait', ms: untilFree };
      const index = this.#wanted(nowMs);
      if (index === undefined) return { kind: 'wait', ms: this.#patienceLeft(nowMs) };
      this.#follow(index);
      const clip = this.#waiting.get(index);
      if (!clip?.ready) return { kind: 'idle' };
      this.#missingSinceMs = undefined;
      const rate = catchUpRate(this.backlogMs(nowMs));
      this.#waiting.delete(index);
      this.#follow(index + 1);
      if (clip.durationMs > 0) return { kind: 'lay', index, rate };
    }
  }

  /** When the clip just laid starts. durationMs: at its pace. */
  place(nowMs: number, durationMs: number): number {
    const startMs = Math.max(this.#freeAtMs, nowMs + START_DELAY_MS);
    this.#freeAtMs = startMs + durationMs;
    return startMs;
  }

  /** Speech that is laid or waits, and is not heard yet. */
  backlogMs(nowMs: number): number {
    let waiting = 0;
    for (const { durationMs } of this.#waiting.values()) waiting += durationMs;
    return Math.max(0, this.#freeAtMs - nowMs) + waiting;
  }

  /** The index to lay next: the one that follows, or after some patience the first that is there. */
  #wanted(nowMs: number): number | undefined {
    while (this.#following !== undefined && this.#silent.has(this.#following))
      this.#follow(this.#following + 1);
    if (this.#following !== undefined && this.#waiting.has(this.#following)) return this.#following;
    this.#missingSinceMs ??= nowMs;
    return this.#patienceLeft(nowMs) > 0 ? undefined : Math.min(...this.#waiting.keys());
  }

  #follow(index: number): void {
    this.#following = index;
    for (const silent of this.#silent) if (silent < index) this.#silent.delete(silent);
  }

  #patienceLeft(nowMs: number): number {
    return (this.#missingSinceMs ?? nowMs) + PATIENCE_MS - nowMs;
  }
}
