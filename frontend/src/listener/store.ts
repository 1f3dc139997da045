import { create } from 'zustand';
import type { Caption } from '../shared/captions';
import type { Link } from '../shared/listen/connection';
import type { Offer, SessionState } from '../shared/listen/messages';
import type { Refusal } from '../shared/reconnect';
import { recall, remember } from '../shared/storage';
import type { Talk } from './talk';

/** Which part of the page is shown. */
export type Screen =
  | { readonly name: 'loading' }
  /** Nobody answers; the next try is at `retryAtMs` on the clock of `performance.now()`. */
  | { readonly name: 'unreachable'; readonly retryAtMs: number }
  /** A code is asked for. written: the last one, or the link; why: what was wrong with it. */
  | { readonly name: 'code'; readonly written: string; readonly why: Refusal | 'malformed' | undefined }
  | { readonly name: 'welcome' }
  | { readonly name: 'listening' };

/** `voice`: hear and read; `captions`: read only. */
export type Mode = 'voice' | 'captions';

/** Something that a listener should know, and can wave away. `dropped`: too much waited; `gap`: lost while away. */
export type Remark = 'dropped' | 'gap';

export interface Preferences {
  readonly volume: number;
  /** An index of `TEXT_SCALES`. */
  readonly textSize: number;
  readonly showOriginal: boolean;
  /** Only text that will not change. */
  readonly stableOnly: boolean;
}

export interface ListenerState extends Preferences {
  readonly screen: Screen;
  readonly talk: Talk | undefined;
  /** What the speaker does, once the notifier has said it. */
  readonly state: SessionState | undefined;
  /** The talk has ended, all of it was received, and what is to be heard was heard. */
  readonly finished: boolean;
  /** Whether what is said is being recognized. */
  readonly recognized: boolean;
  readonly language: string;
  readonly mode: Mode;
  readonly link: Link;
  /** By language, as far as they were received. */
  readonly captions: Readonly<Record<string, readonly Caption[]>>;
  /** The speaker's words that may still change. */
  readonly interim: string;
  /** Whether the language has a voice, once its captions have told. */
  readonly voiced: boolean | undefined;
  readonly paused: boolean;
  readonly muted: boolean;
  /** The browser won't let us be heard before the page is touched. */
  readonly blocked: boolean;
  /** Index of the segment that is heard now. */
  readonly hearing: number | undefined;
  /** From the speaker's last word of a segment to its being heard, or read where nothing is heard. */
  readonly lagMs: number | undefined;
  readonly backlogMs: number;
  readonly remark: Remark | undefined;
}

/** Captions' sizes, of the normal one. */
export const TEXT_SCALES = [0.75, 1, 1.3, 1.7, 2.2, 2.8] as const;

const DEFAULTS: Preferences = { volume: 1, textSize: 1, showOriginal: false, stableOnly: false };

export const useListener = create<ListenerState>(() => ({
  ...DEFAULTS,
  ...rememberedPreferences(),
  screen: { name: 'loading' },
  talk: undefined,
  state: undefined,
  finished: false,
  recognized: true,
  language: '',
  mode: 'voice',
  link: { state: 'connecting', lost: false, full: false },
  captions: {},
  interim: '',
  voiced: undefined,
  paused: false,
  muted: false,
  blocked: false,
  hearing: undefined,
  lagMs: undefined,
  backlogMs: 0,
  remark: undefined,
}));

/** The chosen language, as it is offered. */
export const chosenOffer = ({ talk, language }: ListenerState): Offer | undefined =>
  talk?.languages.find(({ code }) => code === language);

/** Whether the chosen language can be heard: as it is offered, unless its captions have said otherwise. */
export const canBeHeard = (state: ListenerState): boolean | undefined =>
  state.voiced ?? chosenOffer(state)?.speech;

/** A connection that is gone, or refused, and tried again. */
export type CutOff = Extract<Link, { full: boolean }>;

export const isCutOff = (link: Link): link is CutOff =>
  link.state === 'waiting' || (link.state === 'connecting' && link.lost);

/** Change preferences, for this time and the next. */
export function prefer(changed: Partial<Preferences>): void {
  useListener.setState(changed);
  const { volume, textSize, showOriginal, stableOnly } = useListener.getState();
  remember('listener', { volume, textSize, showOriginal, stableOnly } satisfies Preferences);
}

/** What was stored may be from another version of the page: only what fits is taken. */
function rememberedPreferences(): Partial<Preferences> {
  const stored = recall('listener') as Partial<Preferences> | undefined;
  const fits = Object.entries(DEFAULTS).filter(
    ([name, value]) => typeof value === typeof stored?.[name as keyof Preferences],
  );
  return Object.fromEntries(fits.map(([name]) => [name, stored?.[name as keyof Preferences]]));
}
