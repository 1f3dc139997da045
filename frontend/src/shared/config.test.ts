import { expect, test } from 'vitest';
import { listenUrl, resolved, speakUrl } from './config';

const cognito = { region: 'eu-west-1', user_pool_id: 'pool', client_id: 'client' };
const page = 'https://talks.example.org/listener.html#abc';

test('services elsewhere are reached where the configuration says', () => {
  const config = resolved(
    { ingest: 'http://127.0.0.1:18081', notifier: 'ws://127.0.0.1:18084/', cognito },
    page,
  );
  expect(config.ingest).toBe('http://127.0.0.1:18081');
  expect(speakUrl(config)).toBe('ws://127.0.0.1:18081/speak');
  expect(listenUrl(config)).toBe('ws://127.0.0.1:18084/listen');
});

test.each(['', '/'])('services at %j are on the origin of the page', (value) => {
  const config = resolved({ ingest: value, notifier: value, cognito }, page);
  expect(config.ingest).toBe('https://talks.example.org');
  expect(speakUrl(config)).toBe('wss://talks.example.org/speak');
  expect(listenUrl(config)).toBe('wss://talks.example.org/listen');
});
