import { Clip, type ClipHelp } from './clip';
import { Schedule } from './schedule';
import { Stretcher } from './stretcher';
import { speechSpan } from './trim';

/** How many clips are fetched and decoded before their turn. */
const FETCHED_AHEAD = 6;
/** Speech that may wait, in a pause or behind a bad network; beyond that the oldest is dropped. */
export const BUFFER_MS = 120_000;
/** Decoding takes some 10 ms. */
const DECODE_MS = 5_000;
const RAMP_S = 0.02;

/** A clip on the context's clock. */
export interface Laid {
  readonly index: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly rate: number;
}

export interface PlayerEvents extends ClipHelp {
  /** The clip will leave the loudspeaker this many ms from now. */
  onLaid(clip: Laid, inMs: number): void;
  /** It was heard to its end; told by `settle`. */
  onHeard(index: number): void;
  /** It won't be heard. */
  onSkipped(index: number, why: Skipped): void;
}

/** `lost`: it could not be had; `overflow`: too much was waiting; `jump`: the listener, or the service, went on without it. */
export type Skipped = 'lost' | 'overflow' | 'jump';

/** What became of a clip that was added: an index that was passed over, or played, is `late`. */
export type Added = 'new' | 'known' | 'late';

/** Plays the clips of one language without gaps, in order, each once. */
export class Player {
  readonly context: AudioContext;
  /** Everything that is heard goes through here. */
  readonly output: GainNode;
  readonly #events: PlayerEvents;
  readonly #stretcher = new Stretcher();
  #schedule = new Schedule();
  #clips = new Map<number, Clip>();
  #decoded = new Map<number, AudioBuffer>();
  #fetching = new Set<number>();
  #laid: (Laid & { source: AudioBufferSourceNode })[] = [];
  #laying = false;
  /** Counts how often what was laid, or about to be, was taken back. */
  #takenBack = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #paused = false;

  /** Make it inside a tap or a key press, or the browser keeps it silent. */
  constructor(events: PlayerEvents) {
    this.#events = events;
    this.context = new AudioContext({ latencyHint: 'playback' });
    this.output = this.context.createGain();
    this.output.connect(this.context.destination);
    this.context.onstatechange = () => this.#pump();
    this.unblock();
  }

  /** Whether the browser lets us be heard, or would if it weren't for a pause. */
  get audible(): boolean {
    return this.#paused || this.context.state === 'running';
  }

  /** Speech that waits to be heard, in ms. */
  get backlogMs(): number {
    return this.#schedule.backlogMs(this.#nowMs);
  }

  /** The index that is heard at this moment. */
  get hearing(): number | undefined {
    const now = this.#nowMs;
    return this.#laid.find(({ startMs, endMs }) => startMs <= now && now < endMs)?.index;
  }

  /** Tell of the clips that have been heard to their end by now. */
  settle(): void {
    const now = this.#nowMs;
    const heard = this.#laid.filter(({ endMs }) => endMs <= now);
    this.#laid = this.#laid.filter(({ endMs }) => endMs > now);
    for (const { index } of heard) this.#events.onHeard(index);
  }

  /** Ask the browser again to let us be heard; only in a tap or a key press. */
  unblock(): void {
    // Safari leaves it `interrupted` after a phone call.
    if (this.#paused || this.context.state === 'running' || this.context.state === 'closed') return;
    this.context.resume().catch(() => {}); // not yet allowed: it stays blocked
  }

  /** A segment's clip; null: it has none. An index that is known gets its new address. */
  add(index: number, durationMs: number, url: string | null): Added {
    const known = this.#clips.get(index);
    if (known !== undefined && url !== null) known.renew(url);
    if (known !== undefined) return 'known';
    if (!this.#schedule.notice(index, durationMs)) return 'late';
    if (url === null) this.#schedule.giveUp(index);
    else this.#clips.set(index, new Clip(index, durationMs, url));
    this.#dropOverflow();
    this.#pump();
    return 'new';
  }

  /** A segment that has no speech. */
  pass(index: number): void {
    this.#schedule.pass(index);
    this.#pump();
  }

  pause(): void {
    this.#paused = true;
    void this.context.suspend();
  }

  resume(): void {
    this.#paused = false;
    this.unblock();
  }

  /** volume: 0 to 1. */
  setVolume(volume: number): void {
    this.output.gain.setTargetAtTime(volume, this.context.currentTime, RAMP_S);
  }

  /** Leave out all that waits but the latest clip. */
  jumpToLive(): void {
    const latest = this.#schedule.waiting.at(-1);
    if (latest === undefined) return;
    for (const { index } of this.#silence()) this.#events.onSkipped(index, 'jump');
    this.#skipTo(latest, 'jump');
    this.#pump();
  }

  /** Indexes before this one will not come any more. */
  skipTo(index: number): void {
    this.#skipTo(index, 'jump');
    this.#pump();
  }

  /** Be silent and forget everything: another language follows. */
  reset(): void {
    this.#silence();
    for (const clip of this.#clips.values()) clip.drop();
    this.#schedule = new Schedule();
    this.#clips = new Map();
    this.#decoded = new Map();
    this.#fetching = new Set();
  }

  /** Be silent for good. */
  close(): void {
    this.reset();
    clearTimeout(this.#timer);
    this.#stretcher.close();
    this.context.onstatechange = null;
    void this.context.close();
  }

  get #nowMs(): number {
    return this.context.currentTime * 1000;
  }

  /** Take back what is laid; returns it. */
  #silence(): Laid[] {
    this.#takenBack++;
    const laid = this.#laid;
    for (const { source } of laid) source.stop();
    this.#laid = [];
    this.#schedule.clear();
    return laid;
  }

  #skipTo(index: number, why: Skipped): void {
    for (const waiting of this.#schedule.waiting) {
      if (waiting >= index) break;
      this.#forget(waiting);
      this.#events.onSkipped(waiting, why);
    }
    this.#schedule.skipTo(index);
  }

  #dropOverflow(): void {
    for (const next of this.#schedule.waiting.slice(1)) {
      if (this.backlogMs <= BUFFER_MS) return;
      this.#skipTo(next, 'overflow');
    }
  }

  #forget(index: number): void {
    this.#clips.get(index)?.drop();
    this.#clips.delete(index);
    this.#decoded.delete(index);
    this.#fetching.delete(index);
  }

