import { show } from '../shared/app';
import { App } from './App';
import { Studio } from './studio';

const first = Studio.open();
first.catch(() => {}); // the page looks at it later, and says so
show(<App first={first} />);
