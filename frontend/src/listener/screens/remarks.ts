import type { Offer } from '../../shared/listen/messages';
import { words } from '../words';

/** What to know of a language before it is chosen. */
export function remarks({ code, quality, speech }: Offer, sourceLanguage: string): string[] {
  if (code === sourceLanguage) return [words.asSpoken];
  return [...(quality === 'draft' ? [words.draft] : []), ...(speech ? [] : [words.toRead])];
}
