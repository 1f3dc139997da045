/** What comes over the listener's socket (`docs/protocol.md`). Times named `*_at_ms` are the server's wall clock. */

export type SessionState = 'created' | 'live' | 'paused' | 'muted' | 'ended';

export type SentenceMark = '' | '.' | '?' | '!';

/** A language that a session's listeners may choose. */
export interface Offer {
  readonly code: string;
  /** In the language itself. */
  readonly name: string;
  readonly direction: 'ltr' | 'rtl';
  readonly quality: 'good' | 'draft';
  /** Whether it can be heard; else there are captions alone. */
  readonly speech: boolean;
}

export interface Joined {
  readonly type: 'joined';
  readonly session_id: string;
  readonly title: string;
  readonly state: SessionState;
  readonly language: string;
  readonly source_language: string;
  readonly languages: readonly Offer[];
  readonly next_index: number;
  readonly server_time_ms: number;
  /** Where speech is wanted: the first index whose speech comes, of captions that are `history` too. */
  readonly next_speech?: number;
  /** Indexes after the one resumed from that are no longer kept, both included. */
  readonly gap?: { readonly from: number; readonly to: number };
  /** What is said now is not being recognized. */
  readonly recognized?: false;
}

interface Segment {
  readonly language: string;
  readonly index: number;
  /** Milliseconds of floor audio. */
  readonly start_ms: number;
  readonly end_ms: number;
  readonly text: string;
  /** Why there is no text, or no clip. */
  readonly failed?: string;
  /** Wall clock at which floor audio 0 ms was captured. */
  readonly floor_epoch_ms: number;
  readonly stages: Readonly<Record<string, number>>;
  readonly sent_at_ms: number;
}

export interface CaptionNotice extends Segment {
  readonly type: 'caption';
  /** Belongs to the caption before this one. */
  readonly previous_mark: SentenceMark;
  /** Whether a speech of the same index follows. */
  readonly spoken: boolean;
  /** The words it renders, in the spoken language. */
  readonly source: string;
  /** What is missing of the talk here, in ms: the caption stands for that alone. */
  readonly missing_ms?: number;
  /** From before this listener came: its speech comes from `next_speech` on. */
  readonly history?: true;
}

export interface SpeechNotice extends Segment {
  readonly type: 'speech';
  /** null: there is no clip. */
  readonly url: string | null;
  /** Exact length of the clip. */
  readonly duration_ms: number;
}

export interface PartialNotice {
  readonly type: 'partial';
  /** Words in the spoken language that may still change. */
  readonly text: string;
  readonly follows: number;
}

export interface StateNotice {
  readonly type: 'state';
  readonly state: SessionState;
  /** What is said now is not being recognized. */
  readonly recognized?: false;
}

export interface EndedNotice {
  readonly type: 'ended';
  readonly segments: number;
  /** Belongs to the last caption. */
  readonly previous_mark: SentenceMark;
}

export interface ErrorNotice {
  readonly type: 'error';
  readonly code: string;
  readonly message: string;
}

export type Notice =
  | Joined
  | CaptionNotice
  | SpeechNotice
  | PartialNotice
  | StateNotice
  | EndedNotice
  | ErrorNotice;

const TYPES: readonly string[] = [
  'joined',
  'caption',
  'speech',
  'partial',
  'state',
  'ended',
  'error',
] satisfies Notice['type'][];

/** Reads messages. What it doesn't know it reports, once per type, and ignores: the service may be newer than the page. */
export function noticeReader(report: (what: string) => void): (text: unknown) => Notice | undefined {
  const reported = new Set<string>();
  return (text) => {
    const message = parsed(text);
    const type = String(message?.type);
    if (TYPES.includes(type)) return message as unknown as Notice;
    if (!reported.has(type) && reported.size < 20) {
      reported.add(type);
      report(`ignored a message of unknown type ${type}`);
    }
    return undefined;
  };
}

function parsed(text: unknown): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(String(text));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
