import { chooseWords } from '../../shared/i18n';
import { de } from './de';
import { en } from './en';
import { es } from './es';
import { fr } from './fr';
import { pt } from './pt';

/** What the page says, in the browser's language. */
export const words = chooseWords({ en, es, pt, de, fr });
