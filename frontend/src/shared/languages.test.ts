import { expect, test } from 'vitest';
import cases from '../../../tests/data/languages/cases.json';
import { direction, nativeName, readersFirst } from './languages';

test('a language calls itself by its own name, with a capital', () => {
  expect(['pt', 'es', 'ca'].map(nativeName)).toEqual(['Português', 'Español', 'Català']);
});

test.each(cases)('the browser’s name and direction of $code are the services’ own', ({ code, ...told }) => {
  expect({ name: nativeName(code), direction: direction(code) }).toEqual(told);
});

test('a code that is no language is shown as it is', () => {
  expect(nativeName('!')).toBe('!');
});

test('Arabic and Hebrew are written from right to left', () => {
  expect(['ar', 'he', 'ar-EG', 'en'].map(direction)).toEqual(['rtl', 'rtl', 'rtl', 'ltr']);
});

test('the reader’s languages come first, in the reader’s order', () => {
  expect(readersFirst(['en', 'pt', 'es', 'fr'], ['fr-CA', 'es'])).toEqual(['fr', 'es', 'en', 'pt']);
});
