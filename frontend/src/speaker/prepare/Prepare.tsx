import { useId, useState } from 'react';
import { useStore } from 'zustand';
import { Icon } from '../../shared/ui/Icon';
import { AccountFault } from '../account/account';
import { LevelAdvice, LevelMeter } from '../capture/LevelMeter';
import { MicrophoneSettings, MicrophoneTrouble } from '../capture/MicrophoneSettings';
import { Notice } from '../parts/Notice';
import type { Studio } from '../studio';
import { Projector } from '../talks/Projector';
import { Share } from '../talks/Share';
import type { OwnSession } from '../talks/sessions';
import { words } from '../words';
import { ConnectionCheck } from './ConnectionCheck';
import styles from './Prepare.module.css';
import { SoundCheck } from './SoundCheck';

const text = words.prepare;

/** Before the talk: is the microphone good, will the network carry it, do listeners know the way? */
export function Prepare({ studio, talk }: { studio: Studio; talk: OwnSession }) {
  const { microphone } = studio;
  const state = useStore(microphone.view, (view) => view.state);
  const [projecting, setProjecting] = useState(false);
  const [beginning, setBeginning] = useState(false);
  const [trouble, setTrouble] = useState(false);
  const hint = useId();
  const running = talk.state !== 'created';

  const begin = async () => {
    setBeginning(true);
    setTrouble(false);
    try {
      await studio.goOnAir(talk);
    } catch (fault) {
      setTrouble(fault instanceof AccountFault);
    } finally {
      setBeginning(false);
    }
  };
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <button type="button" className="plain" onClick={studio.toTalks}>
          <Icon name="back" />
          {words.live.toTalks}
        </button>
        <h1>{talk.title}</h1>
      </header>
      <section className={styles.card} aria-labelledby="microphone">
        <h2 id="microphone">
          <Icon name="microphone" />
          {words.microphone.title}
        </h2>
        <MicrophoneTrouble microphone={microphone} />
        {state === 'opening' && <p role="status">{words.microphone.opening}</p>}
        {state === 'closed' && (
          <>
            <p className={styles.soft}>{words.microphone.allowHint}</p>
            <button type="button" className="primary" onClick={() => void microphone.open()}>
              {words.microphone.allow}
            </button>
            <p className={styles.soft}>{words.microphone.wired}</p>
          </>
        )}
        {(state === 'open' || state === 'taken' || state === 'asleep') && (
          <>
            <LevelMeter microphone={microphone} />
            <LevelAdvice microphone={microphone} />
            <MicrophoneSettings microphone={microphone} />
            <SoundCheck microphone={microphone} />
          </>
        )}
      </section>
      <div className={styles.side}>
        <section className={styles.card} aria-labelledby="share">
          <h2 id="share">
            <Icon name="people" />
            {words.share.title}
          </h2>
          <p className={styles.soft}>{words.share.explain}</p>
          <Share studio={studio} talk={talk} onProject={() => setProjecting(true)} />
        </section>
        <section className={styles.card} aria-labelledby="connection">
          <h2 id="connection">
            <Icon name="network" />
            {words.connection.title}
          </h2>
          <ConnectionCheck studio={studio} talk={talk} />
        </section>
      </div>
      <section className={styles.go} aria-label={text.goOnAir}>
        {running && <Notice kind="hint">{text.elsewhere}</Notice>}
        {trouble && <Notice kind="trouble">{words.app.trouble['sign-in']}</Notice>}
        <button
          type="button"
          className={styles.onAir}
          disabled={beginning || state !== 'open'}
          aria-describedby={hint}
          onClick={() => void begin()}
        >
          <span className={styles.light} aria-hidden="true" />
          {running ? text.rejoin : text.goOnAir}
        </button>
        <p id={hint} className={styles.soft}>
          {state === 'open' ? text.goOnAirHint : text.microphoneFirst}
        </p>
      </section>
      {projecting && <Projector studio={studio} talk={talk} onClose={() => setProjecting(false)} />}
    </div>
  );
}
