import { describe, expect, test } from 'vitest';
import { type Caption, withCaption, withLastMark, withoutSpeech } from './captions';
import type { CaptionNotice } from './listen/messages';

const notice = (index: number, text: string, more: Partial<CaptionNotice> = {}): CaptionNotice => ({
  type: 'caption',
  language: 'pt',
  index,
  start_ms: index * 1000,
  end_ms: index * 1000 + 900,
  text,
  previous_mark: '',
  spoken: true,
  source: `source of ${text}`,
  floor_epoch_ms: 0,
  stages: {},
  sent_at_ms: 0,
  ...more,
});

const listOf = (...notices: CaptionNotice[]) => notices.reduce<readonly Caption[]>(withCaption, []);
const texts = (captions: readonly Caption[]) => captions.map(({ text }) => text);

describe('a list of captions', () => {
  test('is in the order of the indexes, whatever the order of arrival', () => {
    expect(texts(listOf(notice(3, 'c'), notice(1, 'a'), notice(2, 'b')))).toEqual(['a', 'b', 'c']);
  });

  test('has each index once, as it came first', () => {
    const captions = listOf(notice(1, 'a'), notice(2, 'b'));
    expect(withCaption(captions, notice(1, 'changed'))).toBe(captions);
  });

  test('lets the oldest go when it is very long', () => {
    const captions = listOf(...Array.from({ length: 6010 }, (_, index) => notice(index, 'word')));
    expect(captions.length).toBe(6000);
    expect(captions[0]?.index).toBe(10);
  });

  test('says which caption has no translation', () => {
    expect(listOf(notice(1, '', { failed: 'engine' }))[0]?.failed).toBe('translation');
  });

  test('says which caption stands for what is missing of the talk', () => {
    expect(listOf(notice(1, '', { failed: 'audio missing', missing_ms: 4200 }))[0]?.failed).toBe('missing');
  });

  test('says which caption could not be heard', () => {
    expect(withoutSpeech(listOf(notice(1, 'a'), notice(2, 'b')), 2).map(({ failed }) => failed)).toEqual([
      undefined,
      'speech',
    ]);
  });
});

describe('a sentence mark', () => {
  test('that comes with a caption ends the one before', () => {
    expect(texts(listOf(notice(1, 'the end'), notice(2, 'Next', { previous_mark: '.' })))).toEqual([
      'the end.',
      'Next',
    ]);
  });

  test('takes the place of a comma', () => {
    expect(texts(listOf(notice(1, 'is it,'), notice(2, 'Yes', { previous_mark: '?' })))).toEqual([
      'is it?',
      'Yes',
    ]);
  });

  test('is not doubled', () => {
    expect(texts(listOf(notice(1, 'Wait…'), notice(2, 'Go', { previous_mark: '.' })))).toEqual([
      'Wait…',
      'Go',
    ]);
  });

  test('passes over captions without text', () => {
    const captions = listOf(notice(1, 'one'), notice(2, ''), notice(3, 'Two', { previous_mark: '!' }));
    expect(texts(captions)).toEqual(['one!', '', 'Two']);
  });

  test('is not given to a caption that only seems to come before', () => {
    expect(texts(listOf(notice(1, 'one'), notice(5, 'Five', { previous_mark: '.' })))).toEqual([
      'one',
      'Five',
    ]);
  });

  test('is given once although its caption comes again', () => {
    const marked = notice(2, 'Next', { previous_mark: '?' });
    expect(texts(listOf(notice(1, 'end'), marked, marked))).toEqual(['end?', 'Next']);
  });

  test('that comes with the end of the talk ends the last caption', () => {
    expect(texts(withLastMark(listOf(notice(1, 'bye')), '.'))).toEqual(['bye.']);
  });
});
