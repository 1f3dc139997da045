import { expect, test } from 'vitest';
import { noticeReader } from './messages';

test('a message of a known type is read', () => {
  expect(noticeReader(() => {})('{"type":"state","state":"paused"}')).toEqual({
    type: 'state',
    state: 'paused',
  });
});

test('a message of an unknown type is ignored, and reported once', () => {
  const reports: string[] = [];
  const read = noticeReader((what) => reports.push(what));
  expect(read('{"type":"poll"}')).toBeUndefined();
  expect(read('{"type":"poll"}')).toBeUndefined();
  expect(reports).toEqual(['ignored a message of unknown type poll']);
});

test.each(['', '{', 'null', '[1]', '3'])('what is no message (%j) is ignored', (text) => {
  expect(noticeReader(() => {})(text)).toBeUndefined();
});
