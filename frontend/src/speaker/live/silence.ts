/** Notices that speech comes in and no text goes out. Pure. */

import { decibels, type Level } from '../capture/meter';

const FRAME_MS = 96;
const AS_LOUD_AS_SPEECH_DB = -40;
const TOO_MUCH_MS = 15_000;

/** Counts how much was said since the last sign that any of it was understood. */
export class UnheardSpeech {
  #ms = 0;

  /** The level of the next frame that goes out. */
  said({ rms }: Level): void {
    if (decibels(rms) > AS_LOUD_AS_SPEECH_DB) this.#ms += FRAME_MS;
  }

  /** Text came, or nothing is to come. */
  understood(): void {
    this.#ms = 0;
  }

  /** Fifteen seconds of speech, pauses not counted, without a word of text. */
  get tooMuch(): boolean {
    return this.#ms > TOO_MUCH_MS;
  }
}
