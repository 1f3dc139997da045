/** The speaker reads along: the talk's text in its own language and in those that somebody listens to. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { type Caption, withCaption, withLastMark } from '../../shared/captions';
import { monotonicMs, type ServerClock } from '../../shared/clock';
import { Connection, type Link } from '../../shared/listen/connection';
import type { CaptionNotice, Notice } from '../../shared/listen/messages';
import { RecentLag } from './lag';
import type { CaptionShelf, CaptionsByLanguage } from './shelf';

/** What comes just after a join may have waited for it: its lag is not the talk's. */
const CATCHING_UP_MS = 1_000;

export interface FollowingView {
  readonly captions: CaptionsByLanguage;
  /** Words of the spoken language that may still change. */
  readonly interim: string;
  /** Whether what is said is being recognized. */
  readonly recognized: boolean;
  /** From the end of the words to their text, lately, by language. */
  readonly lagMs: Readonly<Record<string, number>>;
  /** `over`: everything has come. */
  readonly links: Readonly<Record<string, Link['state']>>;
}

export interface FollowingOptions {
  /** The notifier's socket. */
  readonly url: string;
  readonly sessionId: string;
  readonly sourceLanguage: string;
  readonly shelf: CaptionShelf;
  readonly clock: ServerClock;
  /** Called whenever the service said what time it is. */
  readonly onClock: () => void;
  /** Called for every sign that speech was understood. */
  readonly onText: () => void;
}

/** One connection a language. None of them counts as a listener. */
export class Following {
  readonly view: StoreApi<FollowingView>;
  readonly #options: FollowingOptions;
  readonly #connections = new Map<string, Connection>();
  readonly #lags = new Map<string, RecentLag>();

  /** Follow the spoken language, and go on with those that captions are kept of. */
  constructor(options: FollowingOptions, captions: CaptionsByLanguage) {
    this.#options = options;
    this.view = createStore(() => ({ captions, interim: '', recognized: true, lagMs: {}, links: {} }));
    for (const language of [options.sourceLanguage, ...Object.keys(captions)]) this.follow(language);
  }

  /** Follow a language from its beginning, as far as it is still there; once is enough. */
  follow(language: string): void {
    if (this.#connections.has(language)) return;
    let joinedAtMs = Number.NEGATIVE_INFINITY;
    const partials = language === this.#options.sourceLanguage;
    const connection = new Connection(
      this.#options.url,
      { session: this.#options.sessionId, language, audio: false, partials, monitor: true },
      {
        onLink: ({ state }) => this.#set('links', language, state),
        onNotice: (notice) => {
          if (notice.type === 'joined') {
            joinedAtMs = monotonicMs();
            this.#options.clock.set(notice.server_time_ms);
            this.#options.onClock();
          }
          this.#take(language, notice, monotonicMs() - joinedAtMs > CATCHING_UP_MS);
        },
        after: () => this.#captions(language).at(-1)?.index ?? -1,
      },
    );
    this.#connections.set(language, connection);
    connection.open();
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    void this.#options.shelf.close();
  }

  #take(language: string, notice: Notice, timely: boolean): void {
    if (notice.type === 'caption') {
      this.#add(language, withCaption(this.#captions(language), notice));
      if (timely) this.#timed(language, notice);
    } else if (notice.type === 'partial') {
      this.view.setState({ interim: notice.text });
    } else if (notice.type === 'ended') {
      this.#add(language, withLastMark(this.#captions(language), notice.previous_mark));
    } else {
      if (notice.type === 'state') this.#forgetLag(language);
      if (notice.type === 'joined' || notice.type === 'state') {
        this.view.setState({ recognized: notice.recognized ?? true });
      }
      return;
    }
    if (language === this.#options.sourceLanguage) this.#options.onText();
  }

  #timed(language: string, { floor_epoch_ms, end_ms }: CaptionNotice): void {
    const lag = this.#lags.get(language) ?? new RecentLag();
    this.#lags.set(language, lag);
    lag.add(this.#options.clock.now() - (floor_epoch_ms + end_ms));
    this.#set('lagMs', language, lag.medianMs as number);
  }

  /** That of before a break says nothing of afterwards. */
  #forgetLag(language: string): void {
    this.#lags.delete(language);
    const { [language]: _, ...lagMs } = this.view.getState().lagMs;
    this.view.setState({ lagMs });
  }

  #add(language: string, captions: readonly Caption[]): void {
    const before = new Set(this.#captions(language));
    void this.#options.shelf.put(
      language,
      captions.filter((caption) => !before.has(caption)),
    );
    this.#set('captions', language, captions);
    if (language === this.#options.sourceLanguage) this.view.setState({ interim: '' });
  }

  #captions(language: string): readonly Caption[] {
    return this.view.getState().captions[language] ?? [];
  }

  #set<Key extends 'captions' | 'lagMs' | 'links'>(
    key: Key,
    language: string,
    value: FollowingView[Key][string],
  ): void {
    this.view.setState((view) => ({ [key]: { ...view[key], [language]: value } }));
  }
}
