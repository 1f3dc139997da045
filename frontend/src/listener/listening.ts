import { withCaption, withLastMark, withoutSpeech } from '../shared/captions';
import { ServerClock } from '../shared/clock';
import { type Config, listenUrl } from '../shared/config';
import { Connection, type Join, type Link } from '../shared/listen/connection';
import type {
  CaptionNotice,
  Joined,
  Notice,
  PartialNotice,
  SentenceMark,
  SpeechNotice,
} from '../shared/listen/messages';
import type { Refusal } from '../shared/reconnect';
import { LockScreen } from './device/lockScreen';
import { WakeLock } from './device/wakeLock';
import type { Place } from './place';
import { type Laid, Player, type Skipped } from './player/player';
import type { tap as tapOf } from './player/tap';
import { Progress } from './progress';
import { type Mode, useListener } from './store';
import { talkOf } from './talk';

/** How often is looked at what is heard. */
const TICK_MS = 200;
/** The backlog is told in such steps, so that the page isn't drawn anew all the time. */
const BACKLOG_STEP_MS = 500;
/** Interim words that nobody renewed have become final, or nothing. */
const INTERIM_MS = 4_000;

/** What somebody wants to hear. */
export interface Wish {
  /** Id of the session. */
  readonly session: string;
  readonly language: string;
  readonly mode: Mode;
  /** Where to go on. */
  readonly place: Place | undefined;
  /** Is told what is played. */
  readonly tap: typeof tapOf | undefined;
  /** The service won't have this listener (any more). */
  onRefused(why: Refusal): void;
}

const set = useListener.setState;
const get = useListener.getState;

/** One listener of one session: what the service sends and what the person does, brought to the player and the store. */
export class Listening {
  readonly #session: string;
  readonly #clock = new ServerClock();
  readonly #wakeLock = new WakeLock();
  readonly #connection: Connection;
  readonly #onRefused: (why: Refusal) => void;
  readonly #tap: typeof tapOf | undefined;
  #tapped: ReturnType<typeof tapOf> | undefined;
  #player: Player | undefined;
  #lockScreen: LockScreen | undefined;
  #progress = new Progress();
  #spans = new Map<number, SpeechNotice>();
  /** Speech of lower indexes doesn't come to whoever comes anew. */
  #nextSpeech = Number.POSITIVE_INFINITY;
  #interimAt = 0;
  /** Nothing more will be sent. */
  #over = false;
  #onSettled: ((waited: true) => void)[] = [];
  readonly #ticking: ReturnType<typeof setInterval>;

