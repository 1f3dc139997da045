import { useState } from 'react';
import { listenUrl, speakUrl } from '../../shared/config';
import { Notice } from '../parts/Notice';
import type { Studio } from '../studio';
import { type OwnSession, Trouble, type TroubleKind } from '../talks/sessions';
import { words } from '../words';
import styles from './ConnectionCheck.module.css';
import { type Measured, measure, verdict } from './connection-test';

const text = words.connection;

/** Will the network carry the talk? */
export function ConnectionCheck({ studio, talk }: { studio: Studio; talk: OwnSession }) {
  const [measured, setMeasured] = useState<Measured | null>(null);
  const [trouble, setTrouble] = useState<TroubleKind | null>(null);
  const [busy, setBusy] = useState(false);

  const test = async () => {
    setBusy(true);
    setTrouble(null);
    const urls = [speakUrl(studio.config), listenUrl(studio.config)];
    try {
      setMeasured(await measure(studio.sessions, talk.session_id, urls));
    } catch (fault) {
      setMeasured(null);
      setTrouble(fault instanceof Trouble ? fault.kind : 'sign-in');
    }
    setBusy(false);
  };
  const judged = measured && verdict(measured);
  return (
    <div className={styles.check}>
      {trouble !== null && (
        <Notice kind="trouble">{words.app.trouble[trouble === 'refused' ? 'offline' : trouble]}</Notice>
      )}
      {measured !== null && judged !== null && (
        <>
          <Notice kind={judged === 'good' ? 'good' : judged === 'fair' ? 'hint' : 'trouble'}>
            {text.verdicts[judged]}
          </Notice>
          <dl className={styles.figures}>
            <div>
              <dt>{text.roundTrip}</dt>
              <dd>{text.ms(measured.roundTripMs)}</dd>
            </div>
            <div>
              <dt>{text.upload}</dt>
              <dd>{text.kbps(measured.uploadKbps)}</dd>
            </div>
            <div>
              <dt>{text.sockets}</dt>
              <dd>{measured.sockets ? text.socketsWork : text.socketsBlocked}</dd>
            </div>
          </dl>
        </>
      )}
      <button type="button" disabled={busy} onClick={() => void test()}>
        {busy ? text.testing : text.test}
      </button>
    </div>
  );
}
