import quiet from './quiet.flac';

export interface LockScreenControls {
  play(): void;
  pause(): void;
}

/**
 * Playing on with the screen locked, as far as the device allows, with the talk's title and a pause button on it.
 * Phones grant that to media elements only, so one plays silence beside the Web Audio that is heard.
 */
export class LockScreen {
  readonly #element = new Audio(quiet);

  /** Call it in a tap or a key press. */
  constructor(title: string, controls: LockScreenControls) {
    // iOS: sound is on although the ringer is off, and stays on when the screen is locked.
    const { audioSession } = navigator as { audioSession?: { type: string } };
    if (audioSession !== undefined) audioSession.type = 'playback';
    this.#element.loop = true;
    if ('mediaSession' in navigator) {
      navigator.mediaSession.setActionHandler('play', controls.play);
      navigator.mediaSession.setActionHandler('pause', controls.pause);
    }
    this.entitle(title);
    this.playing(true);
  }

  /** The talk's title. */
  entitle(title: string): void {
    if ('mediaSession' in navigator)
      navigator.mediaSession.metadata = new MediaMetadata({ title, artist: 'Dragoman' });
  }

  /** Show whether it is playing. */
  playing(playing: boolean): void {
    if (playing) this.#element.play().catch(() => {});
    else this.#element.pause();
    if ('mediaSession' in navigator) navigator.mediaSession.playbackState = playing ? 'playing' : 'paused';
  }

  close(): void {
    this.#element.pause();
    if (!('mediaSession' in navigator)) return;
    navigator.mediaSession.metadata = null;
    navigator.mediaSession.playbackState = 'none';
    navigator.mediaSession.setActionHandler('play', null);
    navigator.mediaSession.setActionHandler('pause', null);
  }
}
