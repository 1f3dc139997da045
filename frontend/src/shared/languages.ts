/**
 * How languages are called and written, by their code (ISO 639-1), as far as the browser knows them.
 * `tests/data/languages` holds them to the services' table.
 */

const RIGHT_TO_LEFT = new Set(['ar', 'dv', 'fa', 'he', 'ku', 'ps', 'sd', 'ug', 'ur', 'yi']);
/** Languages without spaces between words. */
const UNSPACED = new Set(['ja', 'km', 'lo', 'my', 'th', 'zh']);

/** Languages that some browser doesn't know by their own name, or not by all of it. */
const UNNAMED: Readonly<Record<string, string>> = {
  cy: 'Cymraeg',
  eu: 'Euskara',
  gl: 'Galego',
  id: 'Bahasa Indonesia',
  is: 'Íslenska',
  ms: 'Bahasa Melayu',
  so: 'Soomaali',
};

/** What a language calls itself, with a capital: `pt` is `Português`. The code itself where nobody knows. */
export function nativeName(code: string): string {
  try {
    const name = UNNAMED[code] ?? new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code;
    return name.charAt(0).toLocaleUpperCase(code) + name.slice(1);
  } catch {
    return code;
  }
}

/** What the page's own language calls it: `pt` is `Portuguese` on an English page. */
export function localName(code: string): string {
  try {
    return new Intl.DisplayNames([document.documentElement.lang], { type: 'language' }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Which way it is written. */
export const direction = (code: string): 'ltr' | 'rtl' =>
  RIGHT_TO_LEFT.has(code.split('-')[0] ?? '') ? 'rtl' : 'ltr';

/** What stands between two texts of this language that are read as one. */
export const between = (code: string): ' ' | '' => (UNSPACED.has(code.split('-')[0] ?? '') ? '' : ' ');

/** Codes with those that the reader understands (BCP 47 tags, best first) before the rest, each group in its order. */
export function readersFirst(codes: readonly string[], reader: readonly string[]): string[] {
  const wanted = reader.map((tag) => tag.toLowerCase().split('-')[0]);
  const rank = (code: string) => {
    const at = wanted.indexOf(code);
    return at < 0 ? wanted.length : at;
  };
  return [...codes].sort((a, b) => rank(a) - rank(b));
}
