/** How listeners come to a talk. */

import type { OwnSession } from './sessions';

let page = new URL('listener.html', document.baseURI);

/** Listeners reach their page elsewhere than beside this one. */
export function inviteTo(address: string): void {
  page = new URL(address);
}

/** The listeners' page. The session is in the fragment, which no browser sends to a server. */
export const listenerLink = ({ session_id }: OwnSession): string => new URL(`#${session_id}`, page).href;

/** The listeners' page for those who type the code, as short as it can be said. */
export const listenerPage = (): string => page.host + page.pathname;

/** A code in groups that can be said and kept in mind. */
export const spelled = (code: string): string => `${code.slice(0, 3)} ${code.slice(3)}`.toUpperCase().trim();
