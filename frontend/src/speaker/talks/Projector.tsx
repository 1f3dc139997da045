import { useEffect } from 'react';
import { Dialog } from '../parts/Dialog';
import { words } from '../words';
import { listenerLink, listenerPage, spelled } from './invitation';
import styles from './Projector.module.css';
import { QrCode } from './QrCode';
import type { OwnSession } from './sessions';

const text = words.share;

/** The way in, as large as the screen, for the hall to see. */
export function Projector({ talk, onClose }: { talk: OwnSession; onClose: () => void }) {
  useEffect(() => {
    document.documentElement.requestFullscreen?.().catch(() => {}); // the window alone will do
    return () => {
      if (document.fullscreenElement !== null) void document.exitFullscreen();
    };
  }, []);
  return (
    <Dialog label={text.title} className={styles.projector} onClose={onClose}>
      <div className={styles.sheet}>
        <h1>{talk.title}</h1>
        <QrCode value={listenerLink(talk)} label={text.qr} />
        <div className={styles.ways}>
          <p className={styles.scan}>{text.scan}</p>
          <p>{text.orCode(listenerPage())}</p>
          <p className={styles.code}>{spelled(talk.code)}</p>
        </div>
        <button type="button" onClick={onClose}>
          {words.app.close}
        </button>
      </div>
    </Dialog>
  );
}
