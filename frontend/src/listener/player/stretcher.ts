import type { StretchAnswer, StretchRequest } from './stretch.worker';

type Samples = Float32Array<ArrayBuffer>;

/** Changes the pace of speech in a Worker, so that neither the page nor the sound ever waits for it. */
export class Stretcher {
  readonly #worker = new Worker(new URL('./stretch.worker.ts', import.meta.url), { type: 'module' });
  readonly #asked = new Map<number, (samples: Samples | undefined) => void>();
  #broken = false;
  #next = 0;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<StretchAnswer>) => this.#answer(data.id, data.samples);
    this.#worker.onerror = () => {
      this.#broken = true;
      for (const id of [...this.#asked.keys()]) this.#answer(id, undefined);
    };
  }

  /** samples: mono, given away; sampleRate in Hz. undefined where Workers don't work: play it as it is. */
  stretch(samples: Samples, rate: number, sampleRate: number): Promise<Samples | undefined> {
    if (this.#broken) return Promise.resolve(undefined);
    const id = this.#next++;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      const request: StretchRequest = { id, samples, rate, sampleRate };
      this.#worker.postMessage(request, [samples.buffer]);
    });
  }

  close(): void {
    this.#worker.terminate();
  }

  #answer(id: number, samples: Samples | undefined): void {
    this.#asked.get(id)?.(samples);
    this.#asked.delete(id);
  }
}
