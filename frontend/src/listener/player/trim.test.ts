import { expect, test } from 'vitest';
import { speechSpan } from './trim';

test('a clip without padding is heard from its first sample', () => {
  expect(speechSpan(2.0, 2000)).toEqual({ offset: 0, length: 2 });
});

test('a rounding of the decoder is cut at the end', () => {
  expect(speechSpan(2.001, 2000)).toEqual({ offset: 0, length: 2 });
});

test('the padding of an MP3 is left out at both ends', () => {
  const { offset, length } = speechSpan(2.058, 2000);
  expect(offset).toBeCloseTo(1105 / 24_000, 6);
  expect(length).toBe(2);
});

test('less padding than an MP3 has is never more than was decoded', () => {
  const { offset, length } = speechSpan(2.01, 2000);
  expect(offset + length).toBeCloseTo(2.01, 9);
});

test('a clip that is shorter than announced is heard whole', () => {
  expect(speechSpan(1.5, 2000)).toEqual({ offset: 0, length: 1.5 });
});
