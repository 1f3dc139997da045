import { expect, test } from 'vitest';
import { listenerLink, onlyHere, spelled, spoken } from './invitation';
import type { OwnSession } from './sessions';

const page = new URL('https://talks.example/listener.html');

test('the link has the session where no server ever sees it', () => {
  expect(listenerLink(page, { session_id: 'aB-9_x' } as OwnSession)).toBe(
    'https://talks.example/listener.html#aB-9_x',
  );
});

test('the page for those who type is said without the scheme', () => {
  expect(spoken(page)).toBe('talks.example/listener.html');
});

test('a code is shown in capitals, in two groups', () => {
  expect(spelled('k7f2qxa')).toBe('K7F 2QXA');
});

test.each([
  ['http://127.0.0.1:18080/listener.html', true],
  ['http://localhost/listener.html', true],
  ['http://[::1]:18080/listener.html', true],
  ['http://192.168.1.20:18080/listener.html', false],
  ['https://127.talks.example/listener.html', false],
])('whether only this computer can open %s: %s', (address, here) => {
  expect(onlyHere(new URL(address))).toBe(here);
});
