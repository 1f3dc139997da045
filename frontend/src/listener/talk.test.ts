import { expect, test } from 'vitest';
import { sessionName } from './talk';

test.each([
  ['#Xk3_9-aQ', 'Xk3_9-aQ'],
  ['K7F 2QXA', 'K7F2QXA'],
  [' k7f-2qxa ', 'k7f-2qxa'],
  ['https://talks.example.org/listener.html#Xk3_9-aQ', 'Xk3_9-aQ'],
])('%j names the session %s', (written, name) => {
  expect(sessionName(written)).toBe(name);
});

test.each(['', '#', '%', '../x', '<b>', 'a'.repeat(65)])('%j names no session', (written) => {
  expect(sessionName(written)).toBeUndefined();
});
