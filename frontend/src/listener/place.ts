import type { Caption } from '../shared/captions';
import type { Mode } from './store';

/** Where a listener was when the page went away: a reload goes on from there. */
export interface Place {
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
export function keepPlace(place: Place | undefined): void {
  try {
    if (place === undefined) sessionStorage.removeItem(NAME);
    else sessionStorage.setItem(NAME, JSON.stringify({ ...place, atMs: Date.now() }));
  } catch {
    // A reload starts anew.
  }
}

/** Where this session was left a moment ago. */
export function placeIn(session: string): Place | undefined {
  try {
    const place = JSON.parse(sessionStorage.getItem(NAME) ?? 'null') as (Place & { atMs: number }) | null;
    return place?.session === session && Date.now() - place.atMs < FRESH_MS ? place : undefined;
  } catch {
    return undefined;
  }
}
