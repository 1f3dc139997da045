/** The pages' own languages. Each page has one dictionary for each, of the same type as its English one. */
export type UiLanguage = 'en' | 'es' | 'pt' | 'de' | 'fr';

export type Dictionaries<Words> = Readonly<Record<UiLanguage, Words>>;

/** The first of the wanted languages (BCP 47, best first) that there is; English if none. */
export function preferred(wanted: readonly string[]): UiLanguage {
  const there: readonly string[] = ['en', 'es', 'pt', 'de', 'fr'] satisfies UiLanguage[];
  const codes = wanted.map((tag) => tag.toLowerCase().split('-')[0] ?? '');
  return (codes.find((code) => there.includes(code)) ?? 'en') as UiLanguage;
}

/** The browser's dictionary; the document is marked as being in that language. */
export function chooseWords<Words>(dictionaries: Dictionaries<Words>): Words {
  const language = preferred(navigator.languages);
  document.documentElement.lang = language;
  return dictionaries[language];
}
