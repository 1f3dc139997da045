import type { Caption } from '../../shared/captions';

/** Captions that are read as one piece. */
export interface Paragraph {
  /** Index of its first caption: never changes. */
  readonly key: number;
  readonly captions: readonly Caption[];
}

/** From this many characters on, a paragraph ends with a sentence; from the second on, anywhere. */
const LONG = 90;
const TOO_LONG = 320;
/** A silence of the speaker that starts a new paragraph. */
const SILENCE_MS = 2500;

/**
 * Running text in pieces that can be read from afar. Where a paragraph ends depends only on what came before, so text
 * that was shown never moves into another one. Captions that say nothing, and failed at nothing, are left out.
 */
export function paragraphs(captions: readonly Caption[]): Paragraph[] {
  const result: { key: number; captions: Caption[] }[] = [];
  let length = 0;
  let last: Caption | undefined;
  for (const caption of captions) {
    if (caption.text === '' && caption.failed === undefined) continue;
    const current = result.at(-1);
    if (current === undefined || last === undefined || startsNew(caption, last, length)) {
      result.push({ key: caption.index, captions: [caption] });
      length = 0;
    } else {
      current.captions.push(caption);
    }
    length += caption.text.length + 1;
    last = caption;
  }
  return result;
}

function startsNew(caption: Caption, last: Caption, length: number): boolean {
  return (
    caption.startMs - last.endMs > SILENCE_MS ||
    length > TOO_LONG ||
    (length > LONG && /[.?!…]$/.test(last.text))
  );
}
