import { useRef, useState } from 'react';
import { Icon } from '../../shared/ui/Icon';
import type { Studio } from '../studio';
import { words } from '../words';
import { copyLink } from './copying';
import { listenerLink, onlyHere, spelled } from './invitation';
import { QrCode } from './QrCode';
import styles from './Share.module.css';
import type { OwnSession } from './sessions';

const text = words.share;

interface ShareProps {
  readonly studio: Studio;
  readonly talk: OwnSession;
  readonly onProject: () => void;
}

/** Code, link and QR code of a talk. */
export function Share({ studio, talk, onProject }: ShareProps) {
  const [copied, setCopied] = useState(false);
  const link = listenerLink(studio.listenerPage, talk);
  const shown = useRef<HTMLAnchorElement>(null);
  const copy = async () => {
    if (shown.current !== null) setCopied(await copyLink(link, shown.current));
  };
  return (
    <div className={styles.share}>
      <div className={styles.qr}>
        <QrCode value={link} label={text.qr} />
      </div>
      <dl className={styles.ways}>
        <div>
          <dt>{text.code}</dt>
          <dd className={styles.code}>{spelled(talk.code)}</dd>
        </div>
        <div>
          <dt>{text.link}</dt>
          <dd className={styles.link}>
            <a ref={shown} href={link} target="_blank" rel="noreferrer">
              {link.replace(/^https?:\/\//, '')}
            </a>
          </dd>
        </div>
      </dl>
      {onlyHere(studio.listenerPage) && <p className={styles.here}>{text.onlyHere}</p>}
      <div className={styles.actions}>
        <button type="button" onClick={() => void copy()}>
          <Icon name={copied ? 'check' : 'copy'} />
          <span aria-live="polite">{copied ? text.copied : text.copy}</span>
        </button>
        <button type="button" onClick={onProject}>
          <Icon name="qr" />
          {text.project}
        </button>
      </div>
    </div>
  );
}
