"""The figures of a talk, on talks small enough to work out by hand."""

from services.cli.clients.notices import CaptionNotice, SpeechNotice
from services.cli.clients.playback import Played
from services.cli.evaluation.accounting import account
from services.cli.evaluation.lag import (
    ReadFinal,
    Segment,
    caption_lags,
    ear_voice_spans,
    heard_lags,
    lags,
    own_overhead,
    percentile,
    stages_of,
    word_delays,
    words_of,
)
from services.common import stages
from services.common.contracts import Final, Word

EPOCH = 1_000_000.0
WORDS = (Word("one", 0, 500), Word("two", 500, 1_000), Word("three", 1_000, 1_600), Word("four", 1_600, 2_000))


def caption(index: int, start_ms: float, end_ms: float) -> CaptionNotice:
    return CaptionNotice(
        language="pt", index=index, start_ms=start_ms, end_ms=end_ms, text="um", source="one", spoken=True,
        floor_epoch_ms=EPOCH, sent_at_ms=0.0,
    )  # fmt: skip


def segment() -> Segment:
    speech = SpeechNotice(
        language="pt", index=0, start_ms=0, end_ms=1_000, text="um", url="http://x", duration_ms=800,
        floor_epoch_ms=EPOCH, sent_at_ms=EPOCH + 2_000,
        stages={stages.TRANSLATE: 40.0, stages.STORE: 6.0, stages.NOTIFY: 1.0},
    )  # fmt: skip
    return Segment(
        caption(0, 0, 1_000),
        EPOCH + 1_900,
        speech,
        EPOCH + 2_003,
        EPOCH + 2_010,
        Played(0, EPOCH + 2_500, EPOCH + 3_300, 1.0),
    )


def final(*words: Word) -> ReadFinal:
    return ReadFinal(Final(session_id="s", language="en", index=0, words=words, floor_epoch_ms=EPOCH), EPOCH + 2_200)


def test_a_segments_lags_run_from_its_last_and_its_first_sample() -> None:
    assert lags([segment()]) == [1_500]
    assert ear_voice_spans([segment()]) == [2_500]
    assert caption_lags([segment()]) == [900]


def test_a_word_is_heard_when_its_share_of_the_speech_ends() -> None:
    assert heard_lags([segment()], WORDS) == [2_900 - 500, 3_300 - 1_000]


def test_a_segment_that_was_not_heard_has_no_heard_lag() -> None:
    silent = Segment(caption(0, 0, 1_000), EPOCH)
    assert (heard_lags([silent], WORDS), lags([silent]), stages_of(silent)) == ([], [], {})


def test_a_words_delay_ends_when_its_final_can_be_read() -> None:
    assert word_delays([final(*WORDS[:2])]) == [1_700, 1_200]
    assert words_of([final(*WORDS[:2]), final(*WORDS[2:])]) == list(WORDS)


def test_own_overhead_leaves_out_engines_and_deliberate_waits() -> None:
    shares = stages_of(segment())
    assert shares[stages.NOTIFY] == 1.0 + 3.0
    assert shares[stages.FETCH] == 7.0
    assert shares[stages.PLAY_WAIT] == 490.0
    assert own_overhead(shares) == 6.0 + 4.0 + 7.0


def test_no_values_have_no_percentile() -> None:
    assert percentile([], 50) is None
    assert percentile([1, 2, 3], 50) == 2


def test_a_whole_talk_received_once_and_in_order_is_clean() -> None:
    assert account(WORDS, [caption(0, 0, 1_000), caption(1, 1_000, 2_000)], 2).clean


def test_a_word_that_no_segment_covers_is_lost() -> None:
    found = account(WORDS, [caption(0, 0, 1_000), caption(2, 1_600, 2_000)], 3)
    assert (found.lost, found.missing_segments) == (1, 1)


def test_a_word_that_two_segments_cover_is_repeated() -> None:
    found = account(WORDS, [caption(0, 0, 1_000), caption(1, 400, 2_000)], 2)
    assert (found.repeated, found.out_of_order) == (1, 1)


def test_segments_that_the_notifier_counts_and_nobody_received_are_missing() -> None:
    assert account((), [caption(0, 0, 1_000)], 3).missing_segments == 2


def test_segments_in_the_wrong_order_are_counted() -> None:
    assert account(WORDS, [caption(1, 1_000, 2_000), caption(0, 0, 1_000)], 2).out_of_order == 1


def test_a_word_without_length_at_a_seam_is_neither_lost_nor_repeated() -> None:
    found = account([Word("a", 1_000, 1_000)], [caption(0, 0, 1_000), caption(1, 1_000, 2_000)], 2)
    assert found.clean
