import type { StretchAnswer, StretchRequest } from './stretch.worker';

type Samples = Float32Array<ArrayBuffer>;

/** A Worker that failed is replaced; after so many failures in a row speech plays as it is. */
const MOST_FAILURES = 3;
/** A clip takes some 10 ms; a Worker that takes so long hangs, which counts as failed. */
const LIMIT_MS = 5_000;

/** Changes the pace of speech in a Worker, so that neither the page nor the sound ever waits for it. */
export class Stretcher {
  readonly #asked = new Map<number, (samples: Samples | undefined) => void>();
  #worker: Worker | undefined;
  #failures = 0;
  #next = 0;

  constructor() {
    this.#worker = this.#started();
  }

  /** samples: mono, given away; sampleRate in Hz. undefined where the Worker failed: play it as it is. */
  stretch(samples: Samples, rate: number, sampleRate: number): Promise<Samples | undefined> {
    if (this.#failures >= MOST_FAILURES) return Promise.resolve(undefined);
    this.#worker ??= this.#started();
    const worker = this.#worker;
    const request: StretchRequest = { id: this.#next++, samples, rate, sampleRate };
    worker.postMessage(request, [samples.buffer]);
    return new Promise((resolve) => {
      const limit = setTimeout(() => this.#failed(worker), LIMIT_MS);
      this.#asked.set(request.id, (stretched) => {
        clearTimeout(limit);
        resolve(stretched);
      });
    });
  }

  close(): void {
    this.#worker?.terminate();
  }

  #started(): Worker {
    const worker = new Worker(new URL('./stretch.worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<StretchAnswer>) => {
      this.#failures = 0;
      this.#answer(data.id, data.samples);
    };
    worker.onerror = () => this.#failed(worker);
    return worker;
  }

  #failed(worker: Worker): void {
    worker.terminate();
    this.#worker = undefined;
    this.#failures += 1;
    for (const id of [...this.#asked.keys()]) this.#answer(id, undefined);
  }

  #answer(id: number, samples: Samples | undefined): void {
    this.#asked.get(id)?.(samples);
    this.#asked.delete(id);
  }
}
