"""A talk as its topics hold it, for talks that no client of ours gave."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from services.cli.clients.captions import Cue, cues
from services.cli.clients.notices import CaptionNotice
from services.cli.evaluation.accounting import Account, account
from services.common.contracts import LEAST_MISSING_S, Caption, Final, Frame, LaneFinished, Speech, Word
from services.common.kafka import Cluster, LogReader
from services.common.topics import AUDIO, TRANSCRIPTS, TRANSLATIONS
from tests.e2e.talks import assert_captions_follow

_PATIENCE_S = 40.0
_FINISH_S = 90.0
_NOTHING_WRONG = Account(lost=0, repeated=0, out_of_order=0, missing_segments=0)


@dataclass
class Published:
    """All records of one session, in order."""

    frames: list[Frame] = field(default_factory=list)
    finals: list[Final] = field(default_factory=list)
    captions: dict[str, list[CaptionNotice]] = field(default_factory=dict)
    speeches: dict[str, dict[int, Speech]] = field(default_factory=dict)
    finished: dict[str, LaneFinished] = field(default_factory=dict)

    @property
    def words(self) -> list[Word]:
        """The transcript."""
        return [word for final in self.finals for word in final.words]

    def assert_every_word_once(self, language: str) -> None:
        """Every word that was recognized is in one caption, in order, none failed, and what never came is told."""
        assert [final.index for final in self.finals] == list(range(len(self.finals)))
        assert_captions_follow(self.captions[language])
        told = [caption.missing_ms for caption in self.captions[language] if caption.missing_ms]
        assert told == [gap for gap in self.gaps_ms() if gap >= LEAST_MISSING_S * 1000]
        assert account(self.words, self.captions[language], self.finished[language].segments) == _NOTHING_WRONG

    def promised(self, language: str) -> list[int]:
        """Indexes of the segments that have speech."""
        return [caption.index for caption in self.captions[language] if caption.spoken]

    def cues(self, language: str) -> list[Cue]:
        """The captions, each mark where it turned out to belong."""
        return cues(self.captions[language], self.finished[language].previous_mark)

    def gaps_ms(self) -> list[float]:
        """Where the floor audio jumps over what nobody captured. No frame may be missing, or be there twice."""
        sound = [frame for frame in self.frames if frame.pcm]
        assert [frame.seq for frame in sound] == list(range(len(sound)))
        return [after.start_ms - before.end_ms for before, after in pairwise(sound) if after.start_ms != before.end_ms]


async def published(cluster: Cluster, session_id: str) -> Published:
    """Read what there is now."""
    talk = Published()
    async with LogReader.open(cluster, [AUDIO, TRANSCRIPTS, TRANSLATIONS], client_id="test") as reader:
        async for received in reader.to_end():
            if received.record.session_id != session_id:
                continue
            match received.record:
                case Frame() as frame:
                    talk.frames.append(frame)
                case Final() as final:
                    talk.finals.append(final)
                case Caption() as caption:
                    talk.captions.setdefault(caption.language, []).append(_as_notice(caption))
                case Speech() as speech:
                    talk.speeches.setdefault(speech.language, {})[speech.index] = speech
                case LaneFinished() as end:
                    talk.finished[end.language] = end
                case _:
                    pass
    return talk


async def all_published(cluster: Cluster, session_id: str, languages: Sequence[str]) -> Published:
    """Wait until the talk, which has ended, is complete in these languages, and read it. Raises TimeoutError."""
    missing = set(languages)
    async with (
        asyncio.timeout(_FINISH_S),
        LogReader.open(cluster, [TRANSLATIONS], client_id="test") as reader,
    ):
        async for received in reader.follow():
            record = received.record
            if record.session_id == session_id and isinstance(record, LaneFinished):
                missing.discard(record.language)
                if not missing:
                    break
    return await published(cluster, session_id)


async def until_captured(cluster: Cluster, session_id: str, length_ms: float, since_ms: float = 0.0) -> None:
    """Wait until so much audio has arrived that was captured since a wall-clock time."""
    arrived_ms = 0.0
    try:
        async with (
            asyncio.timeout(_PATIENCE_S + length_ms / 1000),
            LogReader.open(cluster, [AUDIO], client_id="test") as reader,
        ):
            async for received in reader.follow():
                frame = received.record
                if frame.session_id == session_id and frame.captured_at_ms > since_ms:
                    arrived_ms += frame.end_ms - frame.start_ms
                    if arrived_ms >= length_ms:
                        return
    except TimeoutError:
        raise AssertionError(f"only {arrived_ms:.0f} of {length_ms:.0f} ms of audio arrived") from None


def _as_notice(caption: Caption) -> CaptionNotice:
    told = {**msgspec.structs.asdict(caption), "sent_at_ms": caption.published_at_ms}
    return CaptionNotice(**{name: told[name] for name in CaptionNotice.__struct_fields__})
