/** Runs on the audio thread: makes frames of 16 kHz s16le from whatever the card gives, and measures them. */

import { FRAME_SAMPLES, SAMPLE_RATE } from '../uplink/frame';
import type { CapturedMessage } from '../uplink/talk';
import type { Level } from './meter';
import { Resampler } from './resampler';

/** The worklet's own globals, which TypeScript's DOM library lacks. */
declare const sampleRate: number;
declare const currentTime: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

const QUANTUM = 128;
const AS_LOUD_AS_THERE_IS = 0.98;

class Capture extends AudioWorkletProcessor {
  readonly #resampler = new Resampler(sampleRate, SAMPLE_RATE);
  readonly #silence = new Float32Array(QUANTUM);
  #pcm = new Int16Array(FRAME_SAMPLES);
  #filled = 0;
  #peak = 0;
  #squares = 0;
  #clipped = 0;
  #frames: MessagePort | null = null;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<MessagePort | null>) => {
      this.#frames = data;
    };
  }

  /** A microphone that is gone gives no channel: time goes on without it. */
  process([input]: Float32Array[][]): boolean {
    this.#resampler.push(input?.[0] ?? this.#silence, this.#take);
    return true;
  }

  readonly #take = (sample: number): void => {
    const size = Math.abs(sample);
    this.#peak = Math.max(this.#peak, size);
    this.#squares += sample * sample;
    if (size >= AS_LOUD_AS_THERE_IS) this.#clipped += 1;
    this.#pcm[this.#filled++] = Math.round(Math.max(-1, Math.min(1, sample)) * 32_767);
    if (this.#filled === FRAME_SAMPLES) this.#give();
  };

  #give(): void {
    const level: Level = {
      peak: this.#peak,
      rms: Math.sqrt(this.#squares / FRAME_SAMPLES),
      clipped: this.#clipped / FRAME_SAMPLES,
    };
    this.port.postMessage(level);
    const cardMs = (currentTime + (QUANTUM - this.#resampler.delay) / sampleRate) * 1000;
    this.#frames?.postMessage({ pcm: this.#pcm, cardMs } satisfies CapturedMessage, [this.#pcm.buffer]);
    this.#pcm = new Int16Array(FRAME_SAMPLES);
    this.#filled = this.#peak = this.#squares = this.#clipped = 0;
  }
}

registerProcessor('capture', Capture);
