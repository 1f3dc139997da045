import type { Caption } from '../shared/captions';
import type { Mode } from './store';

/** Where a listener was when the page went away: a reload goes on from there. */
export interface Kept {
  readonly session: string;
  readonly language: string;
  readonly mode: Mode;
  /** The index to resume after. */
  readonly after: number;
  readonly captions: readonly Caption[];
}

const NAME = 'dragoman.listening';
/** Who comes back later wants to hear what is said now. */
const FRESH_MS = 120_000;

/** Keep it for this tab; without storage a reload starts anew. */
export function keep(kept: Kept | undefined): void {
  try {
    if (kept === undefined) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, JSON.stringify({ ...kept, atMs: Date.now() }));
  } catch {
    // A reload starts anew.
  }
}

/** What was kept of this session a moment ago. */
export function keptOf(session: string): Kept | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(NAME) ?? 'null') as (Kept & { atMs: number }) | null;
    return kept?.session === session && Date.now() - kept.atMs < FRESH_MS ? kept : undefined;
  } catch {
    return undefined;
  }
}
