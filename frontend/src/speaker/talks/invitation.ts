/** How listeners come to a talk. */

import type { OwnSession } from './sessions';

/** The listeners' page. The session is in the fragment, which no browser sends to a server. */
export const listenerLink = ({ session_id }: OwnSession): string =>
  new URL(`listener.html#${session_id}`, document.baseURI).href;

/** The listeners' page for those who type the code, as short as it can be said. */
export function listenerPage(): string {
  const { host, pathname } = new URL('listener.html', document.baseURI);
  return host + pathname;
}

/** A code in groups that can be said and kept in mind. */
export const spelled = (code: string): string => `${code.slice(0, 3)} ${code.slice(3)}`.toUpperCase().trim();
