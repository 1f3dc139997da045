import type { Caption } from './captions';
import { between } from './languages';

/**
 * Captions as files, timed on the talk's own time line. Pure; the same as `services/cli/clients/captions.py` writes, and
 * `tests/data/captions/cases.json` holds both to it.
 */

const LINE_LENGTH = 42;
const LINES_PER_CUE = 2;
const SENTENCE_ENDS = /(?<=[.?!…؟।]) +/g;
/** A shorter cue stays until then where the next one leaves room. */
const SHORTEST_CUE_MS = 1000;

/** What can be downloaded: running text, SubRip, WebVTT. */
export type Format = 'txt' | 'srt' | 'vtt';

interface Cue {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
}

/** A file of captions; those without text are left out, but for those that stand for what is missing: `[— 4.2 s —]`. */
export function formatted(captions: readonly Caption[], language: string, format: Format): string {
  const cues = captions
    .map((one) =>
      one.failed === 'missing'
        ? { ...one, text: `[— ${(Math.ceil((one.endMs - one.startMs) / 100) / 10).toFixed(1)} s —]` }
        : one,
    )
    .filter(({ text }) => text !== '');
  return format === 'txt' ? txt(cues, language) : { srt, vtt }[format](cues);
}

/** One sentence a line; one caption where no spaces are written. */
function txt(cues: readonly Cue[], language: string): string {
  const texts = cues.map(({ text }) => text);
  if (between(language) === '') return `${texts.join('\n')}\n`;
  return `${texts.join(' ').replace(SENTENCE_ENDS, '\n')}\n`;
}

/** It can't quote the arrow of its times. */
function srt(cues: readonly Cue[]): string {
  return displayed(cues)
    .map(
      ({ startMs, endMs, text }, at) =>
        `${at + 1}\n${clock(startMs, ',')} --> ${clock(endMs, ',')}\n${text.replace(/-->/g, '→')}\n\n`,
    )
    .join('');
}

function vtt(cues: readonly Cue[]): string {
  const blocks = displayed(cues).map(
    ({ startMs, endMs, text }) => `${clock(startMs, '.')} --> ${clock(endMs, '.')}\n${escaped(text)}\n\n`,
  );
  return `WEBVTT\n\n${blocks.join('')}`;
}

/** Cues as they fit a screen: at most two lines of 42 characters, long enough to be read, no overlap. */
function displayed(cues: readonly Cue[]): Cue[] {
  const fitted = cues.flatMap(split);
  return fitted.map((cue, at) => ({
    ...cue,
    endMs: Math.min(Math.max(cue.endMs, cue.startMs + SHORTEST_CUE_MS), fitted[at + 1]?.startMs ?? Infinity),
  }));
}

/** A long cue as several, each with its share of the time. */
function split({ startMs, endMs, text }: Cue): Cue[] {
  const lines = wrapped(text);
  const total = lines.join('').length;
  const at = (said: number) => startMs + ((endMs - startMs) * said) / total;
  const cues: Cue[] = [];
  let said = 0;
  for (let first = 0; first < lines.length; first += LINES_PER_CUE) {
    const screen = lines.slice(first, first + LINES_PER_CUE);
    const until = said + screen.join('').length;
    cues.push({ startMs: at(said), endMs: at(until), text: screen.join('\n') });
    said = until;
  }
  return cues;
}

/** Lines of whole words; only a word that is longer than a line is broken, and fills the line that it begins in. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (let word of text.split(/[\t\n\v\f\r ]+/).filter(Boolean)) {
    for (;;) {
      const room = LINE_LENGTH - (line === '' ? 0 : line.length + 1);
      const part =
        word.length <= room ? word : word.length > LINE_LENGTH ? word.slice(0, Math.max(0, room)) : '';
      if (part !== '') line = line === '' ? part : `${line} ${part}`;
      word = word.slice(part.length);
      if (word === '') break;
      lines.push(line);
      line = '';
    }
  }
  return line === '' ? lines : [...lines, line];
}

const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

function clock(atMs: number, point: string): string {
  const total = Math.max(0, Math.round(atMs));
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const time = [total / 3_600_000, (total / 60_000) % 60, (total / 1000) % 60].map(two).join(':');
  return `${time}${point}${String(total % 1000).padStart(3, '0')}`;
}
