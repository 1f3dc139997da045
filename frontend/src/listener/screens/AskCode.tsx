import { type FormEvent, useState } from 'react';
import type { Refusal } from '../../shared/reconnect';
import { open } from '../page';
import { sessionName } from '../talk';
import { words } from '../words';
import styles from './entrance.module.css';

const TROUBLES: Readonly<Partial<Record<Refusal, string>>> = {
  unknown: words.unknown,
  ended: words.ended,
  attempts: words.attempts,
  protocol: words.protocol,
};

/** Asks for a code or a link. why: what was wrong with the last one. */
export function AskCode({ why }: { why: Refusal | undefined }) {
  const [trouble, setTrouble] = useState(why && TROUBLES[why]);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const written = String(new FormData(event.currentTarget).get('code'));
    if (sessionName(written) === undefined) setTrouble(words.notACode);
    else void open(written);
  };
  return (
    <main className={styles.entrance}>
      <form className={styles.center} onSubmit={submit}>
        <h1>{words.codeTitle}</h1>
        {trouble !== undefined && (
          <p role="alert" id="trouble" className={styles.trouble}>
            {trouble}
          </p>
        )}
        <label htmlFor="code">{words.codeLabel}</label>
        <input
          id="code"
          name="code"
          required
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          aria-invalid={trouble !== undefined}
          aria-describedby={trouble === undefined ? 'hint' : 'trouble hint'}
        />
        <p id="hint" className={styles.soft}>
          {words.codeHint}
        </p>
        <button type="submit" className="primary">
          {words.open}
        </button>
      </form>
    </main>
  );
}
