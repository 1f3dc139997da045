import { useEffect, useRef, useState } from 'react';
import { Icon } from '../../shared/ui/Icon';
import type { Microphone } from '../capture/microphone';
import { play, record } from '../capture/recording';
import { words } from '../words';
import styles from './Prepare.module.css';

const text = words.microphone;

/** Record a sentence and hear it as the service would. */
export function SoundCheck({ microphone }: { microphone: Microphone }) {
  const [doing, setDoing] = useState<'nothing' | 'recording' | 'playing'>('nothing');
  const stopping = useRef<AbortController | null>(null);
  useEffect(() => () => stopping.current?.abort(), []);

  const check = async () => {
    const { context } = microphone;
    if (context === null) return;
    const controller = new AbortController();
    stopping.current = controller;
    try {
      setDoing('recording');
      const samples = await record(microphone, controller.signal);
      setDoing('playing');
      await play(context, samples, controller.signal);
    } catch {
      // Stopped, or the microphone went: it says so itself.
    }
    setDoing('nothing');
  };
  return (
    <div>
      {doing === 'nothing' ? (
        <button type="button" onClick={() => void check()}>
          <Icon name="play" />
          {text.test}
        </button>
      ) : (
        <button type="button" onClick={() => stopping.current?.abort()}>
          <Icon name="stop" />
          {text.stop}
        </button>
      )}
      <p role="status" className={styles.soft}>
        {doing === 'recording' && text.recording}
        {doing === 'playing' && text.playing}
      </p>
    </div>
  );
}
