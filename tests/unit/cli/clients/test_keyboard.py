"""Keys of a terminal, on a terminal of our own."""

import asyncio
import os
import pty
import sys
import termios

import pytest

from services.cli.clients.keyboard import keys


async def test_keys_are_told_one_by_one_and_the_terminal_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = pty.openpty()
    told: asyncio.Queue[str] = asyncio.Queue()
    with os.fdopen(ours, "wb", buffering=0) as person, os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(terminal)
        with keys(told.put_nowait) as there_are:
            assert there_are
            person.write(b"pm")
            async with asyncio.timeout(5):
                assert [await told.get(), await told.get()] == ["p", "m"]
        assert termios.tcgetattr(terminal) == before


def test_without_a_terminal_there_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        with keys(lambda key: pytest.fail(key)) as there_are:
            assert not there_are
