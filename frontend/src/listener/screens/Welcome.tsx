import { localName, readersFirst } from '../../shared/languages';
import { chooseLanguage, listen } from '../page';
import { chosenOffer, useListener } from '../store';
import type { Talk } from '../talk';
import { words } from '../words';
import { Brand } from './Brand';
import styles from './entrance.module.css';
import { remarks } from './remarks';

/** The talk's name, a language, and one tap to hear. */
export function Welcome() {
  const talk = useListener((state) => state.talk);
  const chosen = useListener((state) => state.language);
  if (talk === undefined) return null;
  const offers = new Map(talk.languages.map((offer) => [offer.code, offer]));
  const order = readersFirst([...offers.keys()], navigator.languages);
  return (
    <main className={styles.entrance}>
      <div className={styles.welcome}>
        <header>
          <Brand />
          <h1>{talk.title}</h1>
          <p className={styles.soft}>{words.spokenIn(localName(talk.sourceLanguage))}</p>
        </header>
        <fieldset className={styles.languages}>
          <legend>{words.chooseLanguage}</legend>
          {order
            .flatMap((code) => offers.get(code) ?? [])
            .map((offer) => (
              <label key={offer.code} className={styles.language}>
                <input
                  type="radio"
                  name="language"
                  value={offer.code}
                  checked={offer.code === chosen}
                  onChange={() => chooseLanguage(offer.code)}
                />
                <span>
                  <span lang={offer.code} dir={offer.direction}>
                    {offer.name}
                  </span>
                  {remarks(offer, talk.sourceLanguage).map((remark) => (
                    <small key={remark}>{remark}</small>
                  ))}
                </span>
              </label>
            ))}
        </fieldset>
        <Start talk={talk} language={chosen} />
      </div>
    </main>
  );
}

/** Where nothing can be heard in the chosen language, reading is all there is, and it is said why. */
function Start({ talk, language }: { talk: Talk; language: string }) {
  if (useListener(chosenOffer)?.speech) {
    return (
      <div className={styles.start}>
        <button type="button" className="primary" onClick={() => listen('voice')}>
          {words.listen}
        </button>
        <button type="button" onClick={() => listen('captions')}>
          {words.readOnly}
        </button>
        <p className={styles.soft}>{words.earphones}</p>
      </div>
    );
  }
  const translated = talk.languages.some(({ speech }) => speech);
  return (
    <div className={styles.start}>
      <button type="button" className="primary" onClick={() => listen('captions')}>
        {words.read}
      </button>
      {language !== talk.sourceLanguage && <p className={styles.soft}>{words.noVoice}</p>}
      {language === talk.sourceLanguage && translated && <p className={styles.soft}>{words.spokenHere}</p>}
    </div>
  );
}
