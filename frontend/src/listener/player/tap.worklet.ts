/** Runs on the audio thread: passes on what it hears, and hands a copy out. */

/** The worklet's own globals, which TypeScript's DOM library lacks. */
declare const currentFrame: number;
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

/** A piece of what was heard. */
export interface Heard {
  /** Sample of the context's clock at which it begins. */
  readonly firstSample: number;
  readonly pcm: Int16Array<ArrayBuffer>;
}

const PIECE_SAMPLES = 4096;

class TapProcessor extends AudioWorkletProcessor {
  #pcm = new Int16Array(PIECE_SAMPLES);
  #filled = 0;

  process([input]: Float32Array[][], [output]: Float32Array[][], _: unknown): boolean {
    const heard = input?.[0];
    const length = output?.[0]?.length ?? 0;
    for (const channel of output ?? []) if (heard !== undefined) channel.set(heard);
    for (let i = 0; i < length; i++) {
      const sample = Math.max(-1, Math.min(1, heard?.[i] ?? 0));
      this.#pcm[this.#filled++] = Math.round(sample * 32_767);
      if (this.#filled === PIECE_SAMPLES) this.#handOut(currentFrame + i + 1 - PIECE_SAMPLES);
    }
    return true;
  }

  #handOut(firstSample: number): void {
    const pcm = this.#pcm;
    this.#pcm = new Int16Array(PIECE_SAMPLES);
    this.#filled = 0;
    this.port.postMessage({ firstSample, pcm } satisfies Heard, [pcm.buffer]);
  }
}

registerProcessor('tap', TapProcessor);
