import { describe, expect, test } from 'vitest';
import { type Captured, FRAME_SAMPLES } from './frame';
import { MOST_FRAMES, Ring } from './ring';

const FRAME_MS = 96;

/** Frame number `n` of audio that is captured without a break. */
const captured = (n: number): Captured => ({
  pcm: new Int16Array(FRAME_SAMPLES),
  endedAtMs: (n + 1) * FRAME_MS,
});

function filled(ring: Ring, from: number, to: number): Ring {
  for (let n = from; n < to; n++) ring.capture(captured(n));
  return ring;
}

const numbers = (ring: Ring) =>
  ring.from(0).map(({ seq, firstSample }) => [seq, firstSample / FRAME_SAMPLES]);

describe('a new talk', () => {
  test('numbers frames and samples from 0 without gaps', () => {
    const ring = filled(new Ring(), 0, 3);
    ring.begin(0, 0);
    expect(numbers(ring)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  test('goes on where the session stands, with what was captured before that was known', () => {
    const ring = filled(new Ring(), 0, 2);
    ring.begin(40, 50 * FRAME_SAMPLES);
    filled(ring, 2, 3);
    expect(numbers(ring)).toEqual([
      [40, 50],
      [41, 51],
      [42, 52],
    ]);
  });

  test('ignores where the session stands once it has begun: its own numbers are right', () => {
    const ring = filled(new Ring(), 0, 2);
    ring.begin(0, 0);
    ring.begin(0, 999_999);
    expect(numbers(ring)).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });
});

describe('what the service has', () => {
  test('is kept no longer, also when one acknowledgement covers many frames', () => {
    const ring = filled(new Ring(), 0, 5);
    ring.begin(0, 0);
    ring.acknowledge(2);
    expect(ring.firstKept).toBe(3);
    expect(ring.keptMs).toBeCloseTo(2 * FRAME_MS);
    ring.acknowledge(1);
    expect(ring.firstKept).toBe(3);
  });

  test('leaves the next number as the first to come', () => {
    const ring = filled(new Ring(), 0, 5);
    ring.begin(0, 0);
    ring.acknowledge(4);
    expect(ring.firstKept).toBe(5);
    expect(ring.next(5)).toBeUndefined();
  });
});

describe('without a connection', () => {
  test('two minutes are kept, and what comes after it is counted as lost', () => {
    const ring = filled(new Ring(), 0, MOST_FRAMES + 10);
    expect(ring.keptMs).toBeGreaterThanOrEqual(120_000);
    expect(ring.full).toBe(true);
    expect(ring.progress.lostMs).toBeCloseTo(10 * FRAME_MS);
  });

  test('the sample clock jumps over what was lost, and the numbers of frames do not', () => {
    const ring = filled(new Ring(), 0, MOST_FRAMES + 10);
    ring.begin(0, 0);
    ring.acknowledge(MOST_FRAMES - 1);
    filled(ring, MOST_FRAMES + 10, MOST_FRAMES + 11);
    expect(numbers(ring)).toEqual([[MOST_FRAMES, MOST_FRAMES + 10]]);
  });
});

describe('a gap', () => {
  test('in which nothing could be captured is on the sample clock, and told', () => {
    const ring = filled(new Ring(), 0, 2);
    ring.begin(0, 0);
    filled(ring, 102, 103);
    expect(numbers(ring).at(-1)).toEqual([2, 102]);
    expect(ring.progress.missedMs).toBeCloseTo(100 * FRAME_MS);
  });

  test('of a few milliseconds is the clocks, not the audio', () => {
    const ring = filled(new Ring(), 0, 2);
    ring.capture({ ...captured(2), endedAtMs: captured(2).endedAtMs + 40 });
    expect(numbers(ring).at(-1)).toEqual([2, 2]);
  });

  test('that the speaker wanted leaves no trace: the sample clock stood still', () => {
    const ring = filled(new Ring(), 0, 2);
    ring.standStill();
    filled(ring, 600, 601);
    expect(numbers(ring).at(-1)).toEqual([2, 2]);
    expect(ring.progress.missedMs).toBe(0);
  });
});

describe('after the page was loaded again', () => {
  function left(): Ring {
    const ring = filled(new Ring(), 0, 10);
    ring.begin(0, 0);
    ring.acknowledge(5);
    return ring;
  }
  const reloaded = (earlier: Ring) => new Ring(earlier.progress, earlier.from(0));

  test('what was captured before it is sent with the numbers that it had', () => {
    const ring = reloaded(left());
    filled(ring, 10, 11);
    expect(ring.firstKept).toBe(6);
    ring.begin(6, 6 * FRAME_SAMPLES);
    expect(numbers(ring)).toEqual([
      [6, 6],
      [7, 7],
      [8, 8],
      [9, 9],
      [10, 10],
    ]);
  });

  test('the time in which the page was away is a gap', () => {
    const ring = filled(reloaded(left()), 40, 41);
    ring.begin(6, 6 * FRAME_SAMPLES);
    expect(numbers(ring).at(-1)).toEqual([10, 40]);
    expect(ring.progress.missedMs).toBeCloseTo(30 * FRAME_MS);
  });

  test("frames that the service has and the page had no time to keep don't swallow new ones", () => {
    const ring = filled(reloaded(left()), 10, 12);
    ring.begin(13, 13 * FRAME_SAMPLES);
    expect(numbers(ring)).toEqual([
      [13, 13],
      [14, 14],
    ]);
  });

  test('a service that no longer knows where the session stands is told', () => {
    const ring = filled(reloaded(left()), 10, 11);
    ring.begin(6, 500 * FRAME_SAMPLES);
    expect(numbers(ring)[0]).toEqual([6, 6]);
    expect(numbers(ring).at(-1)).toEqual([10, 10]);
  });

  test('twice, before there was a connection, new frames still get their numbers from the service', () => {
    const once = filled(reloaded(left()), 10, 12);
    const twice = filled(reloaded(once), 12, 13);
    twice.begin(13, 13 * FRAME_SAMPLES);
    expect(numbers(twice)).toEqual([
      [13, 13],
      [14, 14],
      [15, 15],
    ]);
  });

  test.each([
    ['before the last two', [6, 8, 9], [8, 9], 2],
    ['twice', [6, 8, 10], [], 4],
    ['at the end', [6, 7, 8], [], 4],
    ['nowhere', [6, 7, 8, 9], [6, 7, 8, 9], 0],
  ])(
    'with a hole in what was kept, %s: what follows it is sent, and all before it told as lost',
    (_, kept, sent, lost) => {
      const earlier = left();
      const frames = earlier.from(0).filter(({ seq }) => kept.includes(seq));
      const ring = filled(new Ring(earlier.progress, frames), 10, 11);
      ring.begin(ring.firstKept, 0);
      expect(numbers(ring).map(([seq]) => seq)).toEqual([...sent, 10]);
      expect(ring.progress.lostMs).toBeCloseTo(lost * FRAME_MS);
    },
  );

  test('frames from beyond where the talk was are not sent', () => {
    const earlier = left();
    const frames = filled(left(), 10, 13).from(0);
    expect(new Ring(earlier.progress, frames).from(0).map(({ seq }) => seq)).toEqual([6, 7, 8, 9]);
  });
});
