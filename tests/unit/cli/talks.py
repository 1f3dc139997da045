"""A small talk, worked out by hand, for tests of what is made of one."""

from services.cli.clients.notices import CaptionNotice, SpeechNotice
from services.cli.clients.playback import Played
from services.cli.evaluation.lag import ReadFinal, Segment
from services.cli.evaluation.report import LanguageTalk, Talk
from services.cli.evaluation.usage import Usage
from services.common import stages
from services.common.contracts import Final, Word

EPOCH = 1_700_000_000_000.0
WORDS = (
    Word("Good", 0, 400),
    Word("morning", 400, 1_000),
    Word("How", 2_000, 2_300),
    Word("are", 2_300, 2_500),
    Word("you", 2_500, 3_000),
)


def caption(index: int, start_ms: float, end_ms: float, text: str, source: str = "") -> CaptionNotice:
    return CaptionNotice(
        language="pt", index=index, start_ms=start_ms, end_ms=end_ms, text=text, source=source, spoken=True,
        previous_mark="." if index else "", floor_epoch_ms=EPOCH, sent_at_ms=EPOCH + end_ms + 1_000,
    )  # fmt: skip


def segment(index: int, start_ms: float, end_ms: float, text: str) -> Segment:
    told_ms = EPOCH + end_ms + 1_200
    speech = SpeechNotice(
        language="pt", index=index, start_ms=start_ms, end_ms=end_ms, text=text, url="http://x", duration_ms=700,
        floor_epoch_ms=EPOCH, sent_at_ms=told_ms - 2,
        stages={stages.CAPTURE: 90.0, stages.RECOGNIZE: 400.0, stages.STORE: 5.0},
    )  # fmt: skip
    return Segment(
        caption(index, start_ms, end_ms, text),
        EPOCH + end_ms + 1_000,
        speech,
        told_ms,
        told_ms + 8,
        Played(index, told_ms + 28, told_ms + 728, 1.0),
    )


def talk(*, lost: bool = False) -> Talk:
    finals = (
        ReadFinal(Final(session_id="s", language="en", index=0, words=WORDS[:2], floor_epoch_ms=EPOCH), EPOCH + 2_000),
        ReadFinal(
            Final(session_id="s", language="en", index=1, words=WORDS[2:], previous_mark=".", floor_epoch_ms=EPOCH),
            EPOCH + 4_000,
        ),
    )
    segments = (segment(0, 0, 1_000, "Bom dia"), segment(1, 2_000, 3_000, "Como vai"))
    return Talk(
        recording="en-hello",
        source="en",
        duration_s=3.5,
        transcript="Good morning. How are you?",
        finals=finals,
        languages={
            "pt": LanguageTalk(
                segments=segments[:1] if lost else segments,
                announced=2,
                said="Bom dia. Como vai?",
                reference="Bom dia. Como vai você?",
            )
        },
        usage={
            "ingest": Usage(80.0, 0.0, 1.0),
            "kafka": Usage(200.0, 0.0, 5.0),
            "transcriber": Usage(90.0, 500.0, 2.0),
        },
        watched_s=6.0,
    )
