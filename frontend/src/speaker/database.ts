/** What the speaker's page keeps on the device: frames under way, and the captions of talks. */

const NAME = 'dragoman-speaker';

/** Frames by session and sequence number, talks' progress and captions by session. */
export type Store = 'frames' | 'talks' | 'captions';

/** Browsers may leave it open-ended: another page holds an older version, or a fault of theirs. */
const OPENING_MS = 3_000;

/**
 * The database; rejects where the browser forbids storage, or doesn't answer. It is closed when it is to be deleted or
 * changed by another page: what is written then rejects.
 */
export function openDatabase(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1);
    opening.onupgradeneeded = () => {
      for (const store of ['frames', 'talks', 'captions'] satisfies Store[]) {
        opening.result.createObjectStore(store);
      }
    };
    const timer = setTimeout(() => {
      opening.onsuccess = () => opening.result.close();
      reject(new DOMException('the database could not be opened in time', 'TimeoutError'));
    }, OPENING_MS);
    opening.onsuccess = () => {
      clearTimeout(timer);
      const database = opening.result;
      database.onversionchange = () => database.close();
      resolve(database);
    };
    opening.onerror = () => {
      clearTimeout(timer);
      reject(opening.error);
    };
  });
}

/** Whether anything can be kept at all. */
export const canKeep = (): Promise<boolean> =>
  openDatabase().then(
    (database) => {
      database.close();
      return true;
    },
    () => false,
  );

/** One transaction: `work` puts its requests; resolves when all of it is kept. */
export function write(
  database: IDBDatabase,
  stores: Store[],
  work: (store: (name: Store) => IDBObjectStore) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, 'readwrite', { durability: 'relaxed' });
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
    work((name) => transaction.objectStore(name));
  });
}

/** The answer to a request. */
export function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** All keys of a session in a store whose keys are arrays that begin with it. */
export const ofSession = (sessionId: string): IDBKeyRange => IDBKeyRange.bound([sessionId], [sessionId, []]);
