import type { Caption } from '../captions';
import { type Format, formatted } from '../formats';

const TYPES = { txt: 'text/plain', srt: 'application/x-subrip', vtt: 'text/vtt' } as const;

/** Have the browser save captions as a file named after the talk and the language. */
export function downloadCaptions(
  captions: readonly Caption[],
  title: string,
  language: string,
  format: Format,
): void {
  const name = title.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'talk';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([formatted(captions, language, format)], { type: TYPES[format] }));
  link.download = `${name}.${language}.${format}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
