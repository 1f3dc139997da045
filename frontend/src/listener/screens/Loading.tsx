import { useCountdown } from '../../shared/ui/useCountdown';
import { retryNow } from '../page';
import { words } from '../words';
import styles from './entrance.module.css';

/** The talk is looked for; retryAtMs: nobody answered, and then is tried again. */
export function Loading({ retryAtMs }: { retryAtMs?: number }) {
  const seconds = useCountdown(retryAtMs ?? 0);
  return (
    <main className={styles.entrance}>
      <div className={styles.center}>
        <div role="status">
          <h1>{retryAtMs === undefined ? words.loading : words.unreachable}</h1>
        </div>
        {retryAtMs !== undefined && (
          <>
            <p className={styles.soft}>{words.tryingAgainIn(seconds)}</p>
            <button type="button" onClick={retryNow}>
              {words.retryNow}
            </button>
          </>
        )}
      </div>
    </main>
  );
}
