import { expect, test } from 'vitest';
import { CaptureClock } from './clock';

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
