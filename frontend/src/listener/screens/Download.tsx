import type { Format } from '../../shared/formats';
import { downloadCaptions } from '../../shared/ui/download';
import { useListener } from '../store';
import { words } from '../words';
import styles from './listen.module.css';

const FORMATS: readonly Format[] = ['txt', 'srt', 'vtt'];

/** The captions that came so far, as files. */
export function Download() {
  const language = useListener((state) => state.language);
  const captions = useListener((state) => state.captions[language]);
  const title = useListener((state) => state.talk?.title ?? '');
  const nothing = captions === undefined || captions.length === 0;
  return (
    <fieldset className={styles.download}>
      <legend>{words.download}</legend>
      {FORMATS.map((format) => (
        <button
          type="button"
          key={format}
          disabled={nothing}
          onClick={() => downloadCaptions(captions ?? [], title, language, format)}
        >
          {words.formats[format]}
        </button>
      ))}
    </fieldset>
  );
}
