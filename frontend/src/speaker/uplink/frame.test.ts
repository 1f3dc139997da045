import { expect, test } from 'vitest';
import { pack } from './frame';

test('a frame on the wire is what the service reads: little-endian header, then the samples', () => {
  const message = pack(
    { seq: 258, firstSample: 2 ** 33 + 5, endedAtMs: 1_700_000_000_000.25, pcm: new Int16Array([1, -2]) },
    100,
  );
  const bytes = new Uint8Array(message);
  expect([...bytes.slice(0, 4)]).toEqual([2, 1, 0, 0]);
  expect([...bytes.slice(4, 12)]).toEqual([5, 0, 0, 0, 2, 0, 0, 0]);
  expect(new DataView(message).getFloat64(12, true)).toBe(1_700_000_000_100.25);
  expect([...bytes.slice(20)]).toEqual([1, 0, 254, 255]);
});
