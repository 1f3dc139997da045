import { beforeEach, expect, test, vi } from 'vitest';
import { Stretcher } from './stretcher';

const SPEECH = 48_000;

/** Answers or fails as the test wants it. */
class FakeWorker {
  static all: FakeWorker[] = [];
  terminated = false;
  onmessage: ((event: { data: object }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly #asked: { id: number; samples: Float32Array; rate: number }[] = [];

  constructor() {
    FakeWorker.all.push(this);
  }

  postMessage(request: { id: number; samples: Float32Array; rate: number }): void {
    this.#asked.push(request);
  }

  answer(): void {
    for (const { id, samples, rate } of this.#asked.splice(0)) {
      this.onmessage?.({ data: { id, samples: new Float32Array(samples.length / rate) } });
    }
  }

  terminate(): void {
    this.terminated = true;
  }
}

const latest = () => FakeWorker.all.at(-1) as FakeWorker;

async function stretched(
  stretcher: Stretcher,
  meet: (worker: FakeWorker) => void,
): Promise<number | undefined> {
  const stretching = stretcher.stretch(new Float32Array(SPEECH), 1.2, 48_000);
  meet(latest());
  return (await stretching)?.length;
}

const answers = (worker: FakeWorker) => worker.answer();
const fails = (worker: FakeWorker) => worker.onerror?.();

beforeEach(() => {
  FakeWorker.all = [];
  vi.stubGlobal('Worker', FakeWorker);
  return () => vi.unstubAllGlobals();
});

test('speech comes back at its pace', async () => {
  expect(await stretched(new Stretcher(), answers)).toBe(40_000);
});

test('a Worker that hangs counts as failed', async () => {
  vi.useFakeTimers();
  const stretcher = new Stretcher();
  const hung = stretcher.stretch(new Float32Array(SPEECH), 1.2, 48_000);
  vi.runAllTimers();
  vi.useRealTimers();
  expect(await hung).toBeUndefined();
  expect(latest().terminated).toBe(true);
  expect(await stretched(stretcher, answers)).toBe(40_000);
});

test('a failure costs the clip its pace, and the next one has a new Worker', async () => {
  const stretcher = new Stretcher();
  expect(await stretched(stretcher, fails)).toBeUndefined();
  expect(await stretched(stretcher, answers)).toBe(40_000);
  expect(FakeWorker.all.map(({ terminated }) => terminated)).toEqual([true, false]);
});

test('where Workers never work, no more than three are tried', async () => {
  const stretcher = new Stretcher();
  for (let clip = 0; clip < 10; clip++) expect(await stretched(stretcher, fails)).toBeUndefined();
  expect(FakeWorker.all.length).toBe(3);
});

test('failures that lie between successes are forgiven', async () => {
  const stretcher = new Stretcher();
  for (let clip = 0; clip < 10; clip++) {
    await stretched(stretcher, fails);
    expect(await stretched(stretcher, answers)).toBe(40_000);
  }
});