  /** Call it in a tap or a key press, or the voice will be blocked. */
  constructor(config: Config, { session, language, mode, place, tap, onRefused }: Wish) {
    this.#session = session;
    this.#tap = tap;
    this.#onRefused = onRefused;
    set({
      screen: { name: 'listening' },
      state: undefined,
      finished: false,
      recognized: true,
      voiced: undefined,
      lagMs: undefined,
      language,
      mode,
      captions: { [language]: place?.captions ?? [] },
    });
    if (place !== undefined) this.#progress.told(place.after, false);
    this.#connection = new Connection(listenUrl(config), this.#join(), {
      onNotice: (notice) => this.#take(notice),
      onLink: (link) => this.#linked(link),
      after: () => this.#progress.after,
    });
    if (mode === 'voice') this.#startVoice();
    this.#wakeLock.start();
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
    this.#connection.open();
  }

  /** Where this listener is, for a page that is loaded again; undefined before the first caption and after the end. */
  place(): Place | undefined {
    this.#player?.settle();
    const { language, mode, captions, link } = get();
    const after = this.#progress.after;
    if (after === undefined || link.state === 'over') return undefined;
    return { session: this.#session, language, mode, after, captions: captions[language] ?? [] };
  }

  /** Leave, for good. */
  close(): void {
    clearInterval(this.#ticking);
    this.#connection.close();
    this.#stopVoice();
    this.#wakeLock.stop();
  }

  readonly retryNow = (): void => this.#connection.retryNow();

  /** Go on in another language, where this one was left. */
  chooseLanguage(language: string): void {
    this.#player?.settle();
    const { language: left, captions } = get();
    const after = this.#progress.after ?? Number.NEGATIVE_INFINITY;
    const last = captions[left]?.findLast(({ index }) => index <= after);
    set({ language, voiced: undefined, lagMs: undefined, interim: '' });
    this.#startAnew(undefined, last?.endMs);
  }

  /** Hear and read, or read only. Call it in a tap or a key press. */
  chooseMode(mode: Mode): void {
    const { after } = this.#progress;
    set({ mode, lagMs: undefined });
    if (mode === 'voice') {
      this.#startVoice();
      this.#startAnew();
    } else {
      this.#stopVoice();
      this.#startAnew(after);
    }
  }

  /** What is shown of the original, and how stable, has changed: so does whether interim words are wanted. */
  choosePartials(): void {
    set({ interim: '' });
    this.#connection.ask(this.#join(), this.#progress.after);
  }

  /** The browser has blocked the voice; call it in a tap or a key press. */
  readonly unblock = (): void => this.#player?.unblock();

  readonly pause = (): void => {
    this.#player?.pause();
    this.#lockScreen?.playing(false);
    set({ paused: true });
  };

  readonly resume = (): void => {
    this.#player?.resume();
    this.#lockScreen?.playing(true);
    set({ paused: false });
  };

  /** The store's volume, or silence, has been chosen. */
  applyVolume(): void {
    const { volume, muted } = get();
    this.#player?.setVolume(muted ? 0 : volume);
  }

  /** Leave out what waits, and hear what is said now. */
  readonly jumpToLive = (): void => {
    this.#player?.jumpToLive();
    if (get().paused) this.resume();
  };

  #join(): Join {
    const { language, mode, talk, showOriginal, stableOnly } = get();
    const partials = !stableOnly && (showOriginal || language === talk?.sourceLanguage);
    return { session: this.#session, language, audio: mode === 'voice', partials };
  }

  /** after: the last index that was heard. fromMs: the floor audio that was heard in another language. */
  #startAnew(after?: number, fromMs?: number): void {
    this.#player?.reset();
    this.#spans.clear();
    this.#progress = new Progress();
    if (after !== undefined) this.#progress.told(after, false);
    this.#connection.ask({ ...this.#join(), ...(fromMs !== undefined && { from_ms: fromMs }) }, after);
  }

  #startVoice(): void {
    this.#player = new Player({
      onLaid: (clip, inMs) => this.#laid(clip, inMs),
      onHeard: (index) => this.#heard(index),
      onSkipped: (index, why) => this.#skipped(index, why),
      sign: (index) => this.#connection.resend(index - 1),
      reachable: () => this.#reachable(),
    });
    this.#tapped = this.#tap?.(this.#player, this.#clock);
    this.#lockScreen = new LockScreen(get().talk?.title ?? '', { play: this.resume, pause: this.pause });
    this.applyVolume();
    set({ paused: false });
  }

  #stopVoice(): void {
    this.#player?.close();
    this.#lockScreen?.close();
    this.#player = this.#lockScreen = undefined;
    set({ paused: false, blocked: false, hearing: undefined, backlogMs: 0 });
  }

  #linked(link: Link): void {
    set({ link });
    if (link.state === 'over') {
      // Clips that this page was not told of never come.
      this.#progress.settleBut(this.#spans);
      this.#over = true;
      this.#onRefused(link.why);
    }
    if (settled(link)) for (const resolve of this.#onSettled.splice(0)) resolve(true);
  }

  #reachable(): Promise<boolean> {
    if (settled(get().link)) return Promise.resolve(false);
    return new Promise((resolve) => this.#onSettled.push(resolve));
  }

  #take(notice: Notice): void {
    switch (notice.type) {
      case 'joined':
        this.#joined(notice);
        break;
      case 'caption':
        this.#caption(notice);
        break;
      case 'speech':
        this.#speech(notice);
        break;
      case 'partial':
        this.#partial(notice);
        break;
      case 'state':
        set({ state: notice.state, recognized: notice.recognized ?? true, interim: '' });
        break;
      case 'ended':
        this.#ended(notice.previous_mark);
        break;
      case 'error':
        console.warn(`the notifier says ${notice.code}: ${notice.message}`);
    }
  }

  #joined(joined: Joined): void {
    this.#clock.set(joined.server_time_ms);
    if (joined.language !== get().language) return;
    this.#progress.told(joined.next_index - 1, false);
    this.#nextSpeech = joined.next_speech ?? Number.POSITIVE_INFINITY;
    const wantedPartials = this.#join().partials;
    set({ talk: talkOf(joined), state: joined.state, recognized: joined.recognized ?? true });
    this.#lockScreen?.entitle(joined.title);
    if (joined.gap !== undefined) {
      const { to } = joined.gap;
      this.#player?.skipTo(to + 1);
      this.#progress.settleBefore(to + 1);
      set({ remark: 'gap' });
    }
    // Whether interim words are wanted depends on which language is spoken, which may be known only now.
    if (this.#join().partials !== wantedPartials) this.choosePartials();
  }

  #caption(notice: CaptionNotice): void {
    const { language, captions, mode } = get();
    if (notice.language !== language) return;
    const fresh = notice.history === undefined;
    const speechComes = notice.spoken && (fresh || notice.index >= this.#nextSpeech);
    this.#progress.told(notice.index, mode === 'voice' && speechComes);
    if (!notice.spoken) this.#player?.pass(notice.index);
    const before = captions[language] ?? [];
    const after = withCaption(before, notice);
    if (after === before) return;
    set({ captions: { ...captions, [language]: after } });
    if (notice.text !== '') set({ voiced: notice.spoken });
    if (language === get().talk?.sourceLanguage) set({ interim: '' });
    // Where something is to be heard, that tells the lag; a caption without words is nothing to be read.
    if (fresh && notice.text !== '' && !this.#progress.owing) this.#showLag(notice, 0);
  }

  #speech(notice: SpeechNotice): void {
    if (notice.language !== get().language || this.#player === undefined) return;
    const added = this.#player.add(notice.index, notice.duration_ms, notice.url);
    if (added === 'late') this.#progress.settle(notice.index);
    if (added !== 'new') return;
    this.#spans.set(notice.index, notice);
    this.#progress.told(notice.index, true);
    if (notice.url === null) this.#skipped(notice.index, 'lost');
  }

  #partial({ text }: PartialNotice): void {
    this.#interimAt = performance.now();
    set({ interim: text });
  }

  #ended(mark: SentenceMark): void {
    const { captions, language } = get();
    const list = withLastMark(captions[language] ?? [], mark);
    set({ state: 'ended', interim: '', captions: { ...captions, [language]: list } });
    this.#over = true;
    this.#tick();
  }

  #laid(clip: Laid, inMs: number): void {
    this.#tapped?.(get().language, clip);
    const notice = this.#spans.get(clip.index);
    if (notice !== undefined) this.#showLag(notice, inMs);
  }

  /** Clips are heard in order: what comes before and wasn't heard never will be. */
  #heard(index: number): void {
    this.#spans.delete(index);
    this.#progress.settleBefore(index + 1);
  }

  #skipped(index: number, why: Skipped): void {
    this.#spans.delete(index);
    this.#progress.settle(index);
    if (why === 'overflow') set({ remark: 'dropped' });
    if (why !== 'lost') return;
    const { captions, language } = get();
    set({ captions: { ...captions, [language]: withoutSpeech(captions[language] ?? [], index) } });
  }

  /** Lag: from the last sample of a segment's span to its being heard, or read, in so many ms. */
  #showLag(segment: CaptionNotice | SpeechNotice, inMs: number): void {
    set({ lagMs: this.#clock.now() + inMs - (segment.floor_epoch_ms + segment.end_ms) });
  }

  #tick(): void {
    const { finished, interim, hearing, backlogMs, blocked } = get();
    if (this.#over && !this.#progress.owing && !finished) {
      set({ finished: true });
      this.#wakeLock.stop();
    }
    if (interim !== '' && performance.now() - this.#interimAt > INTERIM_MS) set({ interim: '' });
    if (this.#player === undefined) return;
    this.#player.settle();
    const now = {
      blocked: !this.#player.audible,
      hearing: this.#player.hearing,
      backlogMs: Math.round(this.#player.backlogMs / BACKLOG_STEP_MS) * BACKLOG_STEP_MS,
    };
    if (now.hearing !== hearing || now.backlogMs !== backlogMs || now.blocked !== blocked) set(now);
  }
}

const settled = ({ state }: Link) => state === 'open' || state === 'over';
