"""Which recordings an evaluation takes, and what the machine's use is counted as."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

from services.cli.evaluation import NothingToEvaluate, recordings_in
from services.cli.tail import for_people, named
from services.cli.usage import UsageWatch
from services.common.contracts import Caption, Final, Frame, Mark, Session, Word
from services.common.languages import UnknownLanguage


def touch(*paths: Path) -> None:
    for path in paths:
        path.write_text("")


def test_recordings_with_a_transcript_are_taken_with_the_language_of_their_name(tmp_path: Path) -> None:
    touch(
        tmp_path / "en-a.flac",
        tmp_path / "en-a.txt",
        tmp_path / "pt-b.wav",
        tmp_path / "pt-b.txt",
        tmp_path / "en-c.wav",
    )
    assert recordings_in(tmp_path, None) == [(tmp_path / "en-a.flac", "en"), (tmp_path / "pt-b.wav", "pt")]


def test_the_given_language_counts_more_than_the_name(tmp_path: Path) -> None:
    touch(tmp_path / "talk.wav", tmp_path / "talk.txt")
    assert recordings_in(tmp_path / "talk.wav", "es") == [(tmp_path / "talk.wav", "es")]


def test_a_name_without_a_language_asks_for_one(tmp_path: Path) -> None:
    touch(tmp_path / "talk.wav", tmp_path / "talk.txt")
    with pytest.raises(UnknownLanguage, match="--source"):
        recordings_in(tmp_path, None)


def test_a_folder_without_usable_recordings_says_so(tmp_path: Path) -> None:
    touch(tmp_path / "en-a.flac")
    with pytest.raises(NothingToEvaluate, match="transcript"):
        recordings_in(tmp_path, None)


def _burn(seconds: float) -> None:
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    time.sleep(60)


def test_cpu_is_counted_from_the_first_look_and_children_are_engines() -> None:
    watch = UsageWatch(lambda: {"me": os.getpid(), "gone": 2**22 + 1})
    watch.sample()
    assert watch.usage["me"].cpu_s == 0
    child = multiprocessing.get_context("fork").Process(target=_burn, args=(0.3,))
    child.start()
    try:
        deadline = time.monotonic() + 30
        while watch.usage["me"].cpu_s < 0.3 and time.monotonic() < deadline:
            watch.sample()
    finally:
        child.kill()
        child.join()
    assert watch.usage["me"].cpu_s >= 0.3
    assert watch.usage["me"].engines_rss_mb > 1
    assert watch.usage["me"].rss_mb > 10


def test_records_are_lines_for_people() -> None:
    final = Final(session_id="abcdefghijkl", language="en", index=0, words=(Word("Hi", 100, 900),), previous_mark=".")
    assert for_people(final).endswith("abcdefgh  en  final      0.1 -    0.9  (.) Hi  [none]")
    failed = Caption(
        session_id="s",
        language="pt",
        index=4,
        start_ms=0,
        end_ms=900,
        text="",
        source="Hi",
        spoken=False,
        failed="late",
    )
    assert "#4 [failed: late]" in for_people(failed)
    ended = Frame(
        session_id="s", language="en", seq=9, first_sample=16_000, captured_at_ms=0, received_at_ms=0, mark=Mark.END
    )
    assert for_people(ended).endswith("#9 end")
    session = Session(session_id="s", code="k7f", title="Talk", owner="me", source_language="en")
    assert "“Talk” k7f en created" in for_people(session)


def test_a_topic_that_we_do_not_have_is_named() -> None:
    assert isinstance(complaint := named(["audio", "news"]), str)
    assert "news" in complaint
    assert [topic.name for topic in named(["audio"]) if not isinstance(topic, str)] == ["audio"]
    assert "audio" not in [topic.name for topic in named([]) if not isinstance(topic, str)]
