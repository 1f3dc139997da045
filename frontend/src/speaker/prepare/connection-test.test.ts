import { expect, test } from 'vitest';
import { verdict } from './connection-test';

const good = { roundTripMs: 40, uploadKbps: 20_000, sockets: true };

test('a fast network is good', () => {
  expect(verdict(good)).toBe('good');
});

test('a network that carries a talk with nothing to spare is fair', () => {
  expect(verdict({ ...good, uploadKbps: 500 })).toBe('fair');
  expect(verdict({ ...good, roundTripMs: 600 })).toBe('fair');
});

test('a network that cannot carry a talk is poor', () => {
  expect(verdict({ ...good, uploadKbps: 250 })).toBe('poor');
  expect(verdict({ ...good, roundTripMs: 1_500 })).toBe('poor');
});

test('a network that blocks sockets is poor, however fast', () => {
  expect(verdict({ ...good, sockets: false })).toBe('poor');
});
