import { nativeName } from '../../shared/languages';
import { Icon } from '../../shared/ui/Icon';
import { words } from '../words';
import styles from './Audience.module.css';

const text = words.live;

interface AudienceProps {
  /** By language; null until known. */
  readonly listeners: Readonly<Record<string, number>> | null;
  readonly lagMs: Readonly<Record<string, number>>;
}

/** How many listen, in which languages, and how far the text there is behind. */
export function Audience({ listeners, lagMs }: AudienceProps) {
  const languages = Object.entries(listeners ?? {}).sort(([, a], [, b]) => b - a);
  const total = languages.reduce((sum, [, count]) => sum + count, 0);
  const most = Math.max(1, ...languages.map(([, count]) => count));
  return (
    <section className={styles.audience} aria-labelledby="audience">
      <h2 id="audience">
        <Icon name="people" />
        {text.listeners}
        <strong className={styles.total}>{listeners === null ? '–' : total}</strong>
      </h2>
      {listeners !== null && total === 0 && <p className={styles.none}>{text.noListeners}</p>}
      <ul className={styles.languages}>
        {languages.map(([code, count]) => (
          <li key={code}>
            <span lang={code}>{nativeName(code)}</span>
            <span
              className={styles.bar}
              style={{ inlineSize: `${(count / most) * 100}%` }}
              aria-hidden="true"
            />
            <strong>{count}</strong>
            <span className={styles.lag}>{lagMs[code] === undefined ? '' : text.seconds(lagMs[code])}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
