"""Apertium's pipelines, kept open: one sentence in, one sentence out, a few milliseconds each."""

import re
import shlex
import subprocess
from pathlib import Path

from services.common.errors import EngineUnavailable

MODES = Path("/usr/share/apertium/modes")

_SPECIAL = re.compile(r"[\[\]{}^$@<>/\\*~]")
_SENTENCE_END = ".[][\n]"
"""What Apertium's own deformatter puts after a text, so that the tagger sees an end."""


def installed(mode: str) -> bool:
    """Whether the language data for a mode such as ``pt-es`` is on this machine."""
    return (MODES / f"{mode}.mode").is_file()


class Pipeline:
    """The programs of one mode, each with ``-z``: they answer every text that ends with NUL. Not thread-safe.

    (``apertium -z`` itself hangs.)
    """

    def __init__(self, mode: str) -> None:
        """Start the programs. Raises EngineUnavailable if the mode or a program isn't installed."""
        self._programs: list[subprocess.Popen[bytes]] = []
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
        except OSError as fault:
            self.close()
            raise EngineUnavailable(f"Apertium mode {mode}: {fault}") from fault

    def translate(self, text: str) -> str:
        """Raises EngineUnavailable if a program has ended."""
        escaped = _SPECIAL.sub(lambda found: "\\" + found[0], " ".join(text.replace("\0", " ").split()))
        if not escaped:
            return ""
        entrance, exit_ = self._programs[0].stdin, self._programs[-1].stdout
        if entrance is None or exit_ is None:
            raise EngineUnavailable("Apertium pipeline without ends")
        answer = bytearray()
        try:
            entrance.write(f"{escaped}{_SENTENCE_END}\0".encode())
            while not answer.endswith(b"\0"):
                read = exit_.read(65536)
                if not read:
                    raise EngineUnavailable("Apertium pipeline ended")
                answer += read
        except OSError as fault:
            raise EngineUnavailable(f"Apertium pipeline broke: {fault}") from fault
        plain = answer[:-1].decode().removesuffix(_SENTENCE_END).replace("[\n]", "").replace("[]", "")
        return re.sub(r"\\(.)", r"\1", plain).strip()

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
