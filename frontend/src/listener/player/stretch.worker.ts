import { wsola } from './wsola';

/** Speech to be played at another pace; the answer has the same number. */
export interface StretchRequest {
  readonly id: number;
  readonly samples: Float32Array<ArrayBuffer>;
  readonly rate: number;
  readonly sampleRate: number;
}

export interface StretchAnswer {
  readonly id: number;
  readonly samples: Float32Array<ArrayBuffer>;
}

self.onmessage = ({ data }: MessageEvent<StretchRequest>) => {
  const samples = wsola(data.samples, data.rate, data.sampleRate);
  self.postMessage({ id: data.id, samples } satisfies StretchAnswer, { transfer: [samples.buffer] });
};
