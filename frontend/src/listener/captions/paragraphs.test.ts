import { expect, test } from 'vitest';
import type { Caption } from '../../shared/captions';
import { paragraphs } from './paragraphs';

let next = 0;
const caption = (text: string, more: Partial<Caption> = {}): Caption => {
  const index = next++;
  return { index, startMs: index * 1000, endMs: index * 1000 + 1000, text, source: '', ...more };
};
const texts = (captions: Caption[]) =>
  paragraphs(captions).map((paragraph) => paragraph.captions.map(({ text }) => text));

test('short sentences are read together', () => {
  expect(texts([caption('Good morning.'), caption('Welcome.')])).toEqual([['Good morning.', 'Welcome.']]);
});

test('a paragraph that is long enough ends with its sentence', () => {
  const long = `${'word '.repeat(20)}end.`;
  expect(texts([caption(long), caption('Next')])).toEqual([[long], ['Next']]);
});

test('a long sentence is not torn', () => {
  const long = 'word '.repeat(20).trim();
  expect(texts([caption(long), caption('goes on')])).toEqual([[long, 'goes on']]);
});

test('a sentence without end is torn all the same', () => {
  const parts = Array.from({ length: 12 }, () => caption('and so on and so forth and again'));
  expect(texts(parts).length).toBe(2);
});

test('a silence of the speaker starts a new paragraph', () => {
  const before = caption('Good morning.');
  expect(texts([before, caption('Now', { startMs: before.endMs + 4000 })])).toEqual([
    ['Good morning.'],
    ['Now'],
  ]);
});

test('a caption without text is left out unless it has failed', () => {
  expect(texts([caption('a'), caption(''), caption('', { failed: 'translation' })])).toEqual([['a', '']]);
});

test('text that comes later does not move what is there', () => {
  const captions = Array.from({ length: 40 }, () => caption('seven words that end here, or not.'));
  const before = paragraphs(captions.slice(0, 25)).map(({ key }) => key);
  expect(
    paragraphs(captions)
      .map(({ key }) => key)
      .slice(0, before.length),
  ).toEqual(before);
});
