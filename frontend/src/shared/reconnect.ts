/**
 * When to connect again after a socket has closed, and whether to at all: the tables of `docs/protocol.md`, to which
 * `tests/data/close_codes` holds it. Pure.
 */

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;
const SHORTEST_WAIT_MS = 50;
/** Who was let in and lost the connection sooner than this waits longer each time, as if there had been none. */
export const STEADY_MS = 5_000;

/**
 * Milliseconds to wait before try number `attempt` (0: the first after a loss). The longest wait doubles each time, and
 * any part of it is as likely, so that hundreds who lost a server together don't come back together.
 */
export function waitMs(attempt: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  return SHORTEST_WAIT_MS + random() * (longest - SHORTEST_WAIT_MS);
}

/** Why a service won't have us, so that trying again would not help. */
export type Refusal =
  | 'protocol'
  | 'token'
  | 'not-owner'
  | 'unknown'
  | 'language'
  | 'replaced'
  | 'ended'
  | 'attempts'
  | 'too-many'
  | 'full';

export type SpeakerRefusal = Exclude<Refusal, 'language' | 'attempts'>;

const LISTENER: ReadonlyMap<number, Refusal> = new Map([
  [4400, 'protocol'],
  [1009, 'protocol'],
  [4404, 'unknown'],
  [4406, 'language'],
  [4410, 'ended'],
  [4429, 'attempts'],
]);

const SPEAKER: ReadonlyMap<number, SpeakerRefusal> = new Map([
  [4400, 'protocol'],
  [1009, 'protocol'],
  [4401, 'token'],
  [4403, 'not-owner'],
  [4404, 'unknown'],
  [4409, 'replaced'],
  [4410, 'ended'],
  [4430, 'too-many'],
  [4431, 'full'],
]);

/** Why the listener's socket closed for good; undefined: connect again. */
export const listenerRefusal = (code: number): Refusal | undefined => LISTENER.get(code);

/** Why the speaker's socket closed for good; undefined: connect again, with what wasn't acknowledged. */
export const speakerRefusal = (code: number): SpeakerRefusal | undefined => SPEAKER.get(code);
