import { expect, test } from 'vitest';
import codes from '../../../tests/data/codes/alphabet.json';
import { sessionName } from './talk';

test.each([
  ['#Xk3_9-aQbT7mLr2Z', 'Xk3_9-aQbT7mLr2Z'],
  ['K7F 2QXA', 'K7F2QXA'],
  [' k7f-2qxa ', 'k7f-2qxa'],
  ['https://talks.example.org/listener.html#Xk3_9-aQbT7mLr2Z', 'Xk3_9-aQbT7mLr2Z'],
])('%j names the session %s', (written, name) => {
  expect(sessionName(written)).toBe(name);
});

test.each(['', '#', '%', '../x', '<b>', 'K7F2QX', 'K7F2QXAB', 'K0F2QXA', 'a'.repeat(65)])(
  '%j names no session',
  (written) => {
    expect(sessionName(written)).toBeUndefined();
  },
);

test('a code has the letters that the service’s codes have, and as many', () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
  const names = (letter: string, length: number) => sessionName(letter.repeat(length)) !== undefined;
  expect(letters.filter((letter) => names(letter, codes.length)).join('')).toBe(codes.letters);
  expect(names('a', codes.length - 1) || names('a', codes.length + 1)).toBe(false);
});
