import { useEffect } from 'react';
import { Dialog } from '../parts/Dialog';
import type { Studio } from '../studio';
import { words } from '../words';
import { listenerLink, spelled, spoken } from './invitation';
import styles from './Projector.module.css';
import { QrCode } from './QrCode';
import type { OwnSession } from './sessions';

const text = words.share;

interface ProjectorProps {
  readonly studio: Studio;
  readonly talk: OwnSession;
  readonly onClose: () => void;
}

/** The way in, as large as the screen, for the hall to see. */
export function Projector({ studio, talk, onClose }: ProjectorProps) {
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
        <QrCode value={listenerLink(studio.listenerPage, talk)} label={text.qr} />
        <div className={styles.ways}>
          <p className={styles.scan}>{text.scan}</p>
          <p>{text.orCode(spoken(studio.listenerPage))}</p>
          <p className={styles.code}>{spelled(talk.code)}</p>
        </div>
        <button type="button" onClick={onClose}>
          {words.app.close}
        </button>
      </div>
    </Dialog>
  );
}
