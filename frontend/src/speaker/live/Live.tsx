import { useEffect, useMemo, useState } from 'react';
import { useStore } from 'zustand';
import { Icon } from '../../shared/ui/Icon';
import { SignIn } from '../account/SignIn';
import { LevelAdvice, LevelMeter } from '../capture/LevelMeter';
import { MicrophoneSettings, MicrophoneTrouble } from '../capture/MicrophoneSettings';
import { Dialog } from '../parts/Dialog';
import { Notice } from '../parts/Notice';
import { rememberedShortcuts, rememberShortcuts } from '../preferences';
import type { Studio } from '../studio';
import { Projector } from '../talks/Projector';
import { Share } from '../talks/Share';
import type { OwnSession } from '../talks/sessions';
import { words } from '../words';
import { Audience } from './Audience';
import { Band } from './Band';
import { EndDialog, KeyboardDialog } from './dialogs';
import styles from './Live.module.css';
import { Notices } from './Notices';
import type { OnAir } from './on-air';
import { secondsBehind, standing } from './standing';
import { Transcript } from './Transcript';
import { useShortcuts } from './useShortcuts';

const text = words.live;

interface LiveProps {
  readonly studio: Studio;
  readonly talk: OwnSession;
  readonly onAir: OnAir;
}

/** While the talk is given. */
export function Live({ studio, talk, onAir }: LiveProps) {
  const { uplink, listeners, signedOut } = useStore(onAir.view);
  const lagMs = useStore(onAir.following.view, (view) => view.lagMs);
  const [dialog, setDialog] = useState<'end' | 'share' | 'keyboard' | null>(null);
  const [shortcuts, setShortcuts] = useState(rememberedShortcuts);
  const microphone = useStore(studio.microphone.view, ({ state }) => state);
  const stands = standing(uplink, microphone);
  const wanted = uplink?.wanted ?? 'live';
  const behind =
    stands === 'on-air' ? secondsBehind(lagMs, [talk.source_language, ...Object.keys(listeners ?? {})]) : 0;
  const over = stands === 'off' || stands === 'ending';

  const keys = useMemo(() => {
    const toggle = (state: 'paused' | 'muted') => () => onAir.want(wanted === state ? 'live' : state);
    return {
      m: toggle('muted'),
      p: toggle('paused'),
      q: () => setDialog('share'),
      '?': () => setDialog('keyboard'),
    };
  }, [onAir, wanted]);
  useShortcuts(keys, shortcuts && !over);

  useEffect(() => {
    document.title = `${stands === 'on-air' ? '● ' : ''}${TITLES[stands]} · ${talk.title}`;
    return () => {
      document.title = words.app.name;
    };
  }, [stands, talk.title]);

  const close = () => setDialog(null);
  return (
    <div className={styles.page}>
      <Band
        standing={stands}
        uplink={uplink}
        behind={behind}
        title={talk.title}
        sinceMs={onAir.sinceMs}
        onRetry={() => onAir.retry()}
      />
      <div className={styles.middle}>
        <div className={styles.notices}>
          <MicrophoneTrouble microphone={studio.microphone} />
          <Notices studio={studio} talk={talk} onAir={onAir} />
          {behind > 0 && <Notice kind="hint">{text.farBehind(behind)}</Notice>}
          {uplink?.lasting === false && <Notice kind="hint">{words.app.noStorage}</Notice>}
        </div>
        <Transcript
          following={onAir.following}
          source={talk.source_language}
          current={stands === 'on-air' || stands === 'silent'}
        />
        <div className={styles.side}>
          <Audience listeners={listeners} lagMs={lagMs} />
          <section className={styles.card} aria-labelledby="microphone">
            <h2 id="microphone">
              <Icon name="microphone" />
              {words.microphone.title}
            </h2>
            <LevelMeter microphone={studio.microphone} />
            {wanted === 'paused' || wanted === 'muted' ? (
              <p>{text.notSent}</p>
            ) : (
              <LevelAdvice microphone={studio.microphone} />
            )}
            <details>
              <summary>{words.microphone.settings}</summary>
              <MicrophoneSettings microphone={studio.microphone} />
            </details>
          </section>
          <section className={styles.card} aria-labelledby="share">
            <h2 id="share">
              <Icon name="qr" />
              {words.share.title}
            </h2>
            <Share studio={studio} talk={talk} onProject={() => setDialog('share')} />
          </section>
        </div>
      </div>
      <div className={styles.controls}>
        <button
          type="button"
          disabled={over}
          onClick={keys.m}
          {...(shortcuts && { 'aria-keyshortcuts': 'm' })}
        >
          <Icon name={wanted === 'muted' ? 'microphone' : 'microphoneOff'} />
          {wanted === 'muted' ? text.unmute : text.mute}
          {shortcuts && (
            <span className={styles.key} aria-hidden="true">
              M
            </span>
          )}
        </button>
        <button
          type="button"
          disabled={over}
          onClick={keys.p}
          {...(shortcuts && { 'aria-keyshortcuts': 'p' })}
        >
          <Icon name={wanted === 'paused' ? 'play' : 'pause'} />
          {wanted === 'paused' ? text.resume : text.pause}
          {shortcuts && (
            <span className={styles.key} aria-hidden="true">
              P
            </span>
          )}
        </button>
        <button
          type="button"
          className={styles.end}
          disabled={stands === 'off'}
          onClick={() => setDialog('end')}
        >
          <Icon name="stop" />
          {text.end}
        </button>
        <button type="button" className={styles.keyboard} onClick={() => setDialog('keyboard')}>
          <Icon name="keyboard" />
          {text.shortcuts}
        </button>
      </div>
      {dialog === 'end' && <EndDialog onAir={onAir} onClose={close} />}
      {dialog === 'share' && <Projector studio={studio} talk={talk} onClose={close} />}
      {dialog === 'keyboard' && (
        <KeyboardDialog
          on={shortcuts}
          onChange={(on) => {
            setShortcuts(on);
            rememberShortcuts(on);
          }}
          onClose={close}
        />
      )}
      {signedOut && (
        <Dialog label={words.account.signInAgain}>
          <SignIn account={studio.account} again />
        </Dialog>
      )}
    </div>
  );
}

const TITLES = {
  connecting: text.connecting,
  'on-air': text.onAir,
  silent: text.silent,
  paused: text.paused,
  muted: text.muted,
  lost: text.lost,
  ending: text.ending,
  off: text.off,
};
