import { expect, test } from 'vitest';
import cases from '../../../tests/data/captions/cases.json';
import type { Caption } from './captions';
import { formatted } from './formats';

const caption = (index: number, startMs: number, endMs: number, text: string): Caption => ({
  index,
  startMs,
  endMs,
  text,
  source: '',
});

test.each(cases)(
  'files are as in case %# of those shared with the command line',
  ({ captions, language, ...files }) => {
    const list = captions.map(([startMs, endMs, text], index) =>
      caption(index, Number(startMs), Number(endMs), String(text).trim()),
    );
    expect({
      txt: formatted(list, language, 'txt'),
      srt: formatted(list, language, 'srt'),
      vtt: formatted(list, language, 'vtt'),
    }).toEqual(files);
  },
);

const talk = [
  caption(0, 500, 2300, 'Once upon a time.'),
  caption(1, 3_661_004, 3_663_500, 'Fish & <chips>?'),
];

test('SRT numbers its cues and has commas in its times', () => {
  expect(formatted(talk, 'en', 'srt')).toBe(
    '1\n00:00:00,500 --> 00:00:02,300\nOnce upon a time.\n\n' +
      '2\n01:01:01,004 --> 01:01:03,500\nFish & <chips>?\n\n',
  );
});

test('what is missing of the talk is a line that says how much', () => {
  const missing: Caption = { ...caption(1, 2300, 6550, ''), failed: 'missing' };
  expect(formatted([talk[0] as Caption, missing, caption(2, 6550, 7000, 'They left.')], 'en', 'txt')).toBe(
    'Once upon a time.\n[— 4.3 s —] They left.\n',
  );
});

test('VTT has a head, points in its times, and no markup in its text', () => {
  expect(formatted(talk, 'en', 'vtt')).toBe(
    'WEBVTT\n\n00:00:00.500 --> 00:00:02.300\nOnce upon a time.\n\n' +
      '01:01:01.004 --> 01:01:03.500\nFish &amp; &lt;chips&gt;?\n\n',
  );
});

test('TXT is running text with one sentence a line', () => {
  const parts = [caption(0, 0, 1, 'Good morning.'), caption(1, 1, 2, 'It is'), caption(2, 2, 3, 'late! Go…')];
  expect(formatted(parts, 'en', 'txt')).toBe('Good morning.\nIt is late!\nGo…\n');
});

test('a caption without text is left out', () => {
  expect(formatted([caption(0, 0, 900, ''), caption(1, 1000, 2000, 'a')], 'en', 'srt')).toMatch(
    /^1\n00:00:01,000/,
  );
});

test('a long caption becomes cues of two lines of 42 characters that share its time', () => {
  const text = Array.from({ length: 30 }, () => 'seventeen').join(' ');
  const cues = formatted([caption(0, 0, 30_000, text)], 'en', 'srt')
    .trim()
    .split('\n\n');
  expect(cues.length).toBe(4);
  for (const cue of cues) {
    const lines = cue.split('\n').slice(2);
    expect(lines.length).toBeLessThanOrEqual(2);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(42);
  }
  expect(cues.flatMap((cue) => cue.split('\n').slice(2)).join(' ')).toBe(text);
  expect(cues.at(-1)).toContain('--> 00:00:30,000');
});

test('a word that is longer than a line is broken', () => {
  const lines = formatted([caption(0, 0, 3000, 'a'.repeat(50))], 'en', 'srt').split('\n');
  expect(lines.slice(2, 4)).toEqual(['a'.repeat(42), 'a'.repeat(8)]);
});

test('a short cue stays long enough to be read, but never into the next', () => {
  const cues = [caption(0, 0, 300, 'a'), caption(1, 600, 700, 'b')];
  expect(formatted(cues, 'en', 'srt')).toContain('00:00:00,000 --> 00:00:00,600');
  expect(formatted(cues, 'en', 'srt')).toContain('00:00:00,600 --> 00:00:01,600');
});

test('nothing said gives an empty file', () => {
  expect(formatted([], 'en', 'srt')).toBe('');
});
