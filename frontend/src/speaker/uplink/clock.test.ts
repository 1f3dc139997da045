import { expect, test } from 'vitest';
import { CaptureClock } from './clock';
import { GAP_MS } from './ring';

const EPOCH = 1_700_000_000_000;

test('late arrivals do not make audio later than it was', () => {
  const clock = new CaptureClock();
  clock.capturedAtMs(0, EPOCH + 20);
  expect(clock.capturedAtMs(96, EPOCH + 96 + 5)).toBe(EPOCH + 96 + 5);
  expect(clock.capturedAtMs(192, EPOCH + 192 + 400)).toBe(EPOCH + 192 + 5);
});

test('a card that counts slower or faster than the system is followed', () => {
  const clock = new CaptureClock();
  const drift = 1.0002;
  let worst = 0;
  for (let cardMs = 0; cardMs < 600_000; cardMs += 96) {
    const trueMs = EPOCH + cardMs * drift;
    worst = Math.max(worst, Math.abs(clock.capturedAtMs(cardMs, trueMs + 5 + (cardMs % 7)) - trueMs));
  }
  expect(worst).toBeLessThan(20);
});

test('after the device slept, audio is dated to when it woke', () => {
  const clock = new CaptureClock();
  for (let cardMs = 0; cardMs < 10_000; cardMs += 96) clock.capturedAtMs(cardMs, EPOCH + cardMs + 5);
  expect(clock.capturedAtMs(10_080, EPOCH + 10_080 + 60_000)).toBe(EPOCH + 70_080);
});

/** What seems to be missing of a minute of runs that each arrive when it says: `[when, how much]`, in ms. */
function missing(arrival: (cardMs: number) => number, clock = new CaptureClock()): [number, number][] {
  const found: [number, number][] = [];
  let endedAtMs: number | null = null;
  for (let cardMs = 96; cardMs < 60_000; cardMs += 96) {
    const arrivedAtMs = arrival(cardMs);
    const nextMs = clock.capturedAtMs(cardMs, arrivedAtMs);
    if (endedAtMs !== null && nextMs - 96 - endedAtMs > GAP_MS)
      found.push([arrivedAtMs, nextMs - 96 - endedAtMs]);
    endedAtMs = nextMs;
  }
  return found;
}

test.each([300, 600, 900, 3_000])(
  'a card that stands still for %i ms leaves a gap of that length, soon and once',
  (stallMs) => {
    const gaps = missing((cardMs) => cardMs + 5 + (cardMs > 10_000 ? stallMs : 0));
    expect(gaps.length).toBe(1);
    const [atMs, ms] = gaps[0] ?? [0, 0];
    expect(Math.abs(ms - stallMs)).toBeLessThan(20);
    expect(atMs).toBeGreaterThan(10_000 + stallMs);
    expect(atMs).toBeLessThan(10_000 + stallMs + 5_500);
  },
);

test('a gap is no longer because the run at which it is sure came late', () => {
  const late = (cardMs: number): number => (cardMs > 15_000 && cardMs < 15_200 ? 200 : 5);
  const gaps = missing((cardMs) => cardMs + late(cardMs) + (cardMs > 10_000 ? 600 : 0));
  expect(gaps.map(([, ms]) => ms)).toEqual([600]);
});

test.each([400, 1_300, 5_000])(
  'what is held up for %i ms on its way and then arrives at once leaves no gap',
  (heldMs) => {
    const until = 10_000 + heldMs;
    expect(missing((cardMs) => Math.max(cardMs + 5, cardMs > 10_000 ? until : 0))).toEqual([]);
  },
);

test('late arrivals among others in time leave no gap, however long it goes on', () => {
  expect(missing((cardMs) => cardMs + (cardMs % 960 === 0 ? 5 : 400))).toEqual([]);
});

test('a device that is behind for some seconds, and then no longer, leaves no gap', () => {
  expect(
    missing((cardMs) => cardMs + (cardMs % 20_000 > 10_000 && cardMs % 20_000 < 14_000 ? 400 : 5)),
  ).toEqual([]);
});

test('a way that has become longer leaves no gap either, when the shorter one is forgotten', () => {
  const clock = new CaptureClock();
  expect(missing((cardMs) => cardMs + (cardMs > 10_000 ? 240 : 5), clock)).toEqual([]);
  expect(clock.capturedAtMs(60_000, 60_240)).toBe(60_240);
});
