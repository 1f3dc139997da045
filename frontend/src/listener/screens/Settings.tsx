import { type RefObject, useState } from 'react';
import { chooseTheme, rememberedTheme, THEMES, type Theme } from '../../shared/theme';
import { Icon } from '../../shared/ui/Icon';
import { current, leave } from '../page';
import { prefer, useListener } from '../store';
import { words } from '../words';
import { Download } from './Download';
import styles from './listen.module.css';

/** What is chosen once, and seldom changed. */
export function Settings({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const { mode, showOriginal, stableOnly } = useListener();
  const [theme, setTheme] = useState(rememberedTheme);
  return (
    <dialog ref={dialog} className={styles.settings} aria-labelledby="settings">
      <header>
        <h2 id="settings">{words.settings}</h2>
        <button
          type="button"
          className="plain"
          aria-label={words.close}
          onClick={() => dialog.current?.close()}
        >
          <Icon name="close" />
        </button>
      </header>
      <Switch
        label={words.voice}
        on={mode === 'voice'}
        change={(on) => current()?.chooseMode(on ? 'voice' : 'captions')}
      />
      <Switch
        label={words.showOriginal}
        on={showOriginal}
        change={(on) => {
          prefer({ showOriginal: on });
          current()?.choosePartials();
        }}
      />
      <Switch
        label={words.stableOnly}
        on={stableOnly}
        change={(on) => {
          prefer({ stableOnly: on });
          current()?.choosePartials();
        }}
      />
      <label className={styles.appearance}>
        {words.appearance}
        <select
          value={theme}
          onChange={({ target }) => {
            setTheme(target.value as Theme);
            chooseTheme(target.value as Theme);
          }}
        >
          {THEMES.map((each) => (
            <option key={each} value={each}>
              {words.themes[each]}
            </option>
          ))}
        </select>
      </label>
      <Download />
      <button type="button" className="plain" onClick={leave}>
        {words.leave}
      </button>
    </dialog>
  );
}

function Switch({ label, on, change }: { label: string; on: boolean; change(on: boolean): void }) {
  return (
    <label className={styles.switch}>
      <input type="checkbox" checked={on} onChange={({ target }) => change(target.checked)} />
      {label}
    </label>
  );
}
