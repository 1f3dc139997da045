import { type FormEvent, useState } from 'react';
import { nativeName, readersFirst } from '../../shared/languages';
import { Field, Switch } from '../parts/Field';
import { Notice } from '../parts/Notice';
import { rememberedSpoken, rememberSpoken } from '../preferences';
import type { Studio } from '../studio';
import { words } from '../words';
import styles from './NewTalk.module.css';
import { type SpokenLanguage, Trouble } from './sessions';

const text = words.talks;
const LONGEST_TITLE = 200;

interface NewTalkProps {
  readonly studio: Studio;
  readonly languages: readonly SpokenLanguage[];
}

/** Title, language, and what listeners may choose; then on to getting ready. */
export function NewTalk({ studio, languages }: NewTalkProps) {
  const spoken = readersFirst(
    languages.map(({ code }) => code),
    [rememberedSpoken()],
  );
  const [title, setTitle] = useState('');
  const [source, setSource] = useState(spoken[0] ?? 'en');
  const [restricted, setRestricted] = useState(false);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const targets = languages.find(({ code }) => code === source)?.targets ?? [];
  const wanted = targets.filter((code) => chosen.includes(code));
  const create = async () => {
    if (restricted && wanted.length === 0) {
      setTrouble(text.chooseOne);
      return;
    }
    setBusy(true);
    try {
      const languages = restricted ? { target_languages: wanted } : {};
      studio.prepare(await studio.sessions.create({ title, source_language: source, ...languages }));
      rememberSpoken(source);
    } catch (fault) {
      setTrouble(explained(fault));
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTrouble(null);
    void create();
  };
  return (
    <form className={styles.form} onSubmit={submit} aria-labelledby="new-talk">
      <h2 id="new-talk">{text.create}</h2>
      <Field label={text.name}>
        {(names) => (
          <input
            {...names}
            required
            maxLength={LONGEST_TITLE}
            placeholder={text.namePlaceholder}
            value={title}
            onChange={({ target }) => setTitle(target.value)}
          />
        )}
      </Field>
      <Field label={text.spoken}>
        {(names) => (
          <select {...names} value={source} onChange={({ target }) => setSource(target.value)}>
            {spoken.map((code) => (
              <option key={code} value={code} lang={code}>
                {nativeName(code)}
              </option>
            ))}
          </select>
        )}
      </Field>
      <fieldset className={styles.targets}>
        <legend>{text.targets}</legend>
        <label>
          <input type="radio" name="targets" checked={!restricted} onChange={() => setRestricted(false)} />
          {text.allTargets(targets.length)}
        </label>
        {!restricted && (
          <ul className={styles.all}>
            {targets.map((code) => (
              <li key={code} lang={code}>
                {nativeName(code)}
              </li>
            ))}
          </ul>
        )}
        <label>
          <input type="radio" name="targets" checked={restricted} onChange={() => setRestricted(true)} />
          {text.someTargets}
        </label>
        {restricted && (
          <div className={styles.languages}>
            {targets.map((code) => (
              <Switch
                key={code}
                label={nativeName(code)}
                checked={chosen.includes(code)}
                onChange={(on) => setChosen(on ? [...chosen, code] : chosen.filter((one) => one !== code))}
              />
            ))}
          </div>
        )}
      </fieldset>
      {trouble !== null && <Notice kind="trouble">{trouble}</Notice>}
      <button type="submit" className="primary" disabled={busy}>
        {text.start}
      </button>
    </form>
  );
}

function explained(fault: unknown): string {
  if (!(fault instanceof Trouble)) return words.app.trouble['sign-in'];
  return fault.kind === 'refused' ? words.app.trouble.refused(fault.message) : words.app.trouble[fault.kind];
}
