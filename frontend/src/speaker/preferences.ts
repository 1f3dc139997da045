/** What the speaker chose before. */

import { recall, remember } from '../shared/storage';
import type { MicrophoneSettings } from './capture/microphone';

const MICROPHONE = 'speaker.microphone';
const SHORTCUTS = 'speaker.shortcuts';
const SPOKEN = 'speaker.spoken';

/** As the microphone was used before; its own sound, unaltered, for a start. */
export function rememberedMicrophone(): MicrophoneSettings {
  const fresh: MicrophoneSettings = {
    deviceId: null,
    gainDb: 0,
    noiseSuppression: false,
    echoCancellation: false,
  };
  const kept = recall(MICROPHONE);
  return typeof kept === 'object' && kept !== null ? { ...fresh, ...kept } : fresh;
}

export const rememberMicrophone = (settings: MicrophoneSettings): void => remember(MICROPHONE, settings);

export const rememberedShortcuts = (): boolean => recall(SHORTCUTS) !== false;

export const rememberShortcuts = (on: boolean): void => remember(SHORTCUTS, on);

/** The language that was spoken in the last talk, or the first that the browser is set to. */
export const rememberedSpoken = (): string =>
  String(recall(SPOKEN) ?? navigator.language.toLowerCase().split('-')[0]);

export const rememberSpoken = (code: string): void => remember(SPOKEN, code);
