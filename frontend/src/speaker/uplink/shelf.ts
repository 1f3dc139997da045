/** Keeps a talk's frames on the device, so that they outlive the page. */

import { answer, ofSession, openDatabase, write } from '../database';
import type { Frame } from './frame';
import { type Progress, Ring } from './ring';
import type { Wanted } from './talk';

/** What was said longer ago than this is no longer sent, and the talk goes on without a gap. */
const STALE_MS = 5 * 60_000;
/** No session lives so long: what is kept of one that ended elsewhere is of no use. */
const FORGOTTEN_MS = 24 * 3_600_000;

interface KeptTalk {
  readonly progress: Progress;
  readonly wanted: Wanted;
  readonly savedAtMs: number;
}

/** What an earlier page left of a talk, and a place for what this one adds. */
export class FrameShelf {
  readonly ring: Ring;
  readonly wanted: Wanted;
  readonly #database: IDBDatabase | null;
  readonly #sessionId: string;
  #keptThrough: number;
  #guessing: boolean;
  #failing = false;
  #writing: Promise<void> | null = null;

  private constructor(
    database: IDBDatabase | null,
    sessionId: string,
    talk?: KeptTalk,
    frames: Frame[] = [],
  ) {
    this.#database = database;
    this.#sessionId = sessionId;
    this.ring = new Ring(talk?.progress, frames);
    this.wanted = talk?.wanted ?? 'live';
    this.#keptThrough = this.ring.from(0).at(-1)?.seq ?? -1;
    this.#guessing = this.ring.progress.guessedFrom !== null;
  }

  /** Find what there is of a session; an empty place without memory where the browser forbids storage. */
  static async of(sessionId: string, nowMs: number): Promise<FrameShelf> {
    try {
      const database = await openDatabase();
      const reading = database.transaction(['talks', 'frames']);
      const asked = answer<KeptTalk | undefined>(reading.objectStore('talks').get(sessionId));
      const frames = answer<Frame[]>(reading.objectStore('frames').getAll(ofSession(sessionId)));
      const [talk, kept] = await Promise.all([asked, frames]);
      await forgetOthers(database, nowMs - FORGOTTEN_MS).catch(() => {}); // the next page tries again
      if (talk === undefined || nowMs - talk.savedAtMs < STALE_MS) {
        return new FrameShelf(database, sessionId, talk, kept);
      }
      return new FrameShelf(database, sessionId, {
        ...talk,
        progress: { ...talk.progress, endedAtMs: null },
      });
    } catch {
      return new FrameShelf(null, sessionId);
    }
  }

  /** Whether what is said now outlives the page. */
  get lasting(): boolean {
    return this.#database !== null && !this.#failing;
  }

  /**
   * Bring the kept frames up to date. One write at a time: what comes during one is in the next, and so is what one
   * could not keep (the disk is full). Never rejects.
   */
  async save(wanted: Wanted, nowMs: number): Promise<void> {
    const database = this.#database;
    if (database === null || this.#writing !== null) return;
    const { ring } = this;
    const guessing = ring.progress.guessedFrom !== null;
    const renumbered = this.#guessing && !guessing;
    const frames = ring.from(renumbered ? 0 : this.#keptThrough + 1);
    const done = IDBKeyRange.bound([this.#sessionId], [this.#sessionId, ring.firstKept], false, true);
    this.#writing = write(database, ['talks', 'frames'], (store) => {
      const talk: KeptTalk = { progress: ring.progress, wanted, savedAtMs: nowMs };
      store('talks').put(talk, this.#sessionId);
      store('frames').delete(renumbered ? ofSession(this.#sessionId) : done);
      for (const frame of frames) store('frames').put(frame, [this.#sessionId, frame.seq]);
    }).then(
      () => {
        this.#keptThrough = frames.at(-1)?.seq ?? this.#keptThrough;
        this.#guessing = guessing;
        this.#failing = false;
      },
      () => {
        this.#failing = true;
      },
    );
    await this.#writing;
    this.#writing = null;
  }

  /** The talk is over. Never rejects: what can't be deleted now is forgotten a day later. */
  async clear(): Promise<void> {
    await this.#writing;
    if (this.#database === null) return;
    await write(this.#database, ['talks', 'frames'], (store) => {
      store('talks').delete(this.#sessionId);
      store('frames').delete(ofSession(this.#sessionId));
    }).catch(() => {});
  }
}

/** Let go of what was kept of other talks and last looked after before this time. */
async function forgetOthers(database: IDBDatabase, beforeMs: number): Promise<void> {
  const talks = database.transaction('talks').objectStore('talks');
  const [ids, kept] = await Promise.all([answer(talks.getAllKeys()), answer<KeptTalk[]>(talks.getAll())]);
  const old = ids.filter((_, at) => (kept[at]?.savedAtMs ?? 0) < beforeMs) as string[];
  await write(database, ['talks', 'frames'], (store) => {
    for (const id of old) {
      store('talks').delete(id);
      store('frames').delete(ofSession(id));
    }
  });
}
