/** A talk while it is given: microphone to ingest, text and listeners back to the speaker. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { monotonicMs, ServerClock } from '../../shared/clock';
import { type Config, listenUrl, speakUrl } from '../../shared/config';
import { recall, remember } from '../../shared/storage';
import type { Account } from '../account/account';
import { Following } from '../captions/following';
import { CaptionShelf, type CaptionsByLanguage } from '../captions/shelf';
import type { Microphone } from '../capture/microphone';
import { type OwnSession, type Sessions, Trouble } from '../talks/sessions';
import type { ToUplink, UplinkStatus, Wanted } from '../uplink/talk';
import { UnheardSpeech } from './silence';

const POLL_MS = 3_000;
const POLL_UNSEEN_MS = 15_000;
/** Languages that are followed at most, the spoken one included. */
const MOST_FOLLOWED = 12;
/** A device's own clock is good enough unless it is this wrong: what a join tells is late by the way here. */
const CLOCK_WRONG_MS = 500;
const TOKEN_RETRY_MS = 5_000;
const BEGAN = 'speaker.began';

export interface OnAirView {
  /** Null until the uplink has begun. */
  readonly uplink: UplinkStatus | null;
  /** By language; null until known. */
  readonly listeners: Readonly<Record<string, number>> | null;
  /** Speech comes in, and no text comes out. */
  readonly unheard: boolean;
  /** The token can't be renewed: somebody has to sign in. */
  readonly signedOut: boolean;
}

export interface OnAirOptions {
  readonly config: Config;
  readonly account: Account;
  readonly sessions: Sessions;
  readonly microphone: Microphone;
  readonly talk: OwnSession;
  /** Whether the speaker pressed the button just now; otherwise the page was loaded again in mid-talk. */
  readonly pressed: boolean;
}

export class OnAir {
  readonly view: StoreApi<OnAirView> = createStore(() => ({
    uplink: null,
    listeners: null,
    unheard: false,
    signedOut: false,
  }));
  readonly following: Following;
  /** When it began, by a clock that never jumps, in milliseconds since the Unix epoch. */
  readonly sinceMs: number;
  readonly #options: OnAirOptions;
  readonly #worker: Worker;
  readonly #unheard = new UnheardSpeech();
  readonly #leaving = new AbortController();
  #poll: ReturnType<typeof setTimeout> | undefined;
  #tokenRefused = 0;

  private constructor(options: OnAirOptions, shelf: CaptionShelf, captions: CaptionsByLanguage) {
    const { config, talk } = options;
    this.#options = options;
    this.sinceMs = beginning(talk.session_id);
    this.#worker = new Worker(new URL('../uplink/uplink.worker.ts', import.meta.url), { type: 'module' });
    this.#worker.onmessage = ({ data }: MessageEvent<UplinkStatus>) => this.#hear(data);
    const clock = new ServerClock();
    this.following = new Following(
      {
        url: listenUrl(config),
        sessionId: talk.session_id,
        sourceLanguage: talk.source_language,
        shelf,
        clock,
        onClock: () => this.#setClock(clock),
        onText: () => this.#understood(),
      },
      captions,
    );
  }

  /** Begin, or go on. Rejects with AccountFault where there is no token to be had. */
  static async begin(options: OnAirOptions): Promise<OnAir> {
    const token = await options.account.token();
    const shelf = new CaptionShelf(options.talk.session_id);
    await shelf.begin();
    const onAir = new OnAir(options, shelf, await shelf.load());
    onAir.#start(token);
    return onAir;
  }

  /** Pause, mute, go on, end. */
  want(state: Wanted): void {
    this.#tell({ type: 'want', state });
  }

  /** End at once, without what is not sent yet. Rejects with Trouble. */
  async endNow(): Promise<void> {
    this.want('ended');
    await this.#options.sessions.end(this.#options.talk.session_id);
  }

  retry(): void {
    this.#tell({ type: 'retry' });
  }

