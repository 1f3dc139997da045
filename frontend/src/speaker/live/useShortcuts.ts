import { useEffect } from 'react';

/** Single keys, for as long as they are wanted: not while something is typed, and not while a dialog is open. */
export function useShortcuts(keys: Readonly<Record<string, () => void>>, wanted: boolean): void {
  useEffect(() => {
    if (!wanted) return;
    const press = (event: KeyboardEvent) => {
      const busy = event.altKey || event.ctrlKey || event.metaKey || event.repeat || occupied(event.target);
      const action = busy ? undefined : keys[event.key.toLowerCase()];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, [keys, wanted]);
}

const occupied = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest('input, select, textarea, dialog') !== null;
