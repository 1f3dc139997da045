import { beforeEach, expect, test, vi } from 'vitest';
import type { Config } from '../shared/config';
import type { ConnectionEvents, Join } from '../shared/listen/connection';
import type { CaptionNotice, Joined, SpeechNotice } from '../shared/listen/messages';
import { Listening } from './listening';
import type { PlayerEvents } from './player/player';
import { type Mode, useListener } from './store';

/** The other ends of a listener, as a test plays them. */
const ends = vi.hoisted(
  () => ({}) as { service: ConnectionEvents; asked: Join; loudspeaker: unknown; passed: number[] },
);

vi.mock('../shared/listen/connection', () => ({
  Connection: class {
    constructor(_url: string, _join: unknown, events: ConnectionEvents) {
      ends.service = events;
    }
    open() {}
    close() {}
    ask(join: Join) {
      ends.asked = join;
    }
  },
}));
vi.mock('./player/player', () => ({
  Player: class {
    readonly audible = true;
    readonly backlogMs = 0;
    constructor(events: PlayerEvents) {
      ends.loudspeaker = events;
      ends.passed = [];
    }
    pass(index: number) {
      ends.passed.push(index);
    }
    add = () => 'new';
    setVolume() {}
    settle() {}
    reset() {}
    close() {}
  },
}));
vi.mock('./device/lockScreen', () => ({
  LockScreen: class {
    entitle() {}
    close() {}
  },
}));

const CONFIG = { ingest: '', notifier: 'ws://notifier', cognito: {} } as unknown as Config;
const SERVER_MS = 1_700_000_000_000;

const JOINED = {
  type: 'joined',
  language: 'pt',
  source_language: 'en',
  next_index: 0,
  server_time_ms: SERVER_MS,
} as Joined;

/** A segment whose last word was said so long before the talk was joined. */
const segment = (index: number, lagMs: number) => ({
  ...{ language: 'pt', index, start_ms: 0, end_ms: 1_000, text: 'palavras' },
  floor_epoch_ms: SERVER_MS - 1_000 - lagMs,
});
const caption = (index: number, lagMs: number, more: Partial<CaptionNotice> = {}) =>
  ({
    type: 'caption',
    ...segment(index, lagMs),
    spoken: false,
    source: '',
    previous_mark: '',
    ...more,
  }) as CaptionNotice;
const speech = (index: number, lagMs: number) =>
  ({ type: 'speech', ...segment(index, lagMs), url: '/clip', duration_ms: 900 }) as SpeechNotice;

let listening: Listening;
let screenOn = false;

function listen(mode: Mode): ConnectionEvents {
  listening = new Listening(CONFIG, {
    ...{ session: 'abc', language: 'pt', mode, place: undefined, tap: undefined },
    onRefused: () => {},
  });
  ends.service.onNotice(JOINED);
  return ends.service;
}

