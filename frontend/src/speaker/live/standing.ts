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

/** Seconds of audio that wait to be sent; 0 where there is nothing to mention. */
export const secondsKept = ({ keptMs }: UplinkStatus): number =>
  keptMs < BEHIND_MS ? 0 : Math.round(keptMs / 1000);
