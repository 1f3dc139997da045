import type { ReactNode } from 'react';
import { Icon } from '../../shared/ui/Icon';
import { useCountdown } from '../../shared/ui/useCountdown';
import { current } from '../page';
import { useListener } from '../store';
import { words } from '../words';
import styles from './listen.module.css';

/** What a listener should know now, and can do about it. */
export function Banners() {
  const { state, link, blocked, voiced, mode, remark } = useListener();
  return (
    <div className={styles.banners} aria-live="polite">
      {blocked && (
        <Banner text={words.blocked}>
          <button type="button" className="primary" onClick={() => current()?.unblock()}>
            <Icon name="sound" />
            {words.tapToHear}
          </button>
        </Banner>
      )}
      {link.state === 'waiting' && <Waiting retryAtMs={link.retryAtMs} full={link.full} />}
      {state === 'paused' && <Banner text={words.speakerPaused} />}
      {state === 'muted' && <Banner text={words.speakerMuted} />}
      {state === 'ended' && <Banner text={words.talkEnded} />}
      {mode === 'voice' && voiced === false && state !== 'ended' && <Banner text={words.noVoice} />}
      {remark !== undefined && (
        <Banner text={words[remark]}>
          <button
            type="button"
            className="plain"
            aria-label={words.close}
            onClick={() => useListener.setState({ remark: undefined })}
          >
            <Icon name="close" />
          </button>
        </Banner>
      )}
    </div>
  );
}

/** Screen readers say what has happened, but don't count down aloud. */
function Waiting({ retryAtMs, full }: { retryAtMs: number; full: boolean }) {
  const seconds = useCountdown(retryAtMs);
  return (
    <Banner text={full ? words.full : words.lost}>
      <span role="timer">{words.tryingAgainIn(seconds)}</span>
      <button type="button" onClick={() => current()?.retryNow()}>
        {words.retryNow}
      </button>
    </Banner>
  );
}

function Banner({ text, children }: { text: string; children?: ReactNode }) {
  return (
    <div className={styles.banner}>
      <p>{text}</p>
      {children}
    </div>
  );
}
