import { afterEach, describe, expect, test, vi } from 'vitest';
import { Sessions, Trouble } from './sessions';

const sessions = new Sessions('https://ingest.example', async () => 'TOKEN');

const answering = (status: number, body: unknown = {}) =>
  vi.stubGlobal(
    'fetch',
    vi.fn(async (_url: string, _init: RequestInit) => new Response(JSON.stringify(body), { status })),
  );

afterEach(() => {
  vi.unstubAllGlobals();
});

test('the token goes in a header, never in the address', async () => {
  answering(200, []);
  await sessions.own();
  const [[url, init]] = vi.mocked(fetch).mock.calls as [[string, RequestInit]];
  expect(url).toBe('https://ingest.example/sessions');
  expect(init.headers).toMatchObject({ authorization: 'Bearer TOKEN' });
});

describe('what goes wrong', () => {
  test.each([
    [401, 'sign-in'],
    [404, 'gone'],
    [410, 'gone'],
    [422, 'refused'],
    [503, 'offline'],
  ])('with status %i is told as "%s", in the words of the service', async (status, kind) => {
    answering(status, { code: 'x', message: 'because' });
    await expect(sessions.own()).rejects.toMatchObject({ kind, message: 'because' });
  });

  test('without any answer is that nobody is there', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    await expect(sessions.own()).rejects.toMatchObject({ kind: 'offline' });
  });

  test('with an answer that is not ours is told all the same', async () => {
    vi.stubGlobal('fetch', async () => new Response('<h1>Bad gateway</h1>', { status: 502 }));
    await expect(sessions.own()).rejects.toBeInstanceOf(Trouble);
  });
});

test('ending a talk that is over already is fine, and one that is not ours is not', async () => {
  answering(410);
  await expect(sessions.end('abc')).resolves.toBeUndefined();
  answering(403);
  await expect(sessions.end('abc')).rejects.toMatchObject({ kind: 'refused' });
});
