import { describe, expect, test } from 'vitest';
import cases from '../../../../tests/data/playback/cases.json';
import { catchUpRate, PATIENCE_MS, Schedule } from './schedule';

interface Arrival {
  index: number;
  durationMs: number;
  noticedMs: number;
  readyMs?: number;
  /** The clip can't be had. */
  lost?: true;
}

/** Plays arrivals on a clock that jumps from event to event; what was heard when. */
function play(
  arrivals: Arrival[],
  silent: number[] = [],
): { index: number; startMs: number; endMs: number; rate: number }[] {
  const schedule = new Schedule();
  for (const index of silent) schedule.pass(index);
  const events = arrivals.flatMap(({ index, durationMs, noticedMs, readyMs = noticedMs, lost }) => [
    { at: noticedMs, run: () => schedule.notice(index, durationMs) },
    { at: readyMs, run: () => (lost ? schedule.giveUp(index) : schedule.ready(index)) },
  ]);
  events.sort((a, b) => a.at - b.at);
  const played = [];
  let now = 0;
  for (;;) {
    while (events[0] && events[0].at <= now) events.shift()?.run();
    const step = schedule.next(now);
    if (step.kind === 'lay') {
      const clip = arrivals.find(({ index }) => index === step.index);
      const duration = (clip?.durationMs ?? 0) / step.rate;
      const startMs = schedule.place(now, duration);
      played.push({ index: step.index, startMs, endMs: startMs + duration, rate: step.rate });
      continue;
    }
    const until = Math.min(events[0]?.at ?? Infinity, step.kind === 'wait' ? now + step.ms : Infinity);
    if (until === Infinity) return played;
    now = until;
  }
}

test.each(cases)(
  'clips are heard as in case %# of those shared with the command line',
  ({ arrivals, played, silent }) => {
    const heard = play(
      arrivals.map(([index = 0, noticedMs = 0, readyMs = 0, durationMs = 0]) => ({
        index,
        noticedMs,
        readyMs,
        durationMs,
      })),
      silent,
    );
    const rounded = (ms: number) => Number(ms.toFixed(3));
    expect(heard.map((one) => [one.index, rounded(one.startMs), rounded(one.endMs), one.rate])).toEqual(
      played,
    );
  },
);

const indexes = (played: { index: number }[]) => played.map(({ index }) => index);

describe('a run of clips', () => {
  test('that are there in time is laid end to end', () => {
    const played = play([0, 1, 2, 3].map((index) => ({ index, durationMs: 900, noticedMs: index * 500 })));
    expect(indexes(played)).toEqual([0, 1, 2, 3]);
    played.slice(1).forEach((clip, at) => {
      expect(clip.startMs).toBeCloseTo(played[at]?.endMs ?? Number.NaN, 9);
    });
  });

  test('starts shortly after its first clip is ready', () => {
    expect(play([{ index: 7, durationMs: 500, noticedMs: 100, readyMs: 180 }])[0]?.startMs).toBe(200);
  });

  test('plays in the order of the indexes, whatever the order of arrival', () => {
    const played = play([
      { index: 0, durationMs: 800, noticedMs: 0 },
      { index: 2, durationMs: 800, noticedMs: 100 },
      { index: 1, durationMs: 800, noticedMs: 300 },
    ]);
    expect(indexes(played)).toEqual([0, 1, 2]);
  });

  test('waits for the download of the clip that is next', () => {
    const played = play([
      { index: 0, durationMs: 500, noticedMs: 0 },
      { index: 1, durationMs: 500, noticedMs: 10, readyMs: 4000 },
      { index: 2, durationMs: 500, noticedMs: 20 },
    ]);
    expect(indexes(played)).toEqual([0, 1, 2]);
    expect(played[1]?.startMs).toBe(4020);
  });
});

