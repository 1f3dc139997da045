import type { FormEvent } from 'react';
import { open } from '../page';
import type { Screen } from '../store';
import { words } from '../words';
import { Brand } from './Brand';
import styles from './entrance.module.css';

type Ask = Omit<Extract<Screen, { name: 'code' }>, 'name'>;

const TROUBLES: Readonly<Partial<Record<NonNullable<Ask['why']>, string>>> = {
  malformed: words.notACode,
  unknown: words.unknown,
  ended: words.ended,
  attempts: words.attempts,
  protocol: words.protocol,
};

/** Asks for a code or a link. */
export function AskCode({ written, why }: Ask) {
  const trouble = why && TROUBLES[why];
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void open(String(new FormData(event.currentTarget).get('code')));
  };
  return (
    <main className={styles.entrance}>
      <form className={styles.center} onSubmit={submit}>
        <Brand />
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
          defaultValue={written}
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
