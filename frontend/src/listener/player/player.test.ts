import { beforeEach, describe, expect, test, vi } from 'vitest';
import { Player, type Skipped } from './player';

const RATE = 48_000;

function silence(length: number, sampleRate: number) {
  const samples = new Float32Array(length);
  return {
    duration: length / sampleRate,
    sampleRate,
    getChannelData: () => samples,
    copyToChannel: () => {},
  };
}

/** As much of Web Audio as the player uses, on a clock that the test moves. A clip's length in ms is its bytes. */
class FakeContext {
  static latest: FakeContext;
  currentTime = 0;
  state = 'running';
  readonly baseLatency = 0;
  readonly outputLatency = 0;
  readonly destination = {};
  onstatechange: (() => void) | null = null;
  readonly started: { atMs: number; lengthMs: number; stopped: boolean }[] = [];

  constructor() {
    FakeContext.latest = this;
  }

  createGain() {
    return { connect: () => {}, gain: { setTargetAtTime: () => {} } };
  }

  createBuffer(_: number, length: number, sampleRate: number) {
    return silence(length, sampleRate);
  }

  async decodeAudioData(encoded: ArrayBuffer) {
    return silence((encoded.byteLength * RATE) / 1000, RATE);
  }

  createBufferSource() {
    const started = { atMs: 0, lengthMs: 0, stopped: false };
    return {
      buffer: { duration: 0 },
      connect: () => {},
      start(this: { buffer: { duration: number } }, at: number) {
        started.atMs = at * 1000;
        started.lengthMs = this.buffer.duration * 1000;
        FakeContext.latest.started.push(started);
      },
      stop: () => {
        started.stopped = true;
      },
    };
  }

  async suspend() {
    this.state = 'suspended';
    this.onstatechange?.();
  }

  async resume() {
    this.state = 'running';
    this.onstatechange?.();
  }

  async close() {
    this.state = 'closed';
  }
}

/** Stretches when the test lets it. */
class FakeWorker {
  static latest: FakeWorker;
  onmessage: ((event: { data: object }) => void) | null = null;
  asked: { id: number; rate: number; samples: Float32Array }[] = [];

  constructor() {
    FakeWorker.latest = this;
  }

  postMessage(request: { id: number; rate: number; samples: Float32Array }): void {
    this.asked.push(request);
  }

  answer(): void {
    for (const { id, rate, samples } of this.asked.splice(0)) {
      this.onmessage?.({ data: { id, samples: new Float32Array(Math.round(samples.length / rate)) } });
    }
  }

  terminate(): void {}
}

function playing() {
  const told: string[] = [];
  const player = new Player({
    onLaid: ({ index }) => told.push(`laid ${index}`),
    onHeard: (index) => told.push(`heard ${index}`),
    onSkipped: (index: number, why: Skipped) => told.push(`${why} ${index}`),
    sign: () => {},
    reachable: () => Promise.resolve(false),
  });
  const { latest: context } = FakeContext;
  const at = async (ms: number) => {
    context.currentTime = ms / 1000;
    await vi.advanceTimersByTimeAsync(3000);
  };
  return { player, context, told, at };
}

const clip = (ms: number) => `/clip/${ms}`;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('AudioContext', FakeContext);
  vi.stubGlobal('Worker', FakeWorker);
  vi.stubGlobal('fetch', async (url: string) =>
    url.startsWith('/clip/')
      ? new Response(new ArrayBuffer(Number(url.slice(6))))
      : new Response(null, { status: 404 }),
  );
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