describe('an index', () => {
  test('plays once, however often it is noticed', () => {
    const twice = [0, 1].flatMap((at) =>
      [0, 1].map((index) => ({ index, durationMs: 400, noticedMs: at * 3000 })),
    );
    expect(indexes(play(twice))).toEqual([0, 1]);
  });

  test('that is missing is waited for, then passed over', () => {
    const played = play([
      { index: 0, durationMs: 500, noticedMs: 0 },
      { index: 2, durationMs: 500, noticedMs: 2000 },
    ]);
    expect(indexes(played)).toEqual([0, 2]);
    expect(played[1]?.startMs).toBe(2000 + PATIENCE_MS + 20);
  });

  test('that comes after it was passed over is not played', () => {
    const played = play([
      { index: 0, durationMs: 500, noticedMs: 0 },
      { index: 2, durationMs: 500, noticedMs: 100 },
      { index: 1, durationMs: 500, noticedMs: 2500 },
    ]);
    expect(indexes(played)).toEqual([0, 2]);
  });

  test('without speech is not waited for, whatever is told of it first', () => {
    const schedule = new Schedule();
    schedule.pass(1);
    schedule.notice(0, 500);
    schedule.ready(0);
    expect(schedule.next(0)).toMatchObject({ kind: 'lay', index: 0 });
    schedule.place(0, 500);
    schedule.notice(3, 500);
    schedule.ready(3);
    expect(schedule.next(0)).toMatchObject({ kind: 'wait' });
    schedule.pass(2);
    expect(schedule.next(0)).toMatchObject({ kind: 'lay', index: 3 });
  });

  test('without a clip takes no time', () => {
    const played = play([
      { index: 0, durationMs: 500, noticedMs: 0 },
      { index: 1, durationMs: 0, noticedMs: 10 },
      { index: 2, durationMs: 500, noticedMs: 20 },
    ]);
    expect(indexes(played)).toEqual([0, 2]);
    expect(played[1]?.startMs).toBe(played[0]?.endMs);
  });

  test('whose clip can not be had is passed over as soon as that is known', () => {
    const played = play([
      { index: 0, durationMs: 500, noticedMs: 0 },
      { index: 1, durationMs: 900, noticedMs: 10, readyMs: 2000, lost: true },
      { index: 2, durationMs: 500, noticedMs: 20 },
    ]);
    expect(indexes(played)).toEqual([0, 2]);
    expect(played[1]?.startMs).toBe(2020);
  });
});

describe('catching up', () => {
  test.each([
    [4000, 1],
    [4001, 1.1],
    [6001, 1.25],
    [10_001, 1.4],
  ])('with a backlog of %i ms plays at %f', (backlog, rate) => {
    expect(catchUpRate(backlog)).toBe(rate);
  });

  test('ends when the backlog is gone', () => {
    const burst = Array.from({ length: 10 }, (_, index) => ({ index, durationMs: 1500, noticedMs: 0 }));
    const rates = play(burst).map(({ rate }) => rate);
    expect(rates[0]).toBe(1.4);
    expect(rates).toEqual([...rates].sort((a, b) => b - a));
    expect(rates.at(-1)).toBe(1);
  });

  test('changes pace within the clip that follows, since little is laid ahead', () => {
    const schedule = new Schedule();
    schedule.notice(0, 3000);
    schedule.ready(0);
    expect(schedule.next(0)).toMatchObject({ kind: 'lay', index: 0 });
    schedule.place(0, 3000);
    schedule.notice(1, 3000);
    schedule.ready(1);
    expect(schedule.next(0)).toEqual({ kind: 'wait', ms: 2020 });
  });
});

describe('skipping', () => {
  test('to the latest clip drops those before it and starts it at once', () => {
    const schedule = new Schedule();
    for (const index of [0, 1, 2, 3]) {
      schedule.notice(index, 5000);
      schedule.ready(index);
    }
    schedule.next(0);
    schedule.place(0, 5000);
    schedule.skipTo(3);
    schedule.clear();
    expect(schedule.next(100)).toMatchObject({ kind: 'lay', index: 3, rate: 1.1 });
    expect(schedule.place(100, 5000)).toBe(120);
  });

  test('never goes back', () => {
    const schedule = new Schedule();
    schedule.notice(5, 100);
    schedule.skipTo(2);
    expect(schedule.following).toBe(5);
    expect(schedule.notice(4, 100)).toBe(false);
  });
});
