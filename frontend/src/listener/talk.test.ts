import { expect, test } from 'vitest';
import shape from '../../../tests/data/names/shape.json';
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

test('codes and ids are those that the service makes', () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789'];
  const names = (letter: string, length: number) => sessionName(letter.repeat(length)) !== undefined;
  expect(letters.filter((letter) => names(letter, shape.code_length)).join('')).toBe(shape.code_letters);
  const lengths = Array.from({ length: shape.shortest_id + 1 }, (_, length) => length);
  expect(lengths.filter((length) => names('a', length))).toEqual([shape.code_length, shape.shortest_id]);
});
