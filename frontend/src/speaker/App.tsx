import { useEffect, useState } from 'react';
import { useStore } from 'zustand';
import { chooseTheme, rememberedTheme, THEMES, type Theme } from '../shared/theme';
import styles from './App.module.css';
import { SignIn } from './account/SignIn';
import { Live } from './live/Live';
import { Notice } from './parts/Notice';
import { Prepare } from './prepare/Prepare';
import { Studio } from './studio';
import { Summary } from './summary/Summary';
import { TalkList } from './talks/TalkList';
import { words } from './words';

const text = words.app;

/** The speaker's page, from its configuration on. first: begun before anything is drawn, and only once. */
export function App({ first }: { first: Promise<Studio> }) {
  const [opening, setOpening] = useState(first);
  const [studio, setStudio] = useState<Studio | 'opening' | 'failed'>('opening');
  useEffect(() => {
    opening.then(setStudio, () => setStudio('failed'));
  }, [opening]);
  const open = () => {
    setStudio('opening');
    setOpening(Studio.open());
  };
  if (studio === 'opening') {
    return (
      <p className={styles.opening} role="status">
        {text.loading}
      </p>
    );
  }
  if (studio === 'failed') {
    return (
      <main className={styles.opening}>
        <h1 className="visually-hidden">{text.name}</h1>
        <Notice
          kind="trouble"
          actions={
            <button type="button" onClick={open}>
              {text.tryAgain}
            </button>
          }
        >
          {text.notConfigured}
        </Notice>
      </main>
    );
  }
  return <Page studio={studio} />;
}

function Page({ studio }: { studio: Studio }) {
  const screen = useStore(studio.screen);
  const { status, email } = useStore(studio.account.view);
  if (screen.name === 'live') {
    return (
      <main className={styles.main}>
        <Live studio={studio} talk={screen.talk} onAir={screen.onAir} />
      </main>
    );
  }
  const signedIn = status === 'in';
  const allowed = signedIn || screen.name === 'summary'; // whose sign-in ran out in mid-talk has its text all the same
  return (
    <>
      <header className={styles.top}>
        <p className={styles.name}>{text.name}</p>
        <Appearance />
        {signedIn && (
          <div className={styles.account}>
            <span>{email}</span>
            <button type="button" onClick={() => void studio.signOut()}>
              {text.signOut}
            </button>
          </div>
        )}
      </header>
      {allowed ? (
        <main className={styles.main}>
          {screen.name === 'talks' && <TalkList studio={studio} />}
          {screen.name === 'prepare' && <Prepare studio={studio} talk={screen.talk} />}
          {screen.name === 'summary' && <Summary studio={studio} {...screen} />}
        </main>
      ) : (
        <main className={styles.entrance}>
          <p className={styles.tagline}>{text.tagline}</p>
          <div className={styles.card}>
            <SignIn account={studio.account} />
          </div>
        </main>
      )}
    </>
  );
}

function Appearance() {
  const [theme, setTheme] = useState(rememberedTheme);
  const choose = (chosen: Theme) => {
    chooseTheme(chosen);
    setTheme(chosen);
  };
  return (
    <label className={styles.appearance}>
      {text.appearance}
      <select value={theme} onChange={({ target }) => choose(target.value as Theme)}>
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {text.themes[one]}
          </option>
        ))}
      </select>
    </label>
  );
}
