import { useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import type { Caption } from '../../shared/captions';
import { direction, nativeName } from '../../shared/languages';
import type { Following } from '../captions/following';
import { words } from '../words';
import styles from './Transcript.module.css';

const text = words.live;
/** The last minutes; all of it is in the summary. */
const SHOWN = 150;
const NEAR_THE_END_PX = 40;
const NOTHING: readonly Caption[] = [];

interface TranscriptProps {
  readonly following: Following;
  readonly source: string;
  /** Whether the talk goes out just now, so that the last lag is the lag now. */
  readonly current: boolean;
}

/** What is understood, as it comes: certain words, then those that may still change. */
export function Transcript({ following, source, current }: TranscriptProps) {
  const languages = useStore(following.view, ({ captions }) => captions);
  const [language, setLanguage] = useState(source);
  const interim = useStore(following.view, (view) => (language === source ? view.interim : ''));
  const lag = useStore(following.view, ({ lagMs }) => lagMs[language]);
  const link = useStore(following.view, ({ links }) => links[language]);
  const captions = languages[language] ?? NOTHING;
  const choices = [source, ...Object.keys(languages).filter((code) => code !== source)];
  return (
    <section className={styles.transcript} aria-labelledby="transcript">
      <div className={styles.head}>
        <h2 id="transcript">{text.text}</h2>
        {choices.length > 1 && (
          <select
            className={styles.language}
            aria-label={text.language}
            value={language}
            onChange={({ target }) => setLanguage(target.value)}
          >
            {choices.map((code) => (
              <option key={code} value={code} lang={code}>
                {nativeName(code)}
              </option>
            ))}
          </select>
        )}
        {current && lag !== undefined && (
          <p className={styles.lag}>
            {text.lag} <strong>{text.seconds(lag)}</strong>
          </p>
        )}
      </div>
      {link === 'waiting' && <p role="status">{text.noFollowing}</p>}
      <Scroll captions={captions} interim={interim} language={language} />
    </section>
  );
}

interface ScrollProps {
  readonly captions: readonly Caption[];
  readonly interim: string;
  readonly language: string;
}

function Scroll({ captions, interim, language }: ScrollProps) {
  const box = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: new text is what makes it scroll
  useEffect(() => {
    const element = box.current;
    if (!atEnd || element === null) return;
    // Called at once, and again when the box gets another size.
    const observer = new ResizeObserver(() => element.scrollTo({ top: element.scrollHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, [captions, interim, atEnd]);
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current as HTMLDivElement;
    setAtEnd(scrollHeight - scrollTop - clientHeight < NEAR_THE_END_PX);
  };
  return (
    <div className={styles.frame}>
      <div
        ref={box}
        className={styles.box}
        role="log"
        aria-live="off" // nobody wants to be read to while speaking
        aria-labelledby="transcript"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        tabIndex={0}
        onScroll={scrolled}
      >
        {captions.length === 0 && interim === '' ? (
          <p className={styles.empty}>{text.textEmpty}</p>
        ) : (
          <p lang={language} dir={direction(language)}>
            {captions.slice(-SHOWN).map((caption) => (
              <span key={caption.index}>{caption.text} </span>
            ))}
            <span className={styles.interim}>{interim}</span>
          </p>
        )}
      </div>
      {!atEnd && (
        <button type="button" className={styles.toEnd} onClick={() => setAtEnd(true)}>
          {text.toEnd}
        </button>
      )}
    </div>
  );
}
