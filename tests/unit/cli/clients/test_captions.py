"""Caption files: what a person sees, and when."""

import itertools
import re

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.cli.clients.captions import LINE_LENGTH, LINES_PER_CUE, Cue, cues, displayed, srt, txt, vtt
from services.cli.clients.notices import CaptionNotice
from services.common.contracts import SentenceMark


def caption(index: int, text: str, start_ms: float, end_ms: float, previous_mark: SentenceMark = "") -> CaptionNotice:
    return CaptionNotice(
        language="pt", index=index, start_ms=start_ms, end_ms=end_ms, text=text, source="", spoken=True,
        previous_mark=previous_mark, floor_epoch_ms=0.0, sent_at_ms=0.0,
    )  # fmt: skip


@st.composite
def talks(draw: st.DrawFn) -> list[Cue]:
    at, made = 0.0, []
    for text in draw(st.lists(st.text("ab ,", min_size=1, max_size=250).filter(str.strip), max_size=12)):
        start = at + draw(st.floats(0, 3_000))
        at = start + draw(st.floats(1, 6_000))
        made.append(Cue(start, at, text))
    return made


@given(talks())
def test_a_screen_has_two_lines_of_42_characters_at_most(talk: list[Cue]) -> None:
    for cue in displayed(talk):
        lines = cue.text.split("\n")
        assert len(lines) <= LINES_PER_CUE
        assert all(len(line) <= LINE_LENGTH for line in lines)


@given(talks())
def test_cues_never_overlap_and_no_word_is_dropped(talk: list[Cue]) -> None:
    shown = displayed(talk)
    assert all(before.end_ms <= after.start_ms + 1e-6 for before, after in itertools.pairwise(shown))
    said = re.sub(r"\s", "", "".join(cue.text for cue in talk))
    assert re.sub(r"\s", "", "".join(cue.text for cue in shown)) == said


def test_a_mark_decided_later_ends_the_caption_before() -> None:
    read = cues(
        [caption(0, "Bom dia,", 0, 900), caption(1, "Como vai", 900, 1_800, "."), caption(2, "", 1_800, 1_800, "?")]
    )
    assert [cue.text for cue in read] == ["Bom dia.", "Como vai?"]


def test_captions_without_text_make_no_cue() -> None:
    assert cues([caption(0, "", 0, 900)]) == []


def test_what_is_missing_of_the_talk_is_a_cue_that_says_how_much_and_takes_no_mark() -> None:
    missing = msgspec.structs.replace(caption(1, "", 900, 5_150), failed="audio missing", missing_ms=4_250.0)
    read = cues([caption(0, "Bom dia", 0, 900), missing, caption(2, "Como vai", 5_150, 6_000, ".")])
    assert read == [Cue(0, 900, "Bom dia."), Cue(900, 5_150, "[— 4.3 s —]"), Cue(5_150, 6_000, "Como vai")]


def test_the_three_formats() -> None:
    read = [Cue(0, 1_500, "Tom & Ana."), Cue(3_661_001, 3_663_000, "Fim")]
    assert srt(read) == "1\n00:00:00,000 --> 00:00:01,500\nTom & Ana.\n\n2\n01:01:01,001 --> 01:01:03,000\nFim\n\n"
    assert vtt(read) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nTom &amp; Ana.\n\n01:01:01.001 --> 01:01:03.000\nFim\n\n"
    )
    assert txt(read, "pt") == "Tom & Ana.\nFim\n"


def test_a_short_cue_stays_readable_where_there_is_room() -> None:
    shown = displayed([Cue(0, 200, "Sim"), Cue(500, 700, "Não"), Cue(9_000, 9_100, "Fim")])
    assert [(cue.start_ms, cue.end_ms) for cue in shown] == [(0, 500), (500, 1_500), (9_000, 10_000)]


def test_a_caption_can_not_write_a_time_line_or_end_its_cue() -> None:
    read = cues([caption(0, "a\n\n2\r\n00:00:09,000 --> 00:00:10,000\nb", -900, 900)])
    assert srt(read) == "1\n00:00:00,000 --> 00:00:00,900\na 2 00:00:09,000 → 00:00:10,000 b\n\n"
    assert vtt(read).count("-->") == 1
