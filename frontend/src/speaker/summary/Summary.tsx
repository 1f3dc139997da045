import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { Caption } from '../../shared/captions';
import type { Format } from '../../shared/formats';
import { between, direction, nativeName } from '../../shared/languages';
import { downloadCaptions } from '../../shared/ui/download';
import { Icon } from '../../shared/ui/Icon';
import type { Following, FollowingView } from '../captions/following';
import type { CaptionsByLanguage } from '../captions/shelf';
import { canKeep } from '../database';
import { Notice } from '../parts/Notice';
import type { Studio } from '../studio';
import type { OwnSession } from '../talks/sessions';
import { words } from '../words';
import styles from './Summary.module.css';

const text = words.summary;
const FORMATS: readonly Format[] = ['txt', 'srt', 'vtt'];
const NOTHING: readonly Caption[] = [];
const NOBODY = createStore<Pick<FollowingView, 'captions' | 'links'>>(() => ({ captions: {}, links: {} }));

interface SummaryProps {
  readonly studio: Studio;
  readonly talk: OwnSession;
  /** What was kept of it; null where it still comes in. */
  readonly captions: CaptionsByLanguage | null;
  readonly following: Following | null;
}

/** After the talk: what was said, and files of it to take away. */
export function Summary({ studio, talk, captions: kept, following }: SummaryProps) {
  const coming = useStore(following?.view ?? NOBODY);
  const [lasting, setLasting] = useState(true);
  useEffect(() => {
    void canKeep().then(setLasting);
  }, []);
  const captions = kept ?? coming.captions;
  const arriving = Object.values(coming.links).some((link) => link !== 'over');
  const transcript = captions[talk.source_language] ?? NOTHING;
  const languages = Object.keys(captions)
    .filter((code) => captions[code]?.some((one) => one.text !== ''))
    .sort((a, b) => Number(b === talk.source_language) - Number(a === talk.source_language));
  const missing = transcript.some(
    ({ index }, at) => at > 0 && index !== (transcript[at - 1]?.index ?? 0) + 1,
  );
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>{text.title}</h1>
        <p className={styles.talk}>{talk.title}</p>
        <dl className={styles.figures}>
          <div>
            <dt>{arriving ? text.lastedSoFar : text.lasted}</dt>
            <dd>{minutes(transcript)}</dd>
          </div>
          <div>
            <dt>{arriving ? text.wordsSoFar : text.words}</dt>
            <dd>{countWords(transcript)}</dd>
          </div>
          <div>
            <dt>{text.languages}</dt>
            <dd>{languages.length}</dd>
          </div>
        </dl>
        {arriving && <Notice kind="info">{text.arriving}</Notice>}
        {missing && <Notice kind="hint">{text.missing}</Notice>}
      </header>
      <section className={styles.card} aria-labelledby="files">
        <h2 id="files">{arriving ? text.filesSoFar : text.files}</h2>
        {languages.length === 0 && <p>{text.empty}</p>}
        <ul className={styles.files}>
          {languages.map((code) => (
            <li key={code}>
              <span lang={code}>{nativeName(code)}</span>
              <span className={styles.formats}>
                {FORMATS.map((format) => (
                  <button
                    type="button"
                    key={format}
                    aria-label={text.download(nativeName(code), format.toUpperCase())}
                    onClick={() => downloadCaptions(captions[code] ?? NOTHING, talk.title, code, format)}
                  >
                    <Icon name="download" />
                    {format.toUpperCase()}
                  </button>
                ))}
              </span>
            </li>
          ))}
        </ul>
        {languages.length > 0 && <p className={styles.soft}>{lasting ? text.kept : text.notKept}</p>}
        <button type="button" className="primary" onClick={studio.toTalks}>
          {text.another}
        </button>
      </section>
      {transcript.length > 0 && (
        <section className={styles.card} aria-labelledby="transcript">
          <h2 id="transcript">{text.transcript}</h2>
          <p className={styles.transcript} lang={talk.source_language} dir={direction(talk.source_language)}>
            {transcript.map((caption) => caption.text).join(between(talk.source_language))}
          </p>
        </section>
      )}
    </div>
  );
}

/** Length of the floor audio that there is text of, as 12:34. */
function minutes(transcript: readonly Caption[]): string {
  const seconds = Math.round((transcript.at(-1)?.endMs ?? 0) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const countWords = (transcript: readonly Caption[]): number =>
  transcript.reduce((sum, { text }) => sum + text.split(/\s+/).filter(Boolean).length, 0);
