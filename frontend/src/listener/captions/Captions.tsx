import { type CSSProperties, memo, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { between, direction } from '../../shared/languages';
import { Icon } from '../../shared/ui/Icon';
import { canBeHeard, TEXT_SCALES, useListener } from '../store';
import { words } from '../words';
import styles from './captions.module.css';
import { type Paragraph, paragraphs } from './paragraphs';

/** Paragraphs on the page: a good hour. All captions are in the files to download. */
const SHOWN = 400;
/** So near to the end, in px, counts as being there. */
const AT_END_PX = 40;

/** What is said, as text: running by itself until somebody scrolls up. */
export function Captions() {
  const language = useListener((state) => state.language);
  const captions = useListener((state) => state.captions[state.language]);
  const interim = useListener((state) => state.interim);
  const hearing = useListener((state) => state.hearing);
  const textSize = useListener((state) => state.textSize);
  const original = useListener((state) => (state.showOriginal ? state.talk?.sourceLanguage : undefined));
  const heard = useListener(
    (state) =>
      state.mode === 'voice' &&
      canBeHeard(state) !== false &&
      !state.muted &&
      !state.paused &&
      !state.blocked,
  );
  const spoken = useListener((state) => state.talk?.sourceLanguage);
  const beside = original !== undefined && original !== language ? original : undefined;
  const shown = useMemo(() => paragraphs(captions ?? []).slice(-SHOWN), [captions]);
  const { scroller, atEnd, onScroll, toEnd } = useFollowing();

  return (
    <div className={styles.frame} style={{ '--scale': TEXT_SCALES[textSize] ?? 1 } as CSSProperties}>
      <section
        ref={scroller}
        className={styles.scroller}
        aria-label={words.captions}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        tabIndex={0}
        onScroll={onScroll}
      >
        <div className={styles.column} data-beside={beside !== undefined}>
          {shown.length === 0 && interim === '' && <Nothing />}
          {/* Where the same words are heard, a screen reader would talk over them. */}
          <div role="log" aria-live={heard ? 'off' : 'polite'} aria-relevant="additions">
            {shown.map((paragraph) => (
              <Text
                key={paragraph.key}
                paragraph={paragraph}
                language={language}
                original={beside}
                hearing={paragraph.captions.find(({ index }) => index === hearing)?.index}
              />
            ))}
          </div>
          {interim !== '' && (
            <div className={styles.paragraph}>
              <p
                className={beside === undefined ? styles.interim : `${styles.original} ${styles.interim}`}
                lang={spoken}
                dir="auto"
              >
                <span className="visually-hidden">{words.interim}: </span>
                {interim}
              </p>
            </div>
          )}
        </div>
      </section>
      {!atEnd && (
        <button type="button" className={`primary ${styles.newest}`} onClick={toEnd}>
          <Icon name="down" />
          {words.newest}
        </button>
      )}
    </div>
  );
}

interface TextProps {
  paragraph: Paragraph;
  language: string;
  /** The language of the original, where it is shown. */
  original: string | undefined;
  hearing: number | undefined;
}

/** A paragraph, with the words it renders beside it. Drawn again only when something of it has changed. */
const Text = memo(
  function Text({ paragraph, language, original, hearing }: TextProps) {
    return (
      <div className={styles.paragraph}>
        <p lang={language} dir={direction(language)}>
          {paragraph.captions.map(({ index, text, failed, startMs, endMs }) => (
            <span key={index}>
              <span className={styles.caption} data-index={index} data-hearing={index === hearing}>
                {text}
              </span>
              {failed === 'translation' && <small className={styles.mark}>[{words.notTranslated}]</small>}
              {failed === 'missing' && (
                <small className={styles.mark}>[{words.missing(Math.ceil((endMs - startMs) / 1000))}]</small>
              )}
              {failed === 'speech' && <small className={styles.mark}> [{words.notSpoken}]</small>}
              {between(language)}
            </span>
          ))}
        </p>
        {original !== undefined && (
          <p className={styles.original} lang={original} dir={direction(original)}>
            {paragraph.captions.map(({ source }) => source).join(between(original))}
          </p>
        )}
      </div>
    );
  },
  (before, after) =>
    before.hearing === after.hearing &&
    before.language === after.language &&
    before.original === after.original &&
    before.paragraph.captions.length === after.paragraph.captions.length &&
    before.paragraph.captions.every((caption, at) => caption === after.paragraph.captions[at]),
);

/** In place of captions, as long as there are none. */
function Nothing() {
  const state = useListener((store) => store.state);
  const link = useListener((store) => store.link.state);
  if (state === 'ended' || link !== 'open') return null;
  return (
    <div className={styles.nothing}>
      <p>{state === 'created' ? words.lobby : words.silent}</p>
      {state === 'created' && <p className={styles.soft}>{words.lobbyMore}</p>}
    </div>
  );
}

/** Keeps the end in sight until somebody scrolls up, and again when they are back there. */
function useFollowing() {
  const scroller = useRef<HTMLElement>(null);
  const following = useRef(true);
  const lastTop = useRef(0);
  const [atEnd, setAtEnd] = useState(true);

  useLayoutEffect(() => {
    const element = scroller.current;
    const content = element?.firstElementChild;
    if (!element || !content) return;
    const keepUp = () => {
      if (following.current) element.scrollTop = element.scrollHeight;
      lastTop.current = element.scrollTop;
    };
    const observer = new ResizeObserver(keepUp);
    observer.observe(content);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const element = scroller.current;
    if (!element) return;
    const near = element.scrollHeight - element.clientHeight - element.scrollTop <= AT_END_PX;
    if (near) following.current = true;
    else if (element.scrollTop < lastTop.current) following.current = false;
    lastTop.current = element.scrollTop;
    setAtEnd(following.current);
  };

  const toEnd = () => {
    const element = scroller.current;
    if (!element) return;
    following.current = true;
    element.scrollTop = element.scrollHeight;
    element.focus({ preventScroll: true });
  };

  return { scroller, atEnd, onScroll, toEnd };
}
