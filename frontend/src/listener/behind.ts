import type { ListenerState } from './store';

/** From here on a listener is told. */
const FAR_MS = 15_000;
/** From here on it helps to leave out what waits on this page; below, clips that play a little faster catch up. */
const WORTH_A_JUMP_MS = 4_000;

type Standing = Pick<ListenerState, 'state' | 'link' | 'lagMs' | 'backlogMs'>;

/** How far behind the speaker one is; undefined where nothing is being said, or it does not come. Pure. */
export function behindMs({ state, link, lagMs, backlogMs }: Standing): number | undefined {
  if (state !== 'live' || link.state !== 'open' || lagMs === undefined) return undefined;
  return Math.max(lagMs, backlogMs);
}

/** Whether one is far behind. by: whether most of it waits on this page, or was late when it came here. Pure. */
export function farBehind(
  standing: Standing,
): { readonly by: 'page' | 'service'; readonly jump: boolean } | undefined {
  const { backlogMs } = standing;
  const ms = behindMs(standing) ?? backlogMs;
  if (ms <= FAR_MS) return undefined;
  return { by: backlogMs >= ms / 2 ? 'page' : 'service', jump: backlogMs > WORTH_A_JUMP_MS };
}
