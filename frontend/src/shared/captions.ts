import type { CaptionNotice, SentenceMark } from './listen/messages';

/** A segment's text as it is read. Times in ms of floor audio. */
export interface Caption {
  readonly index: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Empty where there was nothing to say or the translation failed. */
  readonly text: string;
  /** The words that it renders. */
  readonly source: string;
  /** `translation`: there is no text; `speech`: it could be read, but not heard; `missing`: the speaker's audio never came. */
  readonly failed?: 'translation' | 'speech' | 'missing';
}

/** A talk of four hours has some 5,000; older ones are let go. */
const KEPT = 6_000;

/** Put a caption in its place, unless it is there, and give the one before it its sentence mark. Returns the new list. */
export function withCaption(captions: readonly Caption[], notice: CaptionNotice): readonly Caption[] {
  const { index } = notice;
  let at = captions.length;
  while (at > 0 && (captions[at - 1] as Caption).index > index) at--;
  if (captions[at - 1]?.index === index) return captions;
  const caption: Caption = {
    index,
    startMs: notice.start_ms,
    endMs: notice.end_ms,
    text: notice.text.trim(),
    source: notice.source.trim(),
    ...(notice.failed !== undefined && { failed: notice.missing_ms ? 'missing' : 'translation' }),
  };
  const before = withLastMark(captions.slice(0, at), notice.previous_mark, index - 1);
  return [...before, caption, ...captions.slice(at)].slice(-KEPT);
}

/**
 * Give the last caption that has text the mark that it turned out to end with. until: the index that the mark was
 * decided for; where captions are missing before it, nothing happens.
 */
export function withLastMark(
  captions: readonly Caption[],
  mark: SentenceMark,
  until = captions.at(-1)?.index ?? 0,
): readonly Caption[] {
  if (mark === '') return captions;
  let expected = until;
  for (let at = captions.length - 1; at >= 0; at--) {
    const caption = captions[at] as Caption;
    if (caption.index !== expected--) return captions;
    if (caption.text !== '') return captions.with(at, { ...caption, text: withMark(caption.text, mark) });
  }
  return captions;
}

/** The same list with one caption marked as not heard. */
export function withoutSpeech(captions: readonly Caption[], index: number): readonly Caption[] {
  return captions.map((caption) =>
    caption.index === index && caption.failed === undefined ? { ...caption, failed: 'speech' } : caption,
  );
}

/** Text that turned out to end its sentence: a comma or colon gives way to the mark. */
function withMark(text: string, mark: SentenceMark): string {
  return /[.?!…。？！؟।]$/.test(text) ? text : text.replace(/[,;:，、；：،؛ ]+$/, '') + mark;
}
