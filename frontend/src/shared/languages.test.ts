import { expect, test } from 'vitest';
import cases from '../../../tests/data/languages/cases.json';
import { between, direction, nativeName, readersFirst } from './languages';

test('a language calls itself by its own name, with a capital', () => {
  expect(['pt', 'es', 'ca'].map(nativeName)).toEqual(['Português', 'Español', 'Català']);
});

test.each(cases)('the page calls and writes $code as the services do', ({ code, ...told }) => {
  const spaced = between(code) === ' ';
  expect({ name: nativeName(code), direction: direction(code), spaced }).toEqual(told);
});

test('a code that is no language is shown as it is', () => {
  expect(nativeName('!')).toBe('!');
});

test('Arabic and Hebrew are written from right to left', () => {
  expect(['ar', 'he', 'ar-EG', 'en'].map(direction)).toEqual(['rtl', 'rtl', 'rtl', 'ltr']);
});

test('Japanese and Chinese captions follow one another without a space', () => {
  expect(['ja', 'zh-TW', 'pt'].map((code) => ['一', '二'].join(between(code)))).toEqual([
    '一二',
    '一二',
    '一 二',
  ]);
});

test('the reader’s languages come first, in the reader’s order', () => {
  expect(readersFirst(['en', 'pt', 'es', 'fr'], ['fr-CA', 'es'])).toEqual(['fr', 'es', 'en', 'pt']);
});
