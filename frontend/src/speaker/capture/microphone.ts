/** The microphone: opened, switched, lost and found again, without the talk taking notice. */

import { createStore, type StoreApi } from 'zustand/vanilla';
import workletUrl from './capture.worklet.ts?worker&url';
import { type Level, type LevelWarning, Meter } from './meter';

export interface MicrophoneSettings {
  /** Null: whatever the browser takes. */
  readonly deviceId: string | null;
  readonly gainDb: number;
  readonly noiseSuppression: boolean;
  readonly echoCancellation: boolean;
}

/**
 * `insecure`: the browser gives no microphone to a page at such an address. `asleep`: it holds audio back until the
 * page is touched. `refused`: by the speaker or the system. `missing`: there is none. `busy`: another program has it for itself. `lost`: it was unplugged. `taken`: something else uses it
 * just now, or it has a switch.
 */
export type MicrophoneState =
  | 'closed'
  | 'insecure'
  | 'opening'
  | 'open'
  | 'asleep'
  | 'refused'
  | 'missing'
  | 'busy'
  | 'lost'
  | 'taken';

export interface Device {
  readonly id: string;
  readonly label: string;
}

export interface MicrophoneView {
  readonly state: MicrophoneState;
  /** Its name; empty while there is none. */
  readonly label: string;
  readonly devices: readonly Device[];
  readonly settings: MicrophoneSettings;
  readonly level: Level;
  readonly warning: LevelWarning | null;
  /** Whether somebody spoke in the last ten seconds. */
  readonly speech: boolean;
}

/** How long sound may take to begin to flow (Firefox: some hundred ms) before the browser is taken to hold it back. */
const WAKING_MS = 2_000;
const SILENCE: Level = { peak: 0, rms: 0, clipped: 0 };
const CLOSED: MicrophoneState = isSecureContext ? 'closed' : 'insecure';

/** One microphone at a time. Frames go wherever `sendTo` says. */
export class Microphone {
  readonly view: StoreApi<MicrophoneView>;
  #context: AudioContext | null = null;
  #gain: GainNode | null = null;
  #worklet: AudioWorkletNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #port: MessagePort | null = null;
  #meter = new Meter();
  /** Which of several overlapping requests for a microphone is the latest. */
  #request = 0;

  constructor(settings: MicrophoneSettings) {
    this.view = createStore(() => ({
      state: CLOSED,
      label: '',
      devices: [],
      settings,
      level: SILENCE,
      warning: null,
      speech: false,
    }));
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.#devicesChanged());
  }

