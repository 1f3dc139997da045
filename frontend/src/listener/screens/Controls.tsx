import { Icon } from '../../shared/ui/Icon';
import { chooseLanguage, current } from '../page';
import { canBeHeard, prefer, TEXT_SCALES, useListener } from '../store';
import { words } from '../words';
import styles from './listen.module.css';
import { remarks } from './remarks';

/** Playback, language and text size. */
export function Controls() {
  return (
    <section className={styles.controls} aria-label={words.controls}>
      <Voice />
      <div className={styles.row}>
        <Language />
        <TextSize />
      </div>
    </section>
  );
}

function Voice() {
  const listener = useListener();
  const { mode, state, finished, paused, muted, volume } = listener;
  if (finished || canBeHeard(listener) === false) return null;
  if (mode === 'captions') {
    return (
      <div className={styles.row}>
        <button type="button" className="primary" onClick={() => current()?.chooseMode('voice')}>
          <Icon name="sound" />
          {words.turnVoiceOn}
        </button>
      </div>
    );
  }
  const begun = state !== undefined && state !== 'created';
  return (
    <div className={styles.row}>
      {begun && (
        <button
          type="button"
          className={paused ? 'primary' : undefined}
          onClick={() => (paused ? current()?.resume() : current()?.pause())}
        >
          <Icon name={paused ? 'play' : 'pause'} />
          {paused ? words.resume : words.pause}
        </button>
      )}
      <button
        type="button"
        aria-pressed={muted}
        aria-label={words.mute}
        title={muted ? words.unmute : words.mute}
        onClick={() => {
          useListener.setState({ muted: !muted });
          current()?.applyVolume();
        }}
      >
        <Icon name={muted ? 'muted' : 'sound'} />
      </button>
      <input
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={muted ? 0 : volume}
        aria-label={words.volume}
        onChange={({ target }) => {
          useListener.setState({ muted: false });
          prefer({ volume: target.valueAsNumber });
          current()?.applyVolume();
        }}
      />
    </div>
  );
}

function Language() {
  const talk = useListener((state) => state.talk);
  const language = useListener((state) => state.language);
  return (
    <select
      aria-label={words.language}
      value={language}
      onChange={({ target }) => chooseLanguage(target.value)}
    >
      {talk?.languages.map((offer) => (
        <option key={offer.code} value={offer.code} lang={offer.code}>
          {[offer.name, ...remarks(offer, talk.sourceLanguage)].join(' – ')}
        </option>
      ))}
    </select>
  );
}

function TextSize() {
  const size = useListener((state) => state.textSize);
  return (
    <>
      <button
        type="button"
        className={styles.smaller}
        aria-label={words.smaller}
        title={words.smaller}
        disabled={size <= 0}
        onClick={() => prefer({ textSize: size - 1 })}
      >
        A
      </button>
      <button
        type="button"
        className={styles.larger}
        aria-label={words.larger}
        title={words.larger}
        disabled={size >= TEXT_SCALES.length - 1}
        onClick={() => prefer({ textSize: size + 1 })}
      >
        A
      </button>
    </>
  );
}
