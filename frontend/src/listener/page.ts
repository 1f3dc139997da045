import { type Config, loadConfig } from '../shared/config';
import { readersFirst } from '../shared/languages';
import type { Refusal } from '../shared/reconnect';
import { waitMs } from '../shared/reconnect';
import { recall, remember } from '../shared/storage';
import { Listening } from './listening';
import { keepPlace, type Place, placeIn } from './place';
import type { tap as tapOf } from './player/tap';
import { type Mode, useListener } from './store';
import { findTalk, type NoTalk, sessionName, type Talk } from './talk';

/** What the page does from being opened to being closed. */

const set = useListener.setState;

let config: Config | undefined;
let tap: typeof tapOf | undefined;
let listening: Listening | undefined;
let opening = 0;
let endWait = () => {};

/** What is being listened to. */
export const current = (): Listening | undefined => listening;

/** Show what the page's address names: a talk, or the question for one. */
export async function begin(): Promise<void> {
  if (new URLSearchParams(location.search).has('tap')) tap = (await import('./player/tap')).tap;
  addEventListener('hashchange', () => void open(location.hash));
  addEventListener('pagehide', leavePlace);
  document.addEventListener('visibilitychange', leavePlace);
  await open(location.hash);
}

/** Open a talk by its code or link, for as long as it takes to reach the service. */
export async function open(written: string): Promise<void> {
  const mine = ++opening;
  listening?.close();
  listening = undefined;
  const name = sessionName(written);
  if (name === undefined) return ask(written, written === '' ? undefined : 'malformed');
  set({ screen: { name: 'loading' }, talk: undefined });
  for (let attempt = 0; ; attempt++) {
    const found = await find(name);
    if (mine !== opening) return;
    if (found !== 'unreachable') return show(found, written);
    const wait = waitMs(attempt + 2);
    set({ screen: { name: 'unreachable', retryAtMs: performance.now() + wait } });
    await waited(wait);
  }
}

/** Don't wait any longer for the service. */
export const retryNow = (): void => endWait();

/** Listen to the talk that was opened. Call it in a tap or a key press. */
export function listen(mode: Mode): void {
  const { talk, language } = useListener.getState();
  if (talk !== undefined) start(talk.id, language, mode, undefined);
}

/** Choose a language, also for the next talk. */
export function chooseLanguage(language: string): void {
  remember('language', language);
  if (listening === undefined) set({ language });
  else listening.chooseLanguage(language);
}

/** Back to where a language is chosen. */
export function leave(): void {
  keepPlace(undefined);
  void open(location.hash);
}

async function find(name: string): Promise<Talk | Place | NoTalk> {
  try {
    config ??= await loadConfig();
  } catch (fault) {
    console.warn('no configuration', fault);
    return 'unreachable';
  }
  return placeIn(name) ?? findTalk(config, name);
}

function show(found: Talk | Place | Exclude<NoTalk, 'unreachable'>, written: string): void {
  if (typeof found === 'string') {
    ask(written, found);
  } else if ('session' in found) {
    start(found.session, found.language, found.mode, found);
  } else {
    history.replaceState(null, '', `#${found.id}`);
    set({ screen: { name: 'welcome' }, talk: found, language: firstChoice(found) });
  }
}

/** Ask for a code. What was written stays, to be compared and mended. */
function ask(written: string, why: Refusal | 'malformed' | undefined): void {
  set({ screen: { name: 'code', written: written.replace(/^#/, ''), why }, talk: undefined });
}

function firstChoice(talk: Talk): string {
  const codes = talk.languages.map(({ code }) => code);
  return readersFirst(codes, [String(recall('language')), ...navigator.languages])[0] ?? talk.sourceLanguage;
}

function start(session: string, language: string, mode: Mode, place: Place | undefined): void {
  if (config !== undefined)
    listening = new Listening(config, { session, language, mode, place, tap, onRefused: refused });
}

/** What was read of a talk that has ended stays on the screen. */
function refused(why: Refusal): void {
  keepPlace(undefined);
  const { captions, language } = useListener.getState();
  if (why === 'ended' && captions[language]?.length) {
    set({ state: 'ended', interim: '' });
    return;
  }
  listening?.close();
  listening = undefined;
  if (why === 'language') void open(location.hash);
  else ask(location.hash, why);
}

function leavePlace(): void {
  if (listening !== undefined) keepPlace(listening.place());
}

function waited(ms: number): Promise<void> {
  return new Promise((resolve) => {
    endWait = resolve;
    setTimeout(resolve, ms);
  });
}
