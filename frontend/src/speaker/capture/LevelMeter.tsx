import { useStore } from 'zustand';
import { Icon } from '../../shared/ui/Icon';
import { words } from '../words';
import styles from './LevelMeter.module.css';
import { decibels } from './meter';
import type { Microphone } from './microphone';

const text = words.microphone;
/** What the meter shows: from here to as loud as there is. */
const QUIETEST_DB = -60;

const place = (amplitude: number): number => Math.max(0, 1 - decibels(amplitude) / QUIETEST_DB);

/** How loud it is, ten times a second. */
export function LevelMeter({ microphone }: { microphone: Microphone }) {
  const { peak, rms } = useStore(microphone.view, ({ level }) => level);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a <meter> can't show loudness and peak
    <div
      className={styles.meter}
      role="meter"
      aria-label={text.level}
      aria-valuemin={QUIETEST_DB}
      aria-valuemax={0}
      aria-valuenow={Math.round(Math.max(QUIETEST_DB, decibels(rms)))}
      aria-valuetext={text.levelText(decibels(rms))}
    >
      <span className={styles.loudness} style={{ scale: `${place(rms)} 1` }} />
      <span className={styles.peak} style={{ translate: `${place(peak) * 100}% 0` }} />
    </div>
  );
}

/** What is wrong with the sound; where nothing is and somebody speaks, that. */
export function LevelAdvice({ microphone }: { microphone: Microphone }) {
  const warning = useStore(microphone.view, (view) => (view.state === 'open' ? view.warning : null));
  const speech = useStore(microphone.view, (view) => view.state === 'open' && view.speech);
  return (
    <p className={styles.advice} data-warning={warning ?? 'none'} role="status">
      {warning !== null && <Icon name="warning" />}
      {warning === null && speech && <Icon name="check" />}
      {warning !== null ? text.warnings[warning] : speech ? text.good : ''}
    </p>
  );
}
