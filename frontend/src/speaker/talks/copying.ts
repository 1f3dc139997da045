/**
 * Copy a link, which an element shows. False where the browser copies nothing for a page; then the link is at least
 * selected.
 */
export async function copyLink(link: string, shown: Element): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(link);
    return true;
  } catch {
    // Refused, or not there: pages by plain HTTP have no clipboard.
    return copySelected(link, shown);
  }
}

function copySelected(link: string, shown: Element): boolean {
  getSelection()?.selectAllChildren(shown);
  const give = (event: ClipboardEvent) => {
    event.clipboardData?.setData('text/plain', link);
    event.preventDefault();
  };
  document.addEventListener('copy', give);
  try {
    return document.execCommand('copy');
  } finally {
    document.removeEventListener('copy', give);
  }
}
