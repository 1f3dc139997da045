import { useStore } from 'zustand';
import { Field, Switch } from '../parts/Field';
import { Notice } from '../parts/Notice';
import { words } from '../words';
import styles from './MicrophoneSettings.module.css';
import type { Microphone, MicrophoneState } from './microphone';

const text = words.microphone;
const LOWEST_DB = -12;
const HIGHEST_DB = 24;

/** Which microphone, how loud, and what is done to its sound. */
export function MicrophoneSettings({ microphone }: { microphone: Microphone }) {
  const settings = useStore(microphone.view, (view) => view.settings);
  const devices = useStore(microphone.view, (view) => view.devices);
  return (
    <div className={styles.panel}>
      <Field label={text.device}>
        {(names) => (
          <select
            {...names}
            value={settings.deviceId ?? ''}
            onChange={({ target }) => void microphone.open({ deviceId: target.value || null })}
          >
            <option value="">{text.standard}</option>
            {devices.map(({ id, label }) => (
              <option key={id} value={id}>
                {label}
              </option>
            ))}
          </select>
        )}
      </Field>
      <Field label={`${text.gain}: ${text.decibels(settings.gainDb)}`}>
        {(names) => (
          <input
            {...names}
            type="range"
            min={LOWEST_DB}
            max={HIGHEST_DB}
            value={settings.gainDb}
            aria-valuetext={text.decibels(settings.gainDb)}
            onChange={({ target }) => microphone.setGain(target.valueAsNumber)}
          />
        )}
      </Field>
      <div>
        <Switch
          label={text.noise}
          checked={settings.noiseSuppression}
          onChange={(noiseSuppression) => void microphone.open({ noiseSuppression })}
        />
        <Switch
          label={text.echo}
          checked={settings.echoCancellation}
          onChange={(echoCancellation) => void microphone.open({ echoCancellation })}
        />
        <p className={styles.hint}>{text.processingHint}</p>
      </div>
    </div>
  );
}

const TROUBLES = ['insecure', 'refused', 'missing', 'busy', 'lost', 'taken', 'asleep'] as const;
type TroubledState = (typeof TROUBLES)[number];

const troubled = (state: MicrophoneState): state is TroubledState => TROUBLES.some((one) => one === state);

/** Why there is no sound, and what to do; nothing while there is. */
export function MicrophoneTrouble({ microphone }: { microphone: Microphone }) {
  const state = useStore(microphone.view, (view) => view.state);
  const devices = useStore(microphone.view, (view) => view.devices);
  if (!troubled(state)) return null;
  if (state === 'insecure') return <Notice kind="trouble">{text.insecure(locally())}</Notice>;
  const others = state === 'lost' ? devices : [];
  const actions =
    state === 'asleep' ? (
      <button type="button" className="primary" onClick={() => void microphone.wake()}>
        {text.wake}
      </button>
    ) : (
      <>
        {others.map(({ id, label }) => (
          <button type="button" key={id} onClick={() => void microphone.open({ deviceId: id })}>
            {label}
          </button>
        ))}
        <button type="button" onClick={() => void microphone.open()}>
          {text.retry}
        </button>
      </>
    );
  return (
    <Notice kind="trouble" actions={actions}>
      {text.states[state]}
    </Notice>
  );
}

/** This page's address on the computer that serves it. */
function locally(): string {
  const url = new URL(location.pathname, location.origin);
  url.hostname = '127.0.0.1';
  return url.href;
}
