"""Which recordings an evaluation takes."""

from pathlib import Path

import pytest

from services.cli.commands.evaluate import NothingToEvaluate, recordings_in
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