  /** Open it, or change over to these settings; the old one is heard until the new one is there. */
  async open(changes: Partial<MicrophoneSettings> = {}): Promise<void> {
    if (CLOSED === 'insecure') return;
    const settings = { ...this.view.getState().settings, ...changes };
    const request = ++this.#request;
    this.view.setState({ settings, ...(this.#source === null && { state: 'opening' }) });
    try {
      const context = await this.#prepare();
      const stream = await navigator.mediaDevices.getUserMedia({ audio: constraints(settings) });
      if (request !== this.#request) stopAll(stream);
      else await this.#use(context, stream);
    } catch (fault) {
      if (request === this.#request) this.#failed(fault);
    }
    void this.#listDevices(); // Firefox answers only once the page has the focus
  }

  /** Louder or quieter, in decibels. */
  setGain(gainDb: number): void {
    this.view.setState(({ settings }) => ({ settings: { ...settings, gainDb } }));
    this.#applyGain();
  }

  /** Where frames go from now on; null: nowhere. The port is handed over. */
  sendTo(port: MessagePort | null): void {
    this.#port = port;
    if (this.#worklet !== null) this.#handOver(this.#worklet);
  }

  /** Let the browser play and capture; only does something within a click or a key press. */
  async wake(): Promise<void> {
    await this.#context?.resume();
  }

  /** The context in which everything is captured, to play something in. */
  get context(): AudioContext | null {
    return this.#context;
  }

  /** Switch it off: the browser's sign that it is on goes out. */
  async close(): Promise<void> {
    this.#request += 1;
    this.#release();
    const context = this.#context;
    this.#context = this.#gain = this.#worklet = null;
    this.view.setState({ state: CLOSED, label: '', level: SILENCE, warning: null, speech: false });
    await context?.close();
  }

  /** The graph before the microphone, so that nothing of what it gives first is lost. */
  async #prepare(): Promise<AudioContext> {
    if (this.#context !== null) return this.#context;
    const context = new AudioContext({ latencyHint: 'interactive' });
    this.#context = context;
    context.onstatechange = () => this.#contextChanged();
    await context.audioWorklet.addModule(workletUrl);
    this.#gain = context.createGain();
    this.#worklet = new AudioWorkletNode(context, 'capture', {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: 'explicit',
    });
    this.#worklet.port.onmessage = ({ data }: MessageEvent<Level>) => this.#hear(data);
    this.#gain.connect(this.#worklet);
    this.#applyGain();
    this.#handOver(this.#worklet);
    return context;
  }

  #handOver(worklet: AudioWorkletNode): void {
    worklet.port.postMessage(this.#port, this.#port === null ? [] : [this.#port]);
    this.#port = null;
  }

  async #use(context: AudioContext, stream: MediaStream): Promise<void> {
    const track = stream.getAudioTracks()[0] as MediaStreamTrack;
    const source = context.createMediaStreamSource(stream);
    source.connect(this.#gain as GainNode);
    this.#release();
    this.#source = source;
    this.#meter = new Meter();
    track.onended = () => this.#gone();
    track.onmute = () => this.view.setState({ state: 'taken' });
    track.onunmute = () => this.#contextChanged();
    this.view.setState({ label: track.label });
    await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, WAKING_MS))]);
    this.#contextChanged();
  }

  #hear(level: Level): void {
    this.#meter.hear(level);
    this.view.setState({ level, warning: this.#meter.warning, speech: this.#meter.speech });
  }

  #contextChanged(): void {
    const track = this.#source?.mediaStream.getAudioTracks()[0];
    if (track === undefined) return;
    const asleep = this.#context?.state !== 'running';
    this.view.setState({ state: asleep ? 'asleep' : track.muted ? 'taken' : 'open' });
  }

  #gone(): void {
    this.#release();
    this.view.setState({ state: 'lost' });
    void this.#listDevices();
  }

  #failed(fault: unknown): void {
    const state = refusal(fault);
    if (this.#source === null) this.view.setState({ state });
  }

  #release(): void {
    const source = this.#source;
    this.#source = null;
    if (source === null) return;
    source.disconnect();
    stopAll(source.mediaStream);
  }

  #applyGain(): void {
    const { gainDb } = this.view.getState().settings;
    this.#gain?.gain.setTargetAtTime(10 ** (gainDb / 20), this.#gain.context.currentTime, 0.02);
  }

  async #listDevices(): Promise<Device[]> {
    const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const devices = all
      .filter(({ kind, deviceId }) => kind === 'audioinput' && deviceId !== '')
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.view.setState({ devices });
    return devices;
  }

  /** One that was unplugged and comes back is the one that the speaker wants. */
  async #devicesChanged(): Promise<void> {
    const devices = await this.#listDevices();
    const { state, settings, label } = this.view.getState();
    const back = devices.some(({ id, label: name }) => id === settings.deviceId || name === label);
    if (state === 'lost' && back) await this.open();
  }
}

function constraints(settings: MicrophoneSettings): MediaTrackConstraints {
  const { deviceId, noiseSuppression, echoCancellation } = settings;
  return {
    channelCount: 1,
    autoGainControl: false,
    noiseSuppression,
    echoCancellation,
    ...(deviceId !== null && { deviceId: { ideal: deviceId } }),
  };
}

function refusal(fault: unknown): MicrophoneState {
  const name = fault instanceof Error ? fault.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'missing';
}

function stopAll(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.onended = track.onmute = track.onunmute = null;
    track.stop();
  }
}
