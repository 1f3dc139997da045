import { useEffect } from 'react';
import { AskCode } from './screens/AskCode';
import { Listen } from './screens/Listen';
import { Loading } from './screens/Loading';
import { Welcome } from './screens/Welcome';
import { useListener } from './store';
import { words } from './words';

/** The listener's page. */
export function App() {
  const screen = useListener((state) => state.screen);
  const title = useListener((state) => state.talk?.title);
  useEffect(() => {
    document.title = `${title ?? words.pageTitle} · Dragoman`;
  }, [title]);
  switch (screen.name) {
    case 'loading':
      return <Loading />;
    case 'unreachable':
      return <Loading retryAtMs={screen.retryAtMs} />;
    case 'code':
      return <AskCode written={screen.written} why={screen.why} />;
    case 'welcome':
      return <Welcome />;
    case 'listening':
      return <Listen />;
  }
}
