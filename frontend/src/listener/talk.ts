import type { Config } from '../shared/config';
import type { Joined, Offer } from '../shared/listen/messages';

/** A session as a listener may see it. */
export interface Talk {
  readonly id: string;
  readonly title: string;
  readonly sourceLanguage: string;
  /** The spoken one first. */
  readonly languages: readonly Offer[];
}

/** Why there is no talk to listen to. `unreachable` may pass by itself. */
export type NoTalk = 'unknown' | 'ended' | 'attempts' | 'unreachable';

/** What ingest and the notifier both tell of a session. */
type View = Pick<Joined, 'session_id' | 'title' | 'source_language' | 'languages'>;

const LIMIT_MS = 8_000;

/** Look a session up by the id in its link, or by its code. */
export async function findTalk(config: Config, name: string): Promise<Talk | NoTalk> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), LIMIT_MS);
  try {
    const url = `${config.ingest}/sessions/${encodeURIComponent(name)}`;
    const answer = await fetch(url, { signal: limit.signal });
    if (answer.ok) return talkOf((await answer.json()) as View);
    return NO_TALK.get(answer.status) ?? 'unreachable';
  } catch {
    return 'unreachable';
  } finally {
    clearTimeout(timer);
  }
}

const NO_TALK: ReadonlyMap<number, NoTalk> = new Map([
  [400, 'unknown'],
  [404, 'unknown'],
  [410, 'ended'],
  [429, 'attempts'],
]);

/** The session that a service has told of. */
export function talkOf(view: View): Talk {
  return {
    id: view.session_id,
    title: view.title,
    sourceLanguage: view.source_language,
    languages: view.languages,
  };
}

/** As in a link; `tests/data/names` holds both to the service's own. */
const ID = /^[\w-]{16,64}$/;
/** As people read it aloud. */
const CODE = /^[a-hjkmnp-z2-9]{7}$/i;

/** What a link or a hand wrote, as a session's name; undefined where it can't be one. */
export function sessionName(written: string): string | undefined {
  const name = decoded(written).replace(/^.*#/, '').replace(/\s/g, '');
  return ID.test(name) || CODE.test(name.replaceAll('-', '')) ? name : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
