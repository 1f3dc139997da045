import { show } from '../shared/app';
import { App } from './App';
import { Studio } from './studio';

show(<App first={Studio.open()} />);
