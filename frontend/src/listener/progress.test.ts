import { expect, test } from 'vitest';
import { Progress } from './progress';

test('a listener who was never let in resumes nowhere', () => {
  expect(new Progress().after).toBeUndefined();
});

test('who was let in before anything was said resumes from the first', () => {
  const progress = new Progress();
  progress.told(-1, false);
  expect(progress.after).toBe(-1);
});

test('who reads resumes after the last caption', () => {
  const progress = new Progress();
  progress.told(4, false);
  progress.told(5, false);
  expect(progress.after).toBe(5);
});

test('who hears resumes after the last index that was heard, however far captions are', () => {
  const progress = new Progress();
  for (const index of [4, 5, 6]) progress.told(index, true);
  progress.settle(4);
  expect(progress.after).toBe(4);
});

test('an index that is heard out of turn does not hide the one before it', () => {
  const progress = new Progress();
  for (const index of [4, 5, 6]) progress.told(index, true);
  progress.settle(5);
  expect(progress.after).toBe(3);
});

test('what was jumped over is not asked for again', () => {
  const progress = new Progress();
  for (const index of [4, 5, 6, 7]) progress.told(index, true);
  progress.settleBefore(7);
  expect(progress.after).toBe(6);
});

test('what was heard is not owed again when a resumed connection tells of it again', () => {
  const progress = new Progress();
  for (const index of [4, 5, 6]) progress.told(index, true);
  progress.settleBefore(6);
  for (const index of [4, 5, 6]) progress.told(index, true);
  expect(progress.after).toBe(5);
});

test('what can no longer come is not owed', () => {
  const progress = new Progress();
  for (const index of [4, 5]) progress.told(index, true);
  progress.settleBut(new Set([4]));
  expect(progress.after).toBe(3);
  progress.settle(4);
  expect(progress.owing).toBe(false);
});
