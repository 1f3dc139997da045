/** Captions of one's own talks, kept on the device until ten newer talks were held. */

import type { Caption } from '../../shared/captions';
import { recall, remember } from '../../shared/storage';
import { answer, ofSession, openDatabase, write } from '../database';

const MOST_TALKS = 10;
const TALKS = 'talks-with-captions';

export type CaptionsByLanguage = Readonly<Record<string, readonly Caption[]>>;

/** Without storage everything still works, for as long as the page is open: nothing here rejects. */
export class CaptionShelf {
  readonly #database: Promise<IDBDatabase | null>;
  readonly #sessionId: string;

  constructor(sessionId: string) {
    this.#sessionId = sessionId;
    this.#database = openDatabase().catch(() => null);
  }

  /** What is kept of the talk. */
  async load(): Promise<CaptionsByLanguage> {
    const database = await this.#database;
    if (database === null) return {};
    try {
      return await allOf(database, this.#sessionId);
    } catch {
      return {};
    }
  }

  /** Keep new captions of a language, and those that got their sentence mark. */
  async put(language: string, captions: readonly Caption[]): Promise<void> {
    const database = await this.#database;
    if (database === null) return;
    await write(database, ['captions'], (store) => {
      for (const caption of captions) {
        store('captions').put(caption, [this.#sessionId, language, caption.index]);
      }
    }).catch(() => {}); // the disk is full: they stay in memory
  }

  /** This talk is the latest one; let go of those that are too old. */
  async begin(): Promise<void> {
    const others = talksWithCaptions().filter((id) => id !== this.#sessionId);
    remember(TALKS, [this.#sessionId, ...others].slice(0, MOST_TALKS));
    const database = await this.#database;
    const old = others.slice(MOST_TALKS - 1);
    if (database === null || old.length === 0) return;
    await write(database, ['captions'], (store) => {
      for (const id of old) store('captions').delete(ofSession(id));
    }).catch(() => {}); // they stay where they are
  }

  /** Nothing more is to be kept or found; what is under way is finished. */
  async close(): Promise<void> {
    (await this.#database)?.close();
  }
}

async function allOf(database: IDBDatabase, sessionId: string): Promise<CaptionsByLanguage> {
  const store = database.transaction('captions').objectStore('captions');
  const [keys, captions] = await Promise.all([
    answer(store.getAllKeys(ofSession(sessionId))) as Promise<[string, string, number][]>,
    answer<Caption[]>(store.getAll(ofSession(sessionId))),
  ]);
  const found: Record<string, Caption[]> = {};
  keys.forEach(([, language], at) => {
    found[language] ??= [];
    found[language].push(captions[at] as Caption);
  });
  return found;
}

/** Session ids of the talks of which there are captions, newest first. */
export function talksWithCaptions(): string[] {
  const kept = recall(TALKS);
  return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [];
}
