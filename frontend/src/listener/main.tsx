import { show } from '../shared/app';
import { App } from './App';

show(<App />);