describe('a player', () => {
  test('lays clips end to end, a little ahead', async () => {
    const { player, context, at } = playing();
    for (const index of [0, 1, 2]) player.add(index, 900, clip(900));
    await at(0);
    expect(context.started.map(({ atMs }) => atMs)).toEqual([20, 920]);
    await at(900);
    expect(context.started.map(({ atMs }) => Math.round(atMs))).toEqual([20, 920, 1820]);
  });

  test('tells what is heard now, and what was heard to its end', async () => {
    const { player, told, at } = playing();
    for (const index of [4, 5]) player.add(index, 900, clip(900));
    await at(0);
    await at(950);
    expect(player.hearing).toBe(5);
    player.settle();
    expect(told).toEqual(['laid 4', 'laid 5', 'heard 4']);
  });

  test('goes on without a clip that can not be had, and says so', async () => {
    const { player, told, at } = playing();
    player.add(0, 900, '/gone');
    player.add(1, 900, clip(900));
    await at(0);
    expect(told).toEqual(['lost 0', 'laid 1']);
  });

  test('goes on without a clip whose decoding never ends, and says so', async () => {
    const { player, context, told, at } = playing();
    vi.spyOn(context, 'decodeAudioData').mockReturnValueOnce(new Promise(() => {}));
    for (const index of [0, 1]) player.add(index, 900, clip(900));
    await at(0);
    expect(told).toEqual([]);
    await at(0);
    expect(told).toEqual(['lost 0', 'laid 1']);
  });

  test('goes on at once after a segment that has no speech', async () => {
    const { player, context, at } = playing();
    for (const index of [0, 2]) player.add(index, 900, clip(900));
    player.pass(1);
    await at(0);
    expect(context.started.map(({ atMs }) => atMs)).toEqual([20, 920]);
  });

  test('goes on after a clip that the device can not play, and says so', async () => {
    vi.spyOn(console, 'warn').mockImplementationOnce(() => {});
    const { player, context, told, at } = playing();
    vi.spyOn(context, 'createBuffer').mockImplementationOnce(() => {
      throw new RangeError('out of memory');
    });
    for (const index of [0, 1]) player.add(index, 900, clip(900));
    await at(0);
    expect(told).toEqual(['lost 0', 'laid 1']);
  });

  test.each(['suspended', 'interrupted'])(
    'that the browser has %s is heard again when it is unblocked, unless it is paused',
    async (state) => {
      const { player, context } = playing();
      context.state = state;
      player.unblock();
      expect(context.state).toBe('running');
      player.pause();
      player.unblock();
      expect(context.state).toBe('suspended');
    },
  );

  test('that was closed stays silent', () => {
    const { player, context } = playing();
    player.close();
    player.unblock();
    expect(context.state).toBe('closed');
  });

  test('plays an index once', async () => {
    const { player, context, at } = playing();
    expect(player.add(0, 900, clip(900))).toBe('new');
    expect(player.add(0, 900, clip(900))).toBe('known');
    await at(0);
    expect(player.add(0, 900, clip(900))).toBe('late');
    await at(2000);
    expect(context.started.length).toBe(1);
  });

  test('lays nothing while it is paused, and goes on where it was', async () => {
    const { player, context, at } = playing();
    player.add(0, 900, clip(900));
    await at(0);
    player.pause();
    player.add(1, 900, clip(900));
    await at(500);
    expect(context.started.length).toBe(1);
    expect(player.audible).toBe(true);
    player.resume();
    await at(500);
    expect(context.started.map(({ atMs }) => atMs)).toEqual([20, 920]);
  });

  test('drops the oldest when more than two minutes wait', async () => {
    const { player, told } = playing();
    player.pause();
    for (let index = 0; index < 25; index++) player.add(index, 5000, clip(5000));
    expect(told).toEqual(['overflow 0']);
    expect(player.backlogMs).toBe(120_000);
  });

  test('jumps to the latest clip, and starts nothing that was on its way before', async () => {
    const { player, context, told, at } = playing();
    for (let index = 0; index < 6; index++) player.add(index, 3000, clip(3000));
    await at(0);
    expect(FakeWorker.latest.asked.map(({ rate }) => rate)).toEqual([1.4]);
    player.jumpToLive();
    FakeWorker.latest.answer();
    await at(0);
    expect(context.started.length).toBe(1);
    expect(told).toEqual(['jump 1', 'jump 2', 'jump 3', 'jump 4', 'laid 5']);
  });

  test('is silent at once and forgets everything when another language follows', async () => {
    const { player, context, at } = playing();
    for (const index of [7, 8]) player.add(index, 900, clip(900));
    await at(0);
    player.reset();
    expect(context.started.every(({ stopped }) => stopped)).toBe(true);
    expect(player.backlogMs).toBe(0);
    expect(player.add(0, 900, clip(900))).toBe('new');
  });
});
