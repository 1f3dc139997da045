import { type FormEvent, useState } from 'react';
import { Field } from '../parts/Field';
import { Notice } from '../parts/Notice';
import { words } from '../words';
import { type Account, AccountFault, type AccountTrouble, type Missing } from './account';
import styles from './SignIn.module.css';

/** What is asked for: to sign in, a new account, its confirmation, a reset, or a first password of one's own. */
type Step = 'sign-in' | 'sign-up' | 'confirm' | 'forgot' | 'reset' | 'first-password';

const text = words.account;
const TITLES: Record<Step, string> = {
  'sign-in': text.signIn,
  'sign-up': text.signUp,
  confirm: text.confirm,
  forgot: text.reset,
  reset: text.reset,
  'first-password': text.firstPassword,
};

interface SignInProps {
  readonly account: Account;
  /** The talk goes on behind it. */
  readonly again?: boolean;
}

/** From nobody to somebody: done when the account says so. */
export function SignIn({ account, again = false }: SignInProps) {
  const [step, setStep] = useState<Step>('sign-in');
  const [email, setEmail] = useState(account.view.getState().email);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<AccountTrouble | null>(null);
  const [said, setSaid] = useState<string | null>(null);

  const show = (next: Step, saying: string | null = null) => {
    setStep(next);
    setSaid(saying);
    setTrouble(null);
    setCode('');
    if (next !== 'confirm') setPassword('');
  };
  const goOn = (missing: Missing) => {
    if (missing === 'code') show('confirm', text.codeSent(email));
    if (missing === 'new-password') show('first-password');
  };
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setTrouble(null);
    try {
      await work();
    } catch (fault) {
      setTrouble(fault instanceof AccountFault ? fault.trouble : 'other');
    } finally {
      setBusy(false);
    }
  };
  const confirm = async () => {
    await account.confirm(email, code);
    if (password === '') show('sign-in', text.confirmed);
    else goOn(await account.signIn(email, password));
  };
  const reset = async () => {
    await account.reset(email, code, password);
    show('sign-in', text.wasReset);
  };
  const forgot = async () => {
    await account.forgot(email);
    show('reset', text.codeSent(email));
  };
  const steps: Record<Step, () => Promise<void>> = {
    'sign-in': async () => goOn(await account.signIn(email, password)),
    'sign-up': async () => goOn(await account.signUp(email, password)),
    confirm,
    forgot,
    reset,
    'first-password': async () => goOn(await account.chooseFirstPassword(password)),
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void attempt(steps[step]);
  };

  const hasEmail = step === 'sign-in' || step === 'sign-up' || step === 'forgot';
  const hasCode = step === 'confirm' || step === 'reset';
  const hasPassword = step !== 'confirm' && step !== 'forgot';
  const choosing = step !== 'sign-in';
  const title = again && step === 'sign-in' ? text.signInAgain : TITLES[step];
  return (
    <form className={styles.form} onSubmit={submit} aria-busy={busy}>
      <h1>{title}</h1>
      {again && <p className={styles.still}>{text.stillOnAir}</p>}
      {said !== null && <Notice kind="good">{said}</Notice>}
      {hasEmail && (
        <Field label={text.email}>
          {(names) => (
            <input
              {...names}
              type="email"
              autoComplete="username"
              required
              value={email}
              onChange={({ target }) => setEmail(target.value.trim())}
            />
          )}
        </Field>
      )}
      {hasCode && (
        <Field label={text.code}>
          {(names) => (
            <input
              {...names}
              autoComplete="one-time-code"
              inputMode="numeric"
              required
              value={code}
              onChange={({ target }) => setCode(target.value.trim())}
            />
          )}
        </Field>
      )}
      {hasPassword && (
        <Field
          label={step === 'reset' ? text.newPassword : text.password}
          {...(choosing && { hint: text.passwordHint })}
        >
          {(names) => (
            <input
              {...names}
              type="password"
              autoComplete={choosing ? 'new-password' : 'current-password'}
              minLength={choosing ? 12 : 1}
              required
              value={password}
              onChange={({ target }) => setPassword(target.value)}
            />
          )}
        </Field>
      )}
      {trouble !== null && <Notice kind="trouble">{text.trouble[trouble]}</Notice>}
      <button type="submit" className="primary" disabled={busy}>
        {step === 'forgot' ? text.sendCode : title}
      </button>
      <div className={styles.others}>
        {step === 'sign-in' && (
          <>
            <button type="button" className="plain" onClick={() => show('forgot')}>
              {text.forgot}
            </button>
            <button type="button" className="plain" onClick={() => show('sign-up')}>
              {text.signUp}
            </button>
          </>
        )}
        {step === 'confirm' && (
          <button
            type="button"
            className="plain"
            onClick={() =>
              void attempt(async () => {
                await account.sendCodeAgain(email);
                setSaid(text.sentAgain);
              })
            }
          >
            {text.sendAgain}
          </button>
        )}
        {choosing && (
          <button type="button" className="plain" onClick={() => show('sign-in')}>
            {step === 'sign-up' ? text.haveAccount : text.backToSignIn}
          </button>
        )}
      </div>
    </form>
  );
}
