import { useState } from 'react';
import { useStore } from 'zustand';
import { Notice } from '../parts/Notice';
import type { Studio } from '../studio';
import type { OwnSession } from '../talks/sessions';
import { words } from '../words';
import type { OnAir } from './on-air';

const text = words.live;

interface NoticesProps {
  readonly studio: Studio;
  readonly talk: OwnSession;
  readonly onAir: OnAir;
}

/** Everything about the talk that is not as it should be. */
export function Notices({ studio, talk, onAir }: NoticesProps) {
  const { uplink, unheard } = useStore(onAir.view);
  const recognized = useStore(onAir.following.view, (view) => view.recognized);
  const [seenLostMs, setSeenLostMs] = useState(0);
  const [seenMissedMs, setSeenMissedMs] = useState(0);
  if (uplink === null) return null;
  const { link, refusal, full, lostMs, missedMs } = uplink;
  const seconds = (ms: number) => Math.max(1, Math.round(ms / 1000));
  const takeBack = (
    <button type="button" onClick={() => void studio.takeBack(talk, onAir)}>
      {text.takeBack}
    </button>
  );
  return (
    <>
      {full && <Notice kind="trouble">{text.full}</Notice>}
      {link === 'closed' && refusal !== null && (
        <Notice
          kind="trouble"
          actions={
            <>
              {refusal === 'replaced' && takeBack}
              <button type="button" onClick={studio.toTalks}>
                {text.toTalks}
              </button>
            </>
          }
        >
          {text.refusals[refusal]}
        </Notice>
      )}
      {!recognized && <Notice kind="trouble">{text.unrecognized}</Notice>}
      {recognized && unheard && <Notice kind="trouble">{text.noText}</Notice>}
      {lostMs > seenLostMs && (
        <Notice
          kind="trouble"
          actions={
            <button type="button" onClick={() => setSeenLostMs(lostMs)}>
              {text.understood}
            </button>
          }
        >
          {text.lostAudio(seconds(lostMs - seenLostMs))}
        </Notice>
      )}
      {missedMs > seenMissedMs && (
        <Notice
          kind="hint"
          actions={
            <button type="button" onClick={() => setSeenMissedMs(missedMs)}>
              {text.understood}
            </button>
          }
        >
          {text.missedAudio(seconds(missedMs - seenMissedMs))}
        </Notice>
      )}
    </>
  );
}
