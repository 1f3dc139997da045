import { useRef } from 'react';
import { Icon } from '../../shared/ui/Icon';
import { behindMs, farBehind } from '../behind';
import { Captions } from '../captions/Captions';
import { chosenOffer, isCutOff, useListener } from '../store';
import { words } from '../words';
import { Banners } from './Banners';
import { Controls } from './Controls';
import { Download } from './Download';
import styles from './listen.module.css';
import { Settings } from './Settings';

/** A talk as it is heard and read. */
export function Listen() {
  const talk = useListener((state) => state.talk);
  const finished = useListener((state) => state.finished);
  const settings = useRef<HTMLDialogElement>(null);
  return (
    <div className={styles.page}>
      <header className={styles.header}>
        <div className={styles.title}>
          <h1>{talk?.title ?? ' '}</h1>
          <p className={styles.status}>
            <State />
            <Lag />
            <Quality />
          </p>
        </div>
        <button
          type="button"
          className="plain"
          aria-label={words.settings}
          title={words.settings}
          onClick={() => settings.current?.showModal()}
        >
          <Icon name="settings" />
          <span className={styles.wide}>{words.settings}</span>
        </button>
      </header>
      <Banners />
      <main className={styles.main}>
        <Captions />
      </main>
      <footer className={styles.footer}>
        {finished && (
          <div className={styles.ended}>
            <Download />
          </div>
        )}
        <Controls />
      </footer>
      <Settings dialog={settings} />
    </div>
  );
}

function State() {
  const state = useListener((store) => store.state);
  const cutOff = useListener(({ link }) => isCutOff(link));
  if (cutOff) return <span className={styles.state}>{words.disconnected}</span>;
  if (state === undefined) return null;
  return (
    <span className={styles.state} data-state={state}>
      {words.states[state]}
    </span>
  );
}

/** How far behind the speaker one is. */
function Lag() {
  const lagMs = useListener(behindMs);
  const far = useListener((state) => farBehind(state) !== undefined);
  if (lagMs === undefined) return null;
  const seconds = (Math.max(0, lagMs) / 1000).toLocaleString(document.documentElement.lang, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  return (
    <span className={styles.lag} data-testid="lag" data-far={far} data-lag-ms={Math.round(lagMs)}>
      <span className={styles.wide}>{words.behind(seconds)}</span>
      <span className={styles.narrow}>{words.behindShort(seconds)}</span>
    </span>
  );
}

/** A translation that is only roughly right says so. */
function Quality() {
  const draft = useListener((state) => chosenOffer(state)?.quality === 'draft');
  return draft ? <span>{words.draft}</span> : null;
}
