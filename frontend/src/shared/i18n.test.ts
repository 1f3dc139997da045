import { expect, test } from 'vitest';
import { preferred } from './i18n';

test('the page is in the first of the reader’s languages that it has', () => {
  expect(preferred(['ja', 'pt-BR', 'en'])).toBe('pt');
});

test('the page is in English for readers of none of its languages', () => {
  expect(preferred(['ja', 'sv'])).toBe('en');
  expect(preferred([])).toBe('en');
});
