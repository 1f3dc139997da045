"""Images as ``scripts/images`` builds them, and containers of them, on a root that is read-only.

A container has this machine's network. Where the images can't be built, these tests are skipped.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
BASE = "localhost/dragoman/base"
_BUILD_S = 290.0
_COMMAND_S = 40.0

_ON_READ_ONLY_ROOT = """
set -e
mount --bind "$1" "$1"
mount -o remount,ro,bind "$1"
mount -t tmpfs -o mode=755 run "$1/run"  # buildah keeps a file there
shift
exec "$@"
"""
_BUILDAHS_OWN = re.compile(r"^(subprocess exited|Error: exit status).*\n", re.MULTILINE)


def buildah(*arguments: str) -> str:
    """What it prints. A failure fails the test with what it says."""
    done = subprocess.run(
        [ROOT / "scripts" / "buildah", *arguments], capture_output=True, text=True, timeout=_COMMAND_S
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Run:
    """One run of a program in a container."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @property
    def program(self) -> psutil.Process:
        """The program itself, below buildah's own processes. Raises LookupError before it runs and after its end."""
        try:
            for child in psutil.Process(self._process.pid).children(recursive=True):
                parent = child.parent()
                if parent and parent.cmdline()[:1] == ["buildah-chroot-exec"]:
                    return child
        except psutil.NoSuchProcess:
            pass
        raise LookupError("no program runs")

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def end(self) -> tuple[int, str, str]:
        """Wait for its end. Returns its exit code and what it said to stdout and to stderr."""
        said, complained = self._process.communicate(timeout=_COMMAND_S)
        return self._process.returncode, said, _BUILDAHS_OWN.sub("", complained)


@dataclass(frozen=True)
class Container:
    """A container, in which programs run as the image's user. ``config``: what the image says, in Docker's words."""

    name: str
    root: Path
    config: Mapping[str, Any]

    @contextmanager
    def run(self, *command: str, **environment: str) -> Iterator[Run]:
        """Run a program; it is killed at the end of the block."""
        given = [f"--env={name}={value}" for name, value in environment.items()]
        inside = [str(ROOT / "scripts" / "buildah"), "run", *given, self.name, "--", *command]
        with subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", _ON_READ_ONLY_ROOT, "sh", str(self.root), *inside],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield Run(process)
            finally:
                if process.poll() is None:
                    for child in psutil.Process(process.pid).children(recursive=True):
                        child.kill()
                    process.kill()

    def start(self, *arguments: str, **environment: str) -> AbstractContextManager[Run]:
        """Run what the image is for, as an engine does."""
        return self.run(*self.config["Entrypoint"], *arguments, **environment)

    def do(self, *command: str, **environment: str) -> tuple[int, str, str]:
        """Run a program to its end."""
        with self.run(*command, **environment) as run:
            return run.end()

    @property
    def size_mb(self) -> float:
        return sum(path.lstat().st_size for path in self.root.rglob("*")) / 1e6


@contextmanager
def contain(image: str) -> Iterator[Container]:
    """A container of an image of this name, for the block."""
    config = json.loads(buildah("inspect", "--type", "image", image))["Docker"]["config"]
    name = buildah("from", image)
    try:
        yield Container(name, Path(buildah("mount", name)), config)
    finally:
        buildah("rm", name)


@pytest.fixture(scope="session")
def container() -> Iterator[Callable[[str], Container]]:
    """Gives a container of an image by name, such as ``ingest:aws``: one for all tests, since none can change it."""
    if not all(shutil.which(program) for program in ("buildah", "unshare")):
        pytest.skip("no buildah: run 'make images', which brings it, builds the images and runs these tests")
    if os.geteuid() != 0:
        pytest.skip("building images without a container engine takes root: run 'make images' as root")
    done = subprocess.run([ROOT / "scripts" / "images"], capture_output=True, text=True, timeout=_BUILD_S)
    assert done.returncode == 0, done.stderr
    made: dict[str, Container] = {}
    with ExitStack() as containers:

        def of(image: str) -> Container:
            if image not in made:
                made[image] = containers.enter_context(contain(f"localhost/dragoman/{image}"))
            return made[image]

        yield of
