"""Commands as a person types them: help with examples, exit codes, one line for what goes wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.stack.ports import free_ports
from services.cli.stack.provision import Provisioned


def dragoman(*arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "services.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", **env},
    )


@pytest.mark.parametrize(
    "command",
    [
        "demo",
        "speak",
        "listen",
        "sessions",
        "topics apply",
        "topics list",
        "topics tail",
        "topics dead",
        "evaluate",
        "load",
    ],
)
def test_help_has_examples(command: str) -> None:
    shown = dragoman(*command.split(), "--help")
    assert shown.returncode == 0
    assert f"\n  dragoman {command}" in shown.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("speak",),
        ("speak", "nowhere.flac"),
        ("listen", "code", "--language", "tlh"),
        ("listen", "code", "--language", "pt", "--save", "out.mp3"),
        ("topics", "tail", "news"),
        ("topics", "dead", "--topic", "news"),
        ("evaluate", str(Path(__file__).parent)),
        ("load", "--listeners", "500,100"),
        ("load", "--notifier", "https://listen.example.org"),
        ("load", "code", "--notifier", "https://user:secret@listen.example.org"),
        ("load", "code", "--notifier", "listen.example.org"),
    ],
)
def test_wrong_use_ends_with_2_and_says_why(arguments: tuple[str, ...]) -> None:
    ended = dragoman(*arguments)
    assert ended.returncode == 2
    assert ended.stderr.strip()
    assert "Traceback" not in ended.stderr


def test_a_stack_that_does_not_run_is_told_in_one_line() -> None:
    (port,) = free_ports(1)
    ended = dragoman("sessions", DRAGOMAN_INGEST_URL=f"http://127.0.0.1:{port}", DRAGOMAN_TOKEN="t")
    assert ended.returncode == 1
    assert ended.stderr.startswith("ingest does not answer")
    assert len(ended.stderr.splitlines()) == 1


def test_an_endpoint_that_is_gone_is_told_in_one_line(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    left = Provisioned(
        endpoint=f"http://127.0.0.1:{port}",
        pool_id="p",
        client_id="c",
        key_id="k",
        secret="s",
        demo_speaker="demo@example.org",
        demo_password="p",
    )
    (tmp_path / "data").mkdir()
    left.save(tmp_path / "data")
    ended = dragoman("sessions", DRAGOMAN_HOME=str(tmp_path))
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"sign-in at http://127.0.0.1:{port} failed")
    assert "dragoman up" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
