import { show } from '../shared/app';
import { App } from './App';
import { begin } from './page';

show(<App />);
void begin();
