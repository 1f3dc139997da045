/** The record-and-play-back test: what listeners' languages will be made from, heard by the speaker first. */

import { FRAME_SAMPLES, SAMPLE_RATE } from '../uplink/frame';
import type { CapturedMessage } from '../uplink/talk';
import type { Microphone } from './microphone';

export const RECORDING_MS = 5_000;
const FRAMES = Math.ceil((RECORDING_MS / 1000) * (SAMPLE_RATE / FRAME_SAMPLES));

/** Record as the talk would be: the very frames that are sent. Rejects where the microphone goes before they are there. */
export function record(microphone: Microphone, signal: AbortSignal): Promise<Float32Array<ArrayBuffer>> {
  const { port1, port2 } = new MessageChannel();
  const samples = new Float32Array(FRAMES * FRAME_SAMPLES);
  let frames = 0;
  return new Promise((resolve, reject) => {
    const stop = () => {
      microphone.sendTo(null);
      port1.close();
      signal.removeEventListener('abort', aborted);
    };
    const aborted = () => {
      stop();
      reject(signal.reason);
    };
    signal.addEventListener('abort', aborted);
    port1.onmessage = ({ data }: MessageEvent<CapturedMessage>) => {
      data.pcm.forEach((sample, n) => {
        samples[frames * FRAME_SAMPLES + n] = sample / 32_768;
      });
      frames += 1;
      if (frames < FRAMES) return;
      stop();
      resolve(samples);
    };
    microphone.sendTo(port2);
  });
}

/** Play it; resolves at its end, or when it is stopped. */
export async function play(
  context: AudioContext,
  samples: Float32Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<void> {
  const buffer = context.createBuffer(1, samples.length, SAMPLE_RATE);
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  await new Promise<void>((resolve) => {
    source.onended = () => resolve();
    signal.addEventListener('abort', () => source.stop());
    source.start();
  });
}
