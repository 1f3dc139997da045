"""From what came out of a talk to what is measured of it: captions joined with clips, clips with their playing."""

from collections.abc import Mapping
from pathlib import Path

from services.cli.clients import captions
from services.cli.clients.listener import Hearing
from services.cli.clients.playback import ArrivedClip, schedule
from services.cli.evaluation.lag import Segment
from services.cli.evaluation.report import LanguageTalk, Talk
from services.cli.evaluation.talk import Audience, Outcome


def segments_of(hearing: Hearing) -> tuple[Segment, ...]:
    """All segments in the order of their captions' arrival, each with when it was heard, if it was."""
    silent = {caption.index for _, caption in hearing.captions if not caption.spoken}
    played = {item.index: item for item in schedule(_arrived(hearing), silent)}
    segments: list[Segment] = []
    for caption_at_ms, caption in hearing.captions:
        index = caption.index
        speech_at_ms, speech = hearing.speeches.get(index, (0.0, None))
        clip = hearing.clips.get(index)
        ready_at_ms = clip.ready_at_ms if clip else 0.0
        segments.append(Segment(caption, caption_at_ms, speech, speech_at_ms, ready_at_ms, played.get(index)))
    return tuple(segments)


def measured(
    outcome: Outcome,
    audience: tuple[Audience, ...],
    references: Mapping[str, str] | None = None,
) -> Talk:
    """references: the reference transcript in each language, translated by the same engine."""
    return Talk(
        recording=outcome.recording.stem,
        source=outcome.source,
        duration_s=outcome.duration_s,
        transcript=_beside(outcome.recording, ".txt"),
        finals=tuple(outcome.finals),
        languages={
            wish.language: LanguageTalk(
                segments=segments_of(hearing),
                announced=hearing.segments,
                said=said(hearing),
                hearing=wish.hear,
                reference=(references or {}).get(wish.language),
                human_reference=_beside(outcome.recording, f".{wish.language}.txt"),
                reconnects=hearing.reconnects,
            )
            for wish in audience
            if (hearing := outcome.hearings.get(wish.language))
        },
        usage=outcome.usage,
        watched_s=outcome.watched_s,
        lost_frames=outcome.lost_frames,
        loop_s=outcome.loop_s,
    )


def said(hearing: Hearing) -> str:
    """All captions as running text."""
    return " ".join(cue.text for cue in cues_of(hearing))


def cues_of(hearing: Hearing) -> list[captions.Cue]:
    """Captions in the order of the talk."""
    in_order = sorted((caption for _, caption in hearing.captions), key=lambda caption: caption.index)
    return captions.cues(in_order, hearing.last_mark)


def _arrived(hearing: Hearing) -> list[ArrivedClip]:
    """What the player was told of; speech without a clip only counts as passed."""
    arrived: list[ArrivedClip] = []
    for index, (noticed_at_ms, speech) in hearing.speeches.items():
        if clip := hearing.clips.get(index):
            duration_ms = min(speech.duration_ms, clip.sound.size * 1000 / clip.rate)
            arrived.append(ArrivedClip(index, noticed_at_ms, clip.ready_at_ms, duration_ms))
        else:
            arrived.append(ArrivedClip(index, noticed_at_ms, hearing.given_up.get(index, noticed_at_ms), 0.0))
    return arrived


def _beside(recording: Path, suffix: str) -> str | None:
    path = recording.with_suffix(suffix)
    return path.read_text(encoding="utf-8") if path.exists() else None
