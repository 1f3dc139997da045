"""Apertium's pipelines, kept open: one sentence in, one sentence out, a few milliseconds each."""

import re
import select
import shlex
import subprocess
import time
from pathlib import Path
from typing import IO

from services.common.errors import EngineUnavailable

MODES = Path("/usr/share/apertium/modes")

_SPECIAL = re.compile(r"[\[\]{}^$@<>/\\*~]")
_SENTENCE_END = ".[][\n]"
"""What Apertium's own deformatter puts after a text, so that the tagger sees an end."""
_ENDED = b"[\n]"
"""Of that, what each answer has. Where a program in the middle dies, those after it end the answer all the same."""
_OPENING_S = 20.0
"""Programs that have not answered by then never will."""


def installed(mode: str) -> bool:
    """Whether the language data for a mode such as ``pt-es`` is on this machine."""
    return (MODES / f"{mode}.mode").is_file()


class Pipeline:
    """The programs of one mode, each with ``-z``: they answer every text that ends with NUL. Not thread-safe.

    (``apertium -z`` itself hangs.)
    """

    def __init__(self, mode: str) -> None:
        """Start the programs; see ``opened``. Raises EngineUnavailable if the mode or a program isn't installed."""
        self._programs: list[subprocess.Popen[bytes]] = []
        self._answer = bytearray()
        self._opened = False
        self._late_at = time.monotonic() + _OPENING_S
        try:
            commands = [_kept_open(part) for part in (MODES / f"{mode}.mode").read_text().strip().split("|")]
            for command in commands:
                source = self._programs[-1].stdout if self._programs else subprocess.PIPE
                program = subprocess.Popen(  # noqa: S603
                    command, stdin=source, stdout=subprocess.PIPE, bufsize=0
                )
                if self._programs and (stdout := self._programs[-1].stdout):
                    stdout.close()  # the next program has it now
                self._programs.append(program)
            self._say("a")
        except (OSError, EngineUnavailable) as fault:
            self.close()
            raise EngineUnavailable(f"Apertium mode {mode}: {fault}") from fault

    def opened(self) -> bool:
        """Whether all programs have loaded their data, told by the answer to a first text; doesn't wait for it.

        Raises EngineUnavailable if a program has ended, or if they take far too long.
        """
        if not self._opened:
            self._opened = self._hear(wait=False)
            if not self._opened and time.monotonic() > self._late_at:
                raise EngineUnavailable(f"Apertium pipeline not opened within {_OPENING_S:g} s")
        return self._opened

    def translate(self, text: str) -> str:
        """Once it is opened. Raises EngineUnavailable if a program has ended."""
        escaped = _SPECIAL.sub(lambda found: "\\" + found[0], " ".join(text.replace("\0", " ").split()))
        if not escaped:
            return ""
        self._say(escaped)
        self._hear(wait=True)
        plain = self._answer[:-1].decode().removesuffix(_SENTENCE_END).replace("[\n]", "").replace("[]", "")
        return re.sub(r"\\(.)", r"\1", plain).strip()

    def _say(self, escaped: str) -> None:
        """Give the first program a text; the last one's answer is to come."""
        self._answer.clear()
        entrance, _ = self._ends
        try:
            entrance.write(f"{escaped}{_SENTENCE_END}\0".encode())
        except OSError as fault:
            raise EngineUnavailable(f"Apertium pipeline broke: {fault}") from fault

    def _hear(self, *, wait: bool) -> bool:
        """Take in what is there of the answer, up to its end if that is waited for; whether it has ended."""
        _, exit_ = self._ends
        ready = select.poll()
        ready.register(exit_, select.POLLIN)
        while not self._answer.endswith(b"\0"):
            if not wait and not ready.poll(0):
                return False
            read = exit_.read(65536)
            if not read:
                raise EngineUnavailable("Apertium pipeline ended")
            self._answer += read
        if _ENDED not in self._answer:
            raise EngineUnavailable("Apertium pipeline broke off")
        return True

    @property
    def _ends(self) -> tuple[IO[bytes], IO[bytes]]:
        entrance, exit_ = self._programs[0].stdin, self._programs[-1].stdout
        if entrance is None or exit_ is None:
            raise EngineUnavailable("Apertium pipeline without ends")
        return entrance, exit_

    def close(self) -> None:
        """End the programs."""
        for program in self._programs:
            for end in (program.stdin, program.stdout):
                if end:
                    end.close()
            program.kill()
            program.wait()


def _kept_open(part: str) -> list[str]:
    """A mode file's command with ``-z``; ``$1`` becomes ``-n``: no marks on unknown words."""
    program, *arguments = [word for word in shlex.split(part) if word != "$2"]
    return [program, "-z", *("-n" if argument == "$1" else argument for argument in arguments)]
