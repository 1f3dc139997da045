/** What the speaker sees of how the talk stands. Pure. */

import type { MicrophoneState } from '../capture/microphone';
import type { UplinkStatus } from '../uplink/talk';

/**
 * `silent`: it is on air, without a microphone. `lost`: it was on air and has no connection. `off`: it won't go on
 * here. Pause and mute are the speaker's own wish and show as such even without a connection.
 */
export type Standing = 'connecting' | 'on-air' | 'silent' | 'paused' | 'muted' | 'lost' | 'ending' | 'off';

/** Audio under way that is no longer the usual fraction of a second. */
const BEHIND_MS = 1_500;

export function standing(uplink: UplinkStatus | null, microphone: MicrophoneState): Standing {
  if (uplink === null) return 'connecting';
  const { link, quiet, wanted, state } = uplink;
  if (link === 'closed') return 'off';
  if (wanted === 'ended') return 'ending';
  if (wanted !== 'live') return wanted;
  if (link === 'open' && !quiet) {
    if (state !== 'live') return 'connecting';
    return microphone === 'open' || microphone === 'opening' ? 'on-air' : 'silent';
  }
  return state === null ? 'connecting' : 'lost';
}

/** From here on a speaker does well to let listeners catch up. */
const FAR_BEHIND_MS = 12_000;
/** As exactly as a speaker needs it: a number that changes with each sentence only distracts. */
const BEHIND_STEP_S = 5;

/** How many seconds the last of these languages is behind speech, about; 0 where there is nothing to mention. */
export function secondsBehind(lagMs: Readonly<Record<string, number>>, languages: readonly string[]): number {
  const most = Math.max(0, ...languages.map((code) => lagMs[code] ?? 0));
  return most < FAR_BEHIND_MS ? 0 : Math.round(most / 1000 / BEHIND_STEP_S) * BEHIND_STEP_S;
}

/** Seconds of audio that wait to be sent; 0 where there is nothing to mention. */
export const secondsKept = ({ keptMs }: UplinkStatus): number =>
  keptMs < BEHIND_MS ? 0 : Math.round(keptMs / 1000);
