/** A speaker's sessions over ingest's REST interface. */

import type { Offer, SessionState } from '../../shared/listen/messages';

/** A session as its owner sees it. */
export interface OwnSession {
  readonly session_id: string;
  /** Short, to read aloud. */
  readonly code: string;
  readonly title: string;
  readonly state: SessionState;
  readonly source_language: string;
  /** What listeners may choose, the spoken language first. */
  readonly languages: readonly Offer[];
  readonly created_at_ms: number;
  /** Counts by language. */
  readonly listeners: Readonly<Record<string, number>>;
}

export interface NewSession {
  readonly title: string;
  readonly source_language: string;
  /** Left out: whatever listeners ask for. */
  readonly target_languages?: readonly string[];
}

/** A language that is understood, and what it can be translated into. */
export interface SpokenLanguage {
  readonly code: string;
  readonly targets: readonly string[];
}

/** `offline`: nobody answered. `sign-in`: the token isn't taken. `gone`: ended or unknown. */
export type TroubleKind = 'offline' | 'sign-in' | 'gone' | 'refused';

/** The service said no, or nothing. */
export class Trouble extends Error {
  readonly kind: TroubleKind;

  constructor(kind: TroubleKind, message: string) {
    super(message);
    this.kind = kind;
  }
}

const TIMEOUT_MS = 10_000;
const KINDS: ReadonlyMap<number, TroubleKind> = new Map([
  [401, 'sign-in'],
  [404, 'gone'],
  [410, 'gone'],
  [503, 'offline'],
]);

/** Every method rejects with Trouble. */
export class Sessions {
  readonly #base: string;
  readonly #token: () => Promise<string>;

  constructor(base: string, token: () => Promise<string>) {
    this.#base = base;
    this.#token = token;
  }

  /** What can be spoken. */
  async languages(): Promise<readonly SpokenLanguage[]> {
    const answer = await this.#call('GET', '/languages');
    return ((await answer.json()) as { spoken: SpokenLanguage[] }).spoken;
  }

  async create(session: NewSession): Promise<OwnSession> {
    return (await this.#call('POST', '/sessions', session)).json();
  }

  /** Newest first. */
  async own(): Promise<readonly OwnSession[]> {
    return (await this.#call('GET', '/sessions')).json();
  }

  async get(sessionId: string): Promise<OwnSession> {
    return (await this.#call('GET', `/sessions/${sessionId}`)).json();
  }

  /** Have bytes read by the service that change nothing: a measure of the way there. */
  async weigh(sessionId: string, bytes: number): Promise<void> {
    await this.#call('PATCH', `/sessions/${sessionId}`, { padding: 'x'.repeat(bytes) });
  }

  /** For everybody, at once. One that has ended already is fine. */
  async end(sessionId: string): Promise<void> {
    await this.#call('DELETE', `/sessions/${sessionId}`).catch((fault: Trouble) => {
      if (fault.kind !== 'gone') throw fault;
    });
  }

  async #call(method: string, path: string, body?: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${await this.#token()}`, 'content-type': 'application/json' };
    const answer = await fetch(this.#base + path, {
      method,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch((fault: Error) => {
      throw new Trouble('offline', fault.message);
    });
    if (answer.ok) return answer;
    const said = (await answer.json().catch(() => ({}))) as { message?: string };
    throw new Trouble(KINDS.get(answer.status) ?? 'refused', said.message ?? `HTTP ${answer.status}`);
  }
}