const loudspeaker = () => ends.loudspeaker as PlayerEvents;
const lag = () => useListener.getState().lagMs;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', Object.assign(new EventTarget(), { visibilityState: 'visible' }));
  const release = async () => {
    screenOn = false;
  };
  const request = async () => {
    screenOn = true;
    return { release };
  };
  vi.stubGlobal('navigator', { wakeLock: { request } });
  useListener.setState({ lagMs: undefined, talk: undefined });
  return () => {
    listening.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

test('who reads sees how old the words are', () => {
  listen('captions').onNotice(caption(0, 1_500, { spoken: true }));
  expect(lag()).toBeCloseTo(1_500);
});

test('a sentence mark that comes by itself, after a silence, is no lag', () => {
  const service = listen('captions');
  service.onNotice(caption(0, 1_500));
  service.onNotice(caption(1, 9_000, { text: '', previous_mark: '.' }));
  expect(lag()).toBeCloseTo(1_500);
});

test('who hears sees the lag of what is heard, and not that of a caption that has no voice', () => {
  const service = listen('voice');
  service.onNotice(caption(0, 1_500, { spoken: true }));
  expect(lag()).toBeUndefined();
  service.onNotice(speech(0, 1_500));
  loudspeaker().onLaid({ index: 0, startMs: 0, endMs: 900, rate: 1 }, 700);
  expect(lag()).toBeCloseTo(2_200);
  service.onNotice(caption(1, 1_000));
  expect(lag()).toBeCloseTo(2_200);
});

test('where nothing is left to be heard, as in a language without a voice, captions tell the lag again', () => {
  const service = listen('voice');
  service.onNotice(caption(0, 1_500, { spoken: true }));
  service.onNotice(speech(0, 1_500));
  loudspeaker().onHeard(0);
  service.onNotice(caption(1, 1_000));
  expect(lag()).toBeCloseTo(1_000);
});

test('the screen is kept on until the talk is over and all of it was heard', async () => {
  const service = listen('voice');
  service.onNotice(speech(0, 1_500));
  service.onNotice({ type: 'ended', segments: 1, previous_mark: '.' });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(screenOn).toBe(true);
  loudspeaker().onHeard(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(screenOn).toBe(false);
});

test('a talk whose speaker has ended is finished when its last words were received', async () => {
  const service = listen('captions');
  service.onNotice(caption(0, 1_500));
  service.onNotice({ type: 'state', state: 'ended' });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(useListener.getState()).toMatchObject({ state: 'ended', finished: false });
  service.onNotice(caption(1, 1_500));
  service.onNotice({ type: 'ended', segments: 2, previous_mark: '.' });
  expect(useListener.getState().finished).toBe(true);
});

test('and, where they are heard, when they were heard', async () => {
  const service = listen('voice');
  service.onNotice(speech(0, 1_500));
  service.onNotice({ type: 'ended', segments: 1, previous_mark: '.' });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(useListener.getState().finished).toBe(false);
  loudspeaker().onHeard(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(useListener.getState().finished).toBe(true);
});

test('who lost the connection is given the speech of what was said before they came, if it was still to come', () => {
  const service = listen('voice');
  service.onNotice({ ...JOINED, next_index: 4, next_speech: 5 });
  for (const index of [4, 5, 6]) {
    service.onNotice(caption(index, 1_500, { spoken: true, history: true }));
  }
  expect(service.after()).toBe(4);
});

test('and none of it by a service that does not tell what is to come', () => {
  const service = listen('voice');
  for (const index of [4, 5]) service.onNotice(caption(index, 1_500, { spoken: true, history: true }));
  expect(service.after()).toBe(5);
});

test('a segment without speech is not waited for, even if its caption is known', () => {
  const service = listen('voice');
  service.onNotice(caption(0, 1_500, { spoken: true }));
  service.onNotice(caption(1, 1_500));
  expect(ends.passed).toEqual([1]);
  listening.chooseMode('captions');
  listening.chooseMode('voice');
  service.onNotice(caption(1, 1_500, { history: true }));
  expect(ends.passed).toEqual([1]);
});

test('a clip that the service did not come to tell of is not waited for when the talk is over', async () => {
  const service = listen('voice');
  service.onNotice(caption(0, 1_500, { spoken: true }));
  service.onLink({ state: 'over', why: 'ended' });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(useListener.getState().finished).toBe(true);
});

test('whether the talk is recognized is known from the answer on, and as it changes', () => {
  const service = listen('captions');
  expect(useListener.getState().recognized).toBe(true);
  service.onNotice({ type: 'state', state: 'live', recognized: false });
  expect(useListener.getState().recognized).toBe(false);
  service.onNotice({ type: 'state', state: 'live' });
  expect(useListener.getState().recognized).toBe(true);
  service.onNotice({ ...JOINED, recognized: false });
  expect(useListener.getState().recognized).toBe(false);
});

test('in another language it goes on where this one was left', () => {
  const service = listen('captions');
  listening.chooseLanguage('es');
  expect(ends.asked.from_ms).toBeUndefined();
  service.onNotice({ ...JOINED, language: 'es' });
  service.onNotice(caption(0, 100, { language: 'es', end_ms: 1_000 }));
  service.onNotice(caption(1, 100, { language: 'es', end_ms: 2_000 }));
  listening.chooseLanguage('pt');
  expect(ends.asked).toMatchObject({ language: 'pt', from_ms: 2_000 });
});

test('what is still to be heard in the old language is heard in the new one', () => {
  const service = listen('voice');
  for (const index of [0, 1]) {
    service.onNotice(caption(index, 100, { spoken: true, end_ms: 1_000 * (index + 1) }));
    service.onNotice(speech(index, 100));
  }
  (ends.loudspeaker as PlayerEvents).onHeard(0);
  listening.chooseLanguage('es');
  expect(ends.asked.from_ms).toBe(1_000);
});
