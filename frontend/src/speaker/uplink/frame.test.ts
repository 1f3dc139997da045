import { expect, test } from 'vitest';
import cases from '../../../../tests/data/frames/cases.json';
import { pack } from './frame';

test.each(cases)('frame $seq is on the wire as the service reads it', (frame) => {
  const offsetMs = 100;
  const message = pack(
    {
      seq: frame.seq,
      firstSample: frame.first_sample,
      endedAtMs: frame.captured_at_ms - offsetMs,
      pcm: new Int16Array(frame.samples),
    },
    offsetMs,
  );
  const hex = [...new Uint8Array(message)].map((byte) => byte.toString(16).padStart(2, '0'));
  expect(hex.join(' ')).toBe(frame.message);
});