  /** Leave the air on this page; the captions are followed until `following` is closed. */
  close(): void {
    this.#leaving.abort();
    clearTimeout(this.#poll);
    this.#options.microphone.sendTo(null);
    this.#worker.terminate();
  }

  #start(token: string): void {
    const { config, talk, account, microphone, pressed } = this.#options;
    this.#tell({ type: 'start', url: speakUrl(config), sessionId: talk.session_id, token });
    if (pressed) this.want('live');
    const { port1, port2 } = new MessageChannel();
    microphone.sendTo(port1);
    this.#worker.postMessage({ type: 'frames', port: port2 } satisfies ToUplink, [port2]);

    const { signal } = this.#leaving;
    signal.addEventListener(
      'abort',
      account.onRenewal((renewed) => this.#renew(renewed)),
    );
    signal.addEventListener(
      'abort',
      microphone.view.subscribe(({ level }, before) => {
        if (level !== before.level) this.#said();
      }),
    );
    addEventListener('pagehide', () => this.#tell({ type: 'save' }), { signal });
    addEventListener('beforeunload', (event) => event.preventDefault(), { signal });
    document.addEventListener('visibilitychange', () => this.#stayAwake(), { signal });
    this.#stayAwake();
    void this.#count();
  }

  #hear(uplink: UplinkStatus): void {
    const before = this.view.getState().uplink;
    this.view.setState({ uplink });
    if (uplink.link === 'open') this.#tokenRefused = 0;
    if (uplink.link === 'token' && before?.link !== 'token') void this.#renewToken();
    if (uplink.link === 'closed') this.#leaving.abort();
  }

  /** The service refused the token: get another, and where that doesn't help, the speaker has to. */
  async #renewToken(): Promise<void> {
    this.#tokenRefused += 1;
    if (this.#tokenRefused > 1) {
      this.view.setState({ signedOut: true });
      return;
    }
    try {
      this.#renew(await this.#options.account.token(true));
    } catch {
      if (this.#options.account.view.getState().status === 'out') this.view.setState({ signedOut: true });
      else {
        this.#tokenRefused = 0;
        setTimeout(() => void this.#renewToken(), TOKEN_RETRY_MS);
      }
    }
  }

  #renew(token: string): void {
    this.view.setState({ signedOut: false });
    this.#tell({ type: 'token', token });
  }

  /** How many listen, and in which languages: those are followed too. */
  async #count(): Promise<void> {
    try {
      const { listeners } = await this.#options.sessions.get(this.#options.talk.session_id);
      if (this.#leaving.signal.aborted) return;
      this.view.setState({ listeners });
      for (const language of Object.keys(listeners).slice(0, MOST_FOLLOWED)) this.following.follow(language);
    } catch (fault) {
      this.view.setState({ listeners: null }); // the uplink notices by itself when the talk is over
      if (!(fault instanceof Trouble)) console.warn('listeners could not be counted', fault);
    }
    const wait = document.visibilityState === 'visible' ? POLL_MS : POLL_UNSEEN_MS;
    if (!this.#leaving.signal.aborted) this.#poll = setTimeout(() => void this.#count(), wait);
  }

  #said(): void {
    const { uplink } = this.view.getState();
    if (uplink?.link === 'open' && uplink.wanted === 'live') {
      this.#unheard.said(this.#options.microphone.view.getState().level);
    } else this.#unheard.understood();
    this.#showUnheard();
  }

  #understood(): void {
    this.#unheard.understood();
    this.#showUnheard();
  }

  #showUnheard(): void {
    const unheard = this.#unheard.tooMuch;
    if (this.view.getState().unheard !== unheard) this.view.setState({ unheard });
  }

  #setClock({ offsetMs }: ServerClock): void {
    this.#tell({ type: 'clock', offsetMs: Math.abs(offsetMs) < CLOCK_WRONG_MS ? 0 : offsetMs });
  }

  /** The screen stays on; a browser may take that back whenever the page is hidden. */
  #stayAwake(): void {
    if (document.visibilityState !== 'visible') return;
    navigator.wakeLock?.request('screen').then(
      (lock) => {
        if (this.#leaving.signal.aborted) void lock.release();
        else this.#leaving.signal.addEventListener('abort', () => void lock.release());
      },
      () => {}, // the device saves its battery
    );
  }

  #tell(message: ToUplink): void {
    this.#worker.postMessage(message);
  }
}

/** When this device went on air with the talk; again the same after a break. */
function beginning(sessionId: string): number {
  const kept = recall(BEGAN) as { sessionId: string; sinceMs: number } | undefined;
  const sinceMs = kept?.sessionId === sessionId ? kept.sinceMs : monotonicMs();
  remember(BEGAN, { sessionId, sinceMs });
  return sinceMs;
}
