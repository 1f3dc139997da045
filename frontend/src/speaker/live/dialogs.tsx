import { useState } from 'react';
import { useStore } from 'zustand';
import { Dialog } from '../parts/Dialog';
import { Switch } from '../parts/Field';
import { Notice } from '../parts/Notice';
import { words } from '../words';
import styles from './dialogs.module.css';
import type { OnAir } from './on-air';
import { secondsKept } from './standing';

const text = words.live;

/** To be sure: an end can't be taken back. */
export function EndDialog({ onAir, onClose }: { onAir: OnAir; onClose: () => void }) {
  const uplink = useStore(onAir.view, (view) => view.uplink);
  const [failed, setFailed] = useState(false);
  const kept = uplink === null ? 0 : secondsKept(uplink);
  const end = () => {
    onAir.want('ended');
    onClose();
  };
  const endNow = () => {
    onAir.endNow().then(onClose, () => setFailed(true));
  };
  return (
    <Dialog label={text.endTitle} onClose={onClose}>
      <div className={styles.dialog}>
        <h2>{text.endTitle}</h2>
        <p>{text.endExplain}</p>
        {kept > 0 && <p>{text.endKept(kept)}</p>}
        {failed && <Notice kind="trouble">{words.app.trouble.offline}</Notice>}
        <div className={styles.actions}>
          <button type="button" onClick={onClose}>
            {text.keepGoing}
          </button>
          {kept > 0 && (
            <button type="button" onClick={endNow}>
              {text.endNow}
            </button>
          )}
          <button type="button" className={styles.end} onClick={end}>
            {text.endConfirm}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

interface KeyboardDialogProps {
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
  readonly onClose: () => void;
}

/** Which keys there are, and whether they are wanted. */
export function KeyboardDialog({ on, onChange, onClose }: KeyboardDialogProps) {
  const keys = [
    ['M', text.keys.mute],
    ['P', text.keys.pause],
    ['Q', text.keys.share],
    ['?', text.keys.help],
  ] as const;
  return (
    <Dialog label={text.shortcuts} onClose={onClose}>
      <div className={styles.dialog}>
        <h2>{text.shortcuts}</h2>
        <dl className={styles.keys}>
          {keys.map(([key, does]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <Switch label={text.shortcutsOn} checked={on} onChange={onChange} />
        <div className={styles.actions}>
          <button type="button" onClick={onClose}>
            {words.app.close}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
