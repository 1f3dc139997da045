/** How listeners come to a talk. */

import type { OwnSession } from './sessions';

/** The way in for those who follow a link. The session is in the fragment, which no browser sends to a server. */
export const listenerLink = (page: URL, { session_id }: OwnSession): string =>
  new URL(`#${session_id}`, page).href;

/** The way in for those who type the code, as short as it can be said. */
export const spoken = (page: URL): string => page.host + page.pathname;

/** Whether this computer alone can open the page. */
export const onlyHere = ({ hostname }: URL): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);

/** A code in groups that can be said and kept in mind. */
export const spelled = (code: string): string => `${code.slice(0, 3)} ${code.slice(3)}`.toUpperCase().trim();
