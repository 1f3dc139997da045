import type { ReactNode } from 'react';
import { Icon } from '../../shared/ui/Icon';
import { useCountdown } from '../../shared/ui/useCountdown';
import { farBehind } from '../behind';
import { current } from '../page';
import { type CutOff, canBeHeard, isCutOff, useListener } from '../store';
import { words } from '../words';
import styles from './listen.module.css';

/** What a listener should know now, and can do about it. */
export function Banners() {
  const listener = useListener();
  const { state, finished, recognized, link, blocked, mode, remark } = listener;
  const far = farBehind(listener);
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
      {isCutOff(link) && <Lost link={link} />}
      {far && (
        <Banner text={far.by === 'page' ? words.farBehind : words.serviceLate}>
          {far.jump && (
            <button type="button" className="primary" onClick={() => current()?.jumpToLive()}>
              {words.jumpToLive}
            </button>
          )}
        </Banner>
      )}
      {state === 'live' && !recognized && <Banner text={words.unrecognized} />}
      {state === 'paused' && <Banner text={words.speakerPaused} />}
      {state === 'muted' && <Banner text={words.speakerMuted} />}
      {state === 'ended' && <Banner text={finished ? words.talkEnded : words.speakerEnded} />}
      {mode === 'voice' && canBeHeard(listener) === false && state !== 'ended' && (
        <Banner text={words.noVoice} />
      )}
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
function Lost({ link }: { link: CutOff }) {
  const retryAtMs = link.state === 'waiting' ? link.retryAtMs : 0;
  const seconds = useCountdown(retryAtMs);
  return (
    <Banner text={link.full ? words.full : words.lost}>
      <span role="timer">{seconds > 0 ? words.tryingAgainIn(seconds) : words.connecting}</span>
      <button type="button" disabled={link.state === 'connecting'} onClick={() => current()?.retryNow()}>
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
