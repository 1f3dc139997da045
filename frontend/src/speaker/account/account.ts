/** Who speaks: sign-in at the user pool, and access tokens for the services. */

import { Amplify } from 'aws-amplify';
import {
  confirmResetPassword,
  confirmSignIn,
  confirmSignUp,
  fetchAuthSession,
  resendSignUpCode,
  resetPassword,
  type SignInOutput,
  signIn,
  signOut,
  signUp,
} from 'aws-amplify/auth';
import { createStore, type StoreApi } from 'zustand/vanilla';
import type { Cognito } from '../../shared/config';

/** `unknown`: not looked yet. */
export interface AccountView {
  readonly status: 'unknown' | 'out' | 'in';
  readonly email: string;
}

/** What a sign-in still needs: nothing, the code that was sent by mail, or a password of the speaker's own. */
export type Missing = 'nothing' | 'code' | 'new-password';

/** What can go wrong, as far as the speaker can do something about it. */
export type AccountTrouble =
  | 'wrong'
  | 'exists'
  | 'code'
  | 'weak-password'
  | 'too-often'
  | 'offline'
  | 'unsupported'
  | 'other';

export class AccountFault extends Error {
  readonly trouble: AccountTrouble;

  constructor(trouble: AccountTrouble, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.trouble = trouble;
  }
}

const TROUBLES: ReadonlyMap<string, AccountTrouble> = new Map([
  ['NotAuthorizedException', 'wrong'],
  ['UserNotFoundException', 'wrong'],
  ['UsernameExistsException', 'exists'],
  ['CodeMismatchException', 'code'],
  ['ExpiredCodeException', 'code'],
  ['InvalidPasswordException', 'weak-password'],
  ['LimitExceededException', 'too-often'],
  ['TooManyRequestsException', 'too-often'],
  ['TooManyFailedAttemptsException', 'too-often'],
  ['NetworkError', 'offline'],
]);
/** A token is renewed this long before it ends. */
const EARLY_MS = 5 * 60_000;
const LOOK_EVERY_MS = 60_000;

/** Every method rejects with AccountFault. Passwords are never kept. */
export class Account {
  readonly view: StoreApi<AccountView> = createStore(() => ({ status: 'unknown', email: '' }));
  readonly #renewed = new Set<(token: string) => void>();

  constructor({ user_pool_id, client_id, endpoint }: Cognito) {
    Amplify.configure({
      Auth: {
        Cognito: {
          userPoolId: user_pool_id,
          userPoolClientId: client_id,
          ...(endpoint !== undefined && { userPoolEndpoint: endpoint }),
        },
      },
    });
  }

  /** Find out whether somebody is signed in here, and keep their token fresh from now on. */
  async begin(): Promise<void> {
    await this.token().catch(() => this.view.setState({ status: 'out' }));
    setInterval(() => void this.#keepFresh(), LOOK_EVERY_MS);
  }

  async signIn(email: string, password: string): Promise<Missing> {
    await calling(signOut()); // whoever was here before
    return this.#goOn(await calling(signIn({ username: email, password })));
  }

  /** A password of one's own in place of the one that an administrator gave. */
  async chooseFirstPassword(password: string): Promise<Missing> {
    return this.#goOn(await calling(confirmSignIn({ challengeResponse: password })));
  }

  /** A code goes out by mail where the pool wants the address confirmed. */
  async signUp(email: string, password: string): Promise<Missing> {
    const attributes = { userAttributes: { email } };
    const { nextStep } = await calling(signUp({ username: email, password, options: attributes }));
    return nextStep.signUpStep === 'CONFIRM_SIGN_UP' ? 'code' : this.signIn(email, password);
  }

  async confirm(email: string, code: string): Promise<void> {
    await calling(confirmSignUp({ username: email, confirmationCode: code }));
  }

  async sendCodeAgain(email: string): Promise<void> {
    await calling(resendSignUpCode({ username: email }));
  }

  /** A code goes out by mail. */
  async forgot(email: string): Promise<void> {
    await calling(resetPassword({ username: email }));
  }

  async reset(email: string, code: string, password: string): Promise<void> {
    await calling(confirmResetPassword({ username: email, confirmationCode: code, newPassword: password }));
  }

  async signOut(): Promise<void> {
    await calling(signOut());
    this.view.setState({ status: 'out', email: '' });
  }

  /** A valid access token. renew: also where the one that there is seems fine. */
  async token(renew = false): Promise<string> {
    const { tokens } = await calling(fetchAuthSession({ forceRefresh: renew }));
    if (tokens === undefined) {
      this.view.setState({ status: 'out' });
      throw new AccountFault('wrong', 'nobody is signed in');
    }
    const email = String(tokens.idToken?.payload.email ?? '');
    this.view.setState({ status: 'in', email });
    return tokens.accessToken.toString();
  }

  /** Be told of each new token. Returns what ends that. */
  onRenewal(told: (token: string) => void): () => void {
    this.#renewed.add(told);
    return () => this.#renewed.delete(told);
  }

  async #goOn({ nextStep: { signInStep } }: SignInOutput): Promise<Missing> {
    if (signInStep === 'CONFIRM_SIGN_UP') return 'code';
    if (signInStep === 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED') return 'new-password';
    if (signInStep !== 'DONE') throw new AccountFault('unsupported', signInStep);
    this.#tell(await this.token());
    return 'nothing';
  }

  async #keepFresh(): Promise<void> {
    try {
      const { tokens } = await fetchAuthSession();
      const endsAtMs = (tokens?.accessToken.payload.exp ?? Number.POSITIVE_INFINITY) * 1000;
      if (endsAtMs - Date.now() < EARLY_MS) this.#tell(await this.token(true));
    } catch {
      // Tried again in a minute, and by whoever needs a token before that.
    }
  }

  #tell(token: string): void {
    for (const told of this.#renewed) told(token);
  }
}

async function calling<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (fault) {
    const name = fault instanceof Error ? fault.name : '';
    throw new AccountFault(TROUBLES.get(name) ?? 'other', fault);
  }
}
