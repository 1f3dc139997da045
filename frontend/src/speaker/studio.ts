/** Everything that the speaker's page works with, and which screen is shown. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import { type Config, loadConfig } from '../shared/config';
import type { SpeakerRefusal } from '../shared/reconnect';
import { Account } from './account/account';
import type { Following } from './captions/following';
import type { CaptionsByLanguage } from './captions/shelf';
import { CaptionShelf } from './captions/shelf';
import { Microphone } from './capture/microphone';
import { OnAir } from './live/on-air';
import { rememberedMicrophone, rememberMicrophone } from './preferences';
import { type OwnSession, Sessions } from './talks/sessions';

export type Screen =
  | { readonly name: 'talks' }
  | { readonly name: 'prepare'; readonly talk: OwnSession }
  | { readonly name: 'live'; readonly talk: OwnSession; readonly onAir: OnAir }
  | {
      readonly name: 'summary';
      readonly talk: OwnSession;
      /** What was kept; null where it is still coming in. */
      readonly captions: CaptionsByLanguage | null;
      readonly following: Following | null;
    };

/** The talk that this tab is on air with: it goes on when the page is loaded again. */
const ON_AIR = 'dragoman.on-air';

export class Studio {
  readonly config: Config;
  /** Where listeners come in. */
  readonly listenerPage: URL;
  readonly account: Account;
  readonly sessions: Sessions;
  readonly microphone = new Microphone(rememberedMicrophone());
  readonly screen: StoreApi<Screen> = createStore<Screen>(() => ({ name: 'talks' }));

  private constructor(config: Config) {
    this.config = config;
    this.listenerPage = new URL(config.listener ?? 'listener.html', document.baseURI);
    this.account = new Account(config.cognito);
    this.sessions = new Sessions(config.ingest, () => this.account.token());
    this.microphone.view.subscribe(({ settings }, before) => {
      if (settings !== before.settings) rememberMicrophone(settings);
    });
  }

  /** Read the configuration, find out who is there, and go on with a talk that this tab was giving. */
  static async open(): Promise<Studio> {
    const studio = new Studio(await loadConfig());
    await studio.account.begin();
    const talking = onAirWith();
    if (talking !== null && studio.account.view.getState().status === 'in') {
      void studio.microphone.open(); // what was kept goes out whether or not the microphone is there again
      await studio.#begin(talking, false);
    }
    return studio;
  }

  readonly toTalks = (): void => {
    this.#leave();
    this.#show({ name: 'talks' });
  };

  async signOut(): Promise<void> {
    this.toTalks();
    await this.account.signOut();
  }

  readonly prepare = (talk: OwnSession): void => {
    this.#show({ name: 'prepare', talk });
  };

  /** Begin, or go on where another page was; nothing happens without a microphone. Rejects with AccountFault. */
  async goOnAir(talk: OwnSession): Promise<void> {
    const { view } = this.microphone;
    if (view.getState().state !== 'open') await this.microphone.open();
    if (view.getState().state === 'open') await this.#begin(talk, true);
  }

  /** Speak here again after another window or device had taken over. Rejects with AccountFault. */
  async takeBack(talk: OwnSession, before: OnAir): Promise<void> {
    before.close();
    before.following.close();
    await this.goOnAir(talk);
  }

  async showSummary(talk: OwnSession): Promise<void> {
    const shelf = new CaptionShelf(talk.session_id);
    const captions = await shelf.load();
    void shelf.close();
    this.#show({ name: 'summary', talk, captions, following: null });
  }

  async #begin(talk: OwnSession, pressed: boolean): Promise<void> {
    const { config, account, sessions, microphone } = this;
    const onAir = await OnAir.begin({ config, account, sessions, microphone, talk, pressed });
    setOnAirWith(talk);
    onAir.view.subscribe(({ uplink }, before) => {
      if (uplink?.link === 'closed' && before.uplink?.link !== 'closed')
        this.#offAir(talk, onAir, uplink.refusal);
    });
    this.#show({ name: 'live', talk, onAir });
  }

  /** The talk is over, and its text is shown; or it won't go on here, and the page that was live says why. */
  #offAir(talk: OwnSession, onAir: OnAir, refusal: SpeakerRefusal | null): void {
    setOnAirWith(null);
    void this.microphone.close();
    if (refusal !== null && refusal !== 'ended') return;
    onAir.close();
    this.#show({ name: 'summary', talk, captions: null, following: onAir.following });
  }

  #leave(): void {
    const screen = this.screen.getState();
    if (screen.name === 'live') {
      screen.onAir.close();
      screen.onAir.following.close();
      setOnAirWith(null);
    }
    if (screen.name === 'summary') screen.following?.close();
    void this.microphone.close();
  }

  #show(screen: Screen): void {
    this.screen.setState(screen, true);
    scrollTo(0, 0);
  }
}

function onAirWith(): OwnSession | null {
  try {
    return JSON.parse(sessionStorage.getItem(ON_AIR) ?? 'null');
  } catch {
    return null;
  }
}

function setOnAirWith(talk: OwnSession | null): void {
  try {
    if (talk === null) sessionStorage.removeItem(ON_AIR);
    else sessionStorage.setItem(ON_AIR, JSON.stringify(talk));
  } catch {
    // Storage is forbidden: a page that is loaded again shows the list of talks.
  }
}
