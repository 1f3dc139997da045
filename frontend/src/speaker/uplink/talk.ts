/** What page and uplink worker tell each other. */

import type { SpeakerRefusal } from '../../shared/reconnect';

/** What a session is doing, as the services say it. */
export type SessionState = 'created' | 'live' | 'paused' | 'muted' | 'ended';

/** What the speaker wants it to be. */
export type Wanted = 'live' | 'paused' | 'muted' | 'ended';

/** From the page. */
export type ToUplink =
  | { readonly type: 'start'; readonly url: string; readonly sessionId: string; readonly token: string }
  /** Frames come through this port from now on, as `CapturedMessage`. */
  | { readonly type: 'frames'; readonly port: MessagePort }
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'want'; readonly state: Wanted }
  /** What to add to this device's clock to have the services'. */
  | { readonly type: 'clock'; readonly offsetMs: number }
  | { readonly type: 'retry' }
  /** The page may be about to go: keep everything at once. */
  | { readonly type: 'save' };

/** From the capture worklet to the uplink. */
export interface CapturedMessage {
  readonly pcm: Int16Array;
  /** The card's time at the last sample, in milliseconds. */
  readonly cardMs: number;
}

/**
 * `waiting`: for the next try. `token`: for a new one, since the service refused the last. `closed`: for good, see
 * `refusal`; without one the session ended as asked.
 */
export type Link = 'connecting' | 'open' | 'waiting' | 'token' | 'closed';

/** To the page: how it stands. */
export interface UplinkStatus {
  readonly link: Link;
  readonly refusal: SpeakerRefusal | null;
  /** Nothing gets through, though nobody said that the connection is lost. */
  readonly quiet: boolean;
  /** The service's own words about the last trouble. */
  readonly said: string | null;
  /** When the next try begins, in milliseconds since the Unix epoch; null unless waiting. */
  readonly retryAtMs: number | null;
  /** What the service last said that the session is; null before it said so. */
  readonly state: SessionState | null;
  readonly wanted: Wanted;
  /** Audio that the service doesn't have yet, lost for want of room, and never captured. */
  readonly keptMs: number;
  readonly lostMs: number;
  readonly missedMs: number;
  readonly full: boolean;
  /** Whether what is kept would survive the page's loading again. */
  readonly lasting: boolean;
}