  /** Fetch what is due, lay what is ready, and come back when there is more to do. */
  #pump(): void {
    for (const index of this.#schedule.waiting.slice(0, FETCHED_AHEAD)) void this.#fetch(index);
    clearTimeout(this.#timer);
    // The context's clock stands still otherwise; its start brings us back here.
    if (this.#laying || this.context.state !== 'running') return;
    const step = this.#schedule.next(this.#nowMs);
    if (step.kind === 'lay') void this.#lay(step.index, step.rate);
    if (step.kind === 'wait') this.#timer = setTimeout(() => this.#pump(), step.ms);
  }

  async #fetch(index: number): Promise<void> {
    const clip = this.#clips.get(index);
    if (clip === undefined || this.#fetching.has(index)) return;
    this.#fetching.add(index);
    const encoded = await clip.fetch(this.#events);
    const decoded = encoded && (await this.#decode(encoded));
    if (this.#clips.get(index) !== clip) return;
    if (decoded === undefined) {
      this.#forget(index);
      this.#schedule.giveUp(index);
      this.#events.onSkipped(index, 'lost');
    } else {
      this.#decoded.set(index, decoded);
      this.#schedule.ready(index);
    }
    this.#pump();
  }

  /** undefined: it is no sound, or the browser doesn't come to an end with it. */
  async #decode(encoded: ArrayBuffer): Promise<AudioBuffer | undefined> {
    let limit: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => {
      limit = setTimeout(resolve, DECODE_MS);
    });
    const decoded = this.context.decodeAudioData(encoded).catch(() => undefined);
    return Promise.race([decoded, late]).finally(() => clearTimeout(limit));
  }

  async #lay(index: number, rate: number): Promise<void> {
    const takenBack = this.#takenBack;
    const clip = this.#clips.get(index);
    const decoded = this.#decoded.get(index);
    this.#forget(index);
    if (clip === undefined || decoded === undefined) return;
    this.#laying = true;
    try {
      const { buffer, paced } = await this.#paced(decoded, clip.durationMs, rate);
      if (takenBack === this.#takenBack) this.#start(index, buffer, paced);
    } catch (fault) {
      console.warn(`clip ${index} can't be played`, fault);
      if (takenBack === this.#takenBack) this.#events.onSkipped(index, 'lost');
    } finally {
      this.#laying = false;
    }
    this.#pump();
  }

  /** The speech alone, at its pace; as it is where that can't be changed. */
  async #paced(
    decoded: AudioBuffer,
    durationMs: number,
    rate: number,
  ): Promise<{ buffer: AudioBuffer; paced: number }> {
    const { sampleRate } = decoded;
    const { offset, length } = speechSpan(decoded.duration, durationMs);
    const first = Math.round(offset * sampleRate);
    let samples = decoded.getChannelData(0).slice(first, first + Math.round(length * sampleRate));
    let paced = 1;
    if (rate !== 1) {
      const stretched = await this.#stretcher.stretch(samples.slice(), rate, sampleRate);
      if (stretched !== undefined) [samples, paced] = [stretched, rate];
    }
    const buffer = this.context.createBuffer(1, samples.length, sampleRate);
    buffer.copyToChannel(samples, 0);
    return { buffer, paced };
  }

  #start(index: number, buffer: AudioBuffer, rate: number): void {
    const durationMs = buffer.duration * 1000;
    // The context renders a buffer at a time, so its clock is behind what it has rendered by as much.
    const renderedMs = this.#nowMs + this.context.baseLatency * 1000;
    const startMs = this.#schedule.place(renderedMs, durationMs);
    const source = this.context.createBufferSource();
    source.buffer = buffer;
    source.connect(this.output);
    // On a whole sample: the clip before ends there, and nothing is interpolated.
    source.start(Math.round((startMs / 1000) * buffer.sampleRate) / buffer.sampleRate);
    const laid = { index, startMs, endMs: startMs + durationMs, rate, source };
    this.#laid.push(laid);
    this.#events.onLaid(laid, startMs - this.#nowMs + (this.context.outputLatency || 0) * 1000);
  }
}
