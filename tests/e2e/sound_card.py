"""A sound card without hardware, for a browser that has no microphone of its own making: PulseAudio, by itself."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.cli.stack.process import Process, base_environment

_START_S = 10.0
_STOP_S = 5.0
_SETUP = """
load-module module-native-protocol-unix auth-anonymous=1 socket={socket}
load-module module-null-sink sink_name=loudspeaker
load-module module-null-sink sink_name=air
load-module module-remap-source master=air.monitor source_name=microphone
set-default-sink loudspeaker
set-default-source microphone
"""


class SoundCard:
    """A loudspeaker that nobody hears, and a microphone that hears what is played to it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._playing: list[Process] = []

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to use it."""
        return {"HOME": str(self._folder), "PULSE_SERVER": f"unix:{self._folder / 'socket'}"}

    def play(self, recording: Path) -> None:
        """Begin to play a WAV before the microphone."""
        self._play("air", str(recording))

    def keep_pace(self) -> None:
        """Without hardware, sound goes a second or two at once unless somebody asks for less."""
        for device in ("air", "loudspeaker"):
            self._play(device, "--raw", "/dev/zero")

    def _play(self, device: str, *what: str) -> None:
        command = ["paplay", f"--device={device}", "--latency-msec=20", *what]
        env = base_environment() | self.environment
        self._playing.append(Process("paplay", command, log=self._folder / "paplay.log", env=env))

    async def silence(self) -> None:
        """Stop all that plays."""
        for process in self._playing:
            await process.stop(_STOP_S)


@asynccontextmanager
async def sound_card(folder: Path) -> AsyncIterator[SoundCard]:
    """folder: one to be made for it."""
    assert shutil.which("pulseaudio"), "no PulseAudio: run 'scripts/setup --tests'"
    card = SoundCard(folder)
    setup = folder / "setup.pa"
    setup.write_text(_SETUP.format(socket=folder / "socket"))
    options = ["--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "-n", "--file", str(setup)]
    process = Process(
        "pulseaudio",
        ["pulseaudio", *options],
        log=folder / "pulseaudio.log",
        env=base_environment() | {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)},
    )
    try:
        await process.wait_until((folder / "socket").exists, _START_S)
        card.keep_pace()
        yield card
    finally:
        await card.silence()
        await process.stop(_STOP_S)
