import { localName, readersFirst } from '../../shared/languages';
import { chooseLanguage, listen } from '../page';
import { useListener } from '../store';
import { words } from '../words';
import styles from './entrance.module.css';

/** The talk's name, a language, and one tap to hear. */
export function Welcome() {
  const talk = useListener((state) => state.talk);
  const chosen = useListener((state) => state.language);
  if (talk === undefined) return null;
  const choices = new Map(talk.languages.map((choice) => [choice.code, choice]));
  const order = readersFirst([...choices.keys()], navigator.languages);
  return (
    <main className={styles.entrance}>
      <div className={styles.welcome}>
        <header>
          <h1>{talk.title}</h1>
          <p className={styles.soft}>{words.spokenIn(localName(talk.sourceLanguage))}</p>
        </header>
        <fieldset className={styles.languages}>
          <legend>{words.chooseLanguage}</legend>
          {order.map((code) => (
            <label key={code} className={styles.language}>
              <input
                type="radio"
                name="language"
                value={code}
                checked={code === chosen}
                onChange={() => chooseLanguage(code)}
              />
              <span>
                <span lang={code} dir={choices.get(code)?.direction}>
                  {choices.get(code)?.name}
                </span>
                {code === talk.sourceLanguage && <small>{words.asSpoken}</small>}
              </span>
            </label>
          ))}
        </fieldset>
        <div className={styles.start}>
          {chosen === talk.sourceLanguage ? (
            <button type="button" className="primary" onClick={() => listen('captions')}>
              {words.readOnly}
            </button>
          ) : (
            <>
              <button type="button" className="primary" onClick={() => listen('voice')}>
                {words.listen}
              </button>
              <button type="button" onClick={() => listen('captions')}>
                {words.readOnly}
              </button>
              <p className={styles.soft}>{words.earphones}</p>
            </>
          )}
        </div>
      </div>
    </main>
  );
}
