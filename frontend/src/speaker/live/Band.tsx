import { Icon, type IconName } from '../../shared/ui/Icon';
import { useNow } from '../parts/now';
import type { UplinkStatus } from '../uplink/talk';
import { words } from '../words';
import styles from './Band.module.css';
import { type Standing, secondsKept } from './standing';

const text = words.live;

interface Look {
  readonly icon: IconName | null;
  readonly title: string;
  readonly hint: string;
}

const LOOKS: Record<Standing, Look> = {
  connecting: { icon: 'network', title: text.connecting, hint: text.connectingHint },
  'on-air': { icon: null, title: text.onAir, hint: text.onAirHint },
  silent: { icon: 'microphoneOff', title: text.silent, hint: text.silentHint },
  paused: { icon: 'pause', title: text.paused, hint: text.pausedHint },
  muted: { icon: 'microphoneOff', title: text.muted, hint: text.mutedHint },
  lost: { icon: 'warning', title: text.lost, hint: text.lostHint },
  ending: { icon: 'stop', title: text.ending, hint: text.endingHint },
  off: { icon: 'stop', title: text.off, hint: '' },
};

interface BandProps {
  readonly standing: Standing;
  readonly uplink: UplinkStatus | null;
  /** Seconds that listeners are far behind; 0: they aren't. */
  readonly behind: number;
  readonly title: string;
  readonly sinceMs: number;
  /** Try to connect now. */
  readonly onRetry: () => void;
}

/** How the talk stands, to be seen from across a room. */
export function Band({ standing, uplink, behind, title, sinceMs, onRetry }: BandProps) {
  const now = useNow(1000);
  const { icon, title: word, hint } = LOOKS[standing];
  return (
    <header className={styles.band} data-standing={standing}>
      <div className={styles.standing}>
        {icon === null ? <span className={styles.light} aria-hidden="true" /> : <Icon name={icon} />}
        <h1>
          <span aria-live="polite">{word}</span>
        </h1>
      </div>
      <div className={styles.about}>
        <p className={styles.title}>{title}</p>
        <p>{behind > 0 ? text.onAirLate(behind) : hint}</p>
        {uplink !== null && <Sending lost={standing === 'lost'} {...{ uplink, now, onRetry }} />}
      </div>
      <p className={styles.elapsed}>
        <span className="visually-hidden">{text.elapsed} </span>
        <time>{clock(now - sinceMs)}</time>
      </p>
    </header>
  );
}

interface SendingProps {
  readonly lost: boolean;
  readonly uplink: UplinkStatus;
  readonly now: number;
  readonly onRetry: () => void;
}

/** What is kept until it can be sent, and when that is tried next. */
function Sending({ lost, uplink, now, onRetry }: SendingProps) {
  const seconds = secondsKept(uplink);
  if (uplink.link === 'closed' || (seconds === 0 && uplink.retryAtMs === null)) return null;
  return (
    <p className={styles.sending}>
      {seconds > 0 && (lost ? text.kept(seconds) : text.catchingUp(seconds))}
      {uplink.retryAtMs !== null && (
        <>
          <span>{text.retryIn(Math.max(0, Math.ceil((uplink.retryAtMs - now) / 1000)))}</span>
          <button type="button" onClick={onRetry}>
            {text.retry}
          </button>
        </>
      )}
    </p>
  );
}

/** 0:07, 12:34, 1:02:03. */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
