import { useCallback, useEffect, useState } from 'react';
import { nativeName } from '../../shared/languages';
import { Icon } from '../../shared/ui/Icon';
import { talksWithCaptions } from '../captions/shelf';
import { Notice } from '../parts/Notice';
import type { Studio } from '../studio';
import { words } from '../words';
import { NewTalk } from './NewTalk';
import { type OwnSession, type SpokenLanguage, Trouble, type TroubleKind } from './sessions';
import styles from './TalkList.module.css';

const text = words.talks;
const WHEN = new Intl.DateTimeFormat(document.documentElement.lang, {
  dateStyle: 'medium',
  timeStyle: 'short',
});

interface Loaded {
  readonly talks: readonly OwnSession[];
  readonly languages: readonly SpokenLanguage[];
}

/** One's own talks, and the way to a new one. */
export function TalkList({ studio }: { studio: Studio }) {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [trouble, setTrouble] = useState<TroubleKind | null>(null);

  const load = useCallback(async () => {
    setTrouble(null);
    try {
      const [talks, languages] = await Promise.all([studio.sessions.own(), studio.sessions.languages()]);
      setLoaded({ talks, languages });
    } catch (fault) {
      setTrouble(fault instanceof Trouble ? fault.kind : 'sign-in');
    }
  }, [studio]);
  useEffect(() => void load(), [load]);

  if (trouble !== null) {
    const { offline, 'sign-in': signIn } = words.app.trouble;
    return (
      <>
        <h1 className="visually-hidden">{text.title}</h1>
        <Notice
          kind="trouble"
          actions={
            <button type="button" onClick={() => void load()}>
              {words.app.tryAgain}
            </button>
          }
        >
          {trouble === 'sign-in' ? signIn : offline}
        </Notice>
      </>
    );
  }
  if (loaded === null) return <p role="status">{words.app.loading}</p>;
  const current = loaded.talks.filter(({ state }) => state !== 'ended');
  const kept = new Set(talksWithCaptions());
  const past = loaded.talks.filter(({ state, session_id }) => state === 'ended' && kept.has(session_id));
  return (
    <div className={styles.page}>
      <section className={styles.list} aria-labelledby="talks">
        <h1 id="talks">{text.title}</h1>
        {current.length + past.length === 0 && <p className={styles.none}>{text.none}</p>}
        <Talks title={text.open} talks={current} action={text.resume} onChoose={studio.prepare} />
        <Talks
          title={text.past}
          talks={past}
          action={text.summary}
          onChoose={(talk) => void studio.showSummary(talk)}
        />
      </section>
      <NewTalk studio={studio} languages={loaded.languages} />
    </div>
  );
}

interface TalksProps {
  readonly title: string;
  readonly talks: readonly OwnSession[];
  readonly action: string;
  readonly onChoose: (talk: OwnSession) => void;
}

function Talks({ title, talks, action, onChoose }: TalksProps) {
  if (talks.length === 0) return null;
  return (
    <>
      <h2 className={styles.group}>{title}</h2>
      <ul className={styles.talks}>
        {talks.map((talk) => (
          <li key={talk.session_id} className={styles.talk}>
            <div>
              <h3>{talk.title}</h3>
              <p className={styles.about}>
                <span className={styles.state} data-state={talk.state}>
                  {text.states[talk.state]}
                </span>
                {' · '}
                {nativeName(talk.source_language)}
                {' · '}
                {WHEN.format(talk.created_at_ms)}
              </p>
            </div>
            <button type="button" onClick={() => onChoose(talk)} aria-label={`${action}: ${talk.title}`}>
              {action}
              <Icon name={talk.state === 'ended' ? 'download' : 'play'} />
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
