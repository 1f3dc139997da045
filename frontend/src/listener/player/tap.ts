import type { ServerClock } from '../../shared/clock';
import type { Laid, Player } from './player';
import type { Heard } from './tap.worklet';
import worklet from './tap.worklet.ts?worker&url';

/** For tests: what a page opened with `?tap` plays, as it goes to the loudspeaker. Times are the context's, in seconds. */
export interface DragomanTap {
  readonly sampleRate: number;
  /** What was heard since the last call: mono s16le in base64, and when it began. */
  take(): { readonly startS: number; readonly pcm: string };
  /** Clips as they were laid, since the page was opened. */
  readonly clips: readonly TappedClip[];
  /** One moment on three clocks: the context's, the service's wall clock, and the way from one to the loudspeaker. */
  moment(): { readonly contextS: number; readonly serverMs: number; readonly latencyS: number };
}

export interface TappedClip {
  readonly language: string;
  readonly index: number;
  readonly startS: number;
  readonly endS: number;
  readonly rate: number;
}

declare global {
  interface Window {
    dragomanTap?: DragomanTap;
  }
}

/** Ten minutes at 48 kHz; the oldest is let go. */
const KEPT_PIECES = 7_000;

/** Put the tap before the loudspeaker. Returns what is to be called with each clip that is laid. */
export function tap(player: Player, clock: ServerClock): (language: string, clip: Laid) => void {
  const { context, output } = player;
  const pieces: Heard[] = [];
  const clips: TappedClip[] = [...(window.dragomanTap?.clips ?? [])];
  window.dragomanTap = {
    sampleRate: context.sampleRate,
    clips,
    take: () => taken(pieces.splice(0), context.sampleRate),
    moment: () => ({
      contextS: context.currentTime,
      serverMs: clock.now(),
      latencyS: context.outputLatency || 0,
    }),
  };
  void insert(context, output, (piece) => {
    pieces.push(piece);
    if (pieces.length > KEPT_PIECES) pieces.shift();
  });
  return (language, { index, startMs, endMs, rate }) => {
    clips.push({ language, index, startS: startMs / 1000, endS: endMs / 1000, rate });
  };
}

async function insert(context: AudioContext, output: AudioNode, hear: (piece: Heard) => void): Promise<void> {
  await context.audioWorklet.addModule(worklet);
  const node = new AudioWorkletNode(context, 'tap', { channelCount: 1, channelCountMode: 'explicit' });
  node.port.onmessage = ({ data }: MessageEvent<Heard>) => hear(data);
  output.disconnect();
  output.connect(node).connect(context.destination);
}

function taken(pieces: readonly Heard[], sampleRate: number): { startS: number; pcm: string } {
  const parts = pieces.map(({ pcm }) =>
    Array.from(new Uint8Array(pcm.buffer), (byte) => String.fromCharCode(byte)).join(''),
  );
  return { startS: (pieces[0]?.firstSample ?? 0) / sampleRate, pcm: btoa(parts.join('')) };
}
