"""Is everything there that the stack needs? Each part by itself; what is wrong comes with what to do."""

import asyncio
import enum
import re
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import BotoCoreError, ClientError

from services.cli.stack import Ports, Provisioned
from services.cli.stack.platform import is_running
from services.cli.stack.ports import holder, listens
from services.cli.stack.provision import BUCKET
from services.cli.stack.web import BUILT, PAGES
from services.common.home import home
from services.common.kafka import Cluster, KafkaUnavailable, describe_topics, wait_for_broker
from services.common.languages import LANGUAGES
from services.common.settings import Settings, load
from services.translator.local import apertium

_SETUP = "run 'make setup'"
_ANSWER_S = 5.0
_BROKER_S = 2.0
_LOAD_S = 60.0
_DISK_MB = 1000
"""Less than this is soon full: of records, clips and logs."""


class State(enum.StrEnum):
    """OFF: not running, which may be meant."""

    OK = "ok"
    OFF = "off"
    MISSING = "missing"


class Finding(msgspec.Struct, frozen=True):
    """What was found about one part; ``remedy``: what to do, empty if nothing."""

    part: str
    state: State
    found: str
    remedy: str = ""


def ok(part: str, found: str) -> Finding:
    """A part that works."""
    return Finding(part, State.OK, found)


def missing(part: str, found: str, remedy: str = _SETUP) -> Finding:
    """A part that doesn't, and what to do."""
    return Finding(part, State.MISSING, found, remedy)


async def examine() -> list[Finding]:
    """Look at everything, in the order in which set-up and start need it."""
    checks: list[Callable[[], Awaitable[list[Finding]]]] = [
        _in_thread(_programs),
        _in_thread(_files),
        _in_thread(_engines),
        _in_thread(_ports),
        _broker,
        _aws,
    ]
    return [finding for check in checks for finding in await check()]


def _in_thread(check: Callable[[], list[Finding]]) -> Callable[[], Awaitable[list[Finding]]]:
    return lambda: asyncio.to_thread(check)


def _programs() -> list[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    python = (
        ok("Python", version) if sys.version_info >= (3, 11) else missing("Python", version, "install 3.11 or newer")
    )
    return [python, _java(), _disk()]


def _disk() -> Finding:
    folder = next(folder for folder in (home(), *home().parents) if folder.exists())
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    found = f"{free_mb} MB free"
    return ok("disk", found) if free_mb >= _DISK_MB else missing("disk", found, f"free space where {home()} is")


def _java() -> Finding:
    if shutil.which("java") is None:
        return missing("Java", "no java on the PATH")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False, timeout=_ANSWER_S).stderr
    major = re.search(r'version "(\d+)', said)
    found = said.splitlines()[0] if said else "it says no version"
    if major is None or int(major[1]) < 17:
        return missing("Java", found, "install Java 17 or newer")
    return ok("Java", found)


def _files() -> list[Finding]:
    jars = len(list((home() / "kafka" / "lib").glob("*.jar")))
    return [
        ok("Kafka's jars", f"{jars} of them") if jars else missing("Kafka's jars", "none"),
        _file("AWS endpoint", home() / "aws-endpoint" / "bin" / "uvicorn"),
        _file("recognizer's weights", home() / "models" / "whisper-base" / "model.bin"),
        *(_file(f"web app {page}", BUILT / page) for page in PAGES),
        translations(),
        speech(),
    ]


def translations() -> Finding:
    """Whether every language that is offered can be translated here."""
    languages: dict[str, set[str]] = {}
    """By Apertium's mode: names of those that need it."""
    for language in LANGUAGES.values():
        for step in {step for path in language.local.paths.values() for step in path}:
            if step.startswith("apertium:"):
                languages.setdefault(step.removeprefix("apertium:"), set()).add(language.name)
    gone = sorted(mode for mode in languages if not apertium.installed(mode))
    if not gone:
        return ok("Apertium", ", ".join(sorted(languages)))
    names = sorted({name for mode in gone for name in languages[mode]})
    return missing("Apertium", f"no mode {', '.join(gone)}: not all captions in {', '.join(names)} can be translated")


def speech() -> Finding:
    """Whether every language that has a voice elsewhere has it here; Pico's are in its package."""
    there = _file("RHVoice's libraries", home() / "rhvoice" / "lib" / "libRHVoice.so.5")
    if there.state is State.OK:
        return there
    names = [one.name for one in LANGUAGES.values() if (one.local.voice or "").startswith("rhvoice:")]
    return missing(there.part, f"{there.found}: {', '.join(names)} has captions without speech")


def _file(part: str, path: Path) -> Finding:
    return ok(part, str(path)) if path.exists() else missing(part, f"no {path}")


def _engines() -> list[Finding]:
    return [
        _loads("recognizer", "from services.transcriber.local.whisper import Whisper; Whisper(sys.argv[1])"),
        _loads("voice activity", "from services.transcriber.local.vad import VoiceActivity; VoiceActivity()"),
        _loads("translator", "from services.translator.local.translate import Steps; Steps()"),
        _loads("Pico voices", "from services.translator.local.pico import Pico; Pico()"),
        _loads("RHVoice voice", "from services.translator.local.rhvoice import RHVoice; RHVoice()"),
    ]


def _loads(part: str, program: str) -> Finding:
    """In a process of its own, so that one that crashes or hangs is only a finding."""
    model = str(home() / "models" / "whisper-base")
    try:
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; {program}", model],
            capture_output=True,
            text=True,
            check=False,
            timeout=_LOAD_S,
        )
    except subprocess.TimeoutExpired:
        return missing(part, f"did not load within {_LOAD_S:g} s")
    if done.returncode:
        return missing(part, f"does not load: {(done.stderr.strip().splitlines() or ['it crashed'])[-1]}")
    return ok(part, "loads")


def _ports() -> list[Finding]:
    ours = is_running(home() / "data")
    return [_port(name.replace("_", " "), getattr(Ports(), name), ours) for name in Ports.__dataclass_fields__]


def _port(name: str, port: int, ours: bool) -> Finding:
    part = f"port of {name}"
    if not listens(port):
        return ok(part, f"{port}, free")
    who = holder(port) or "another program"
    if ours:
        return ok(part, f"{port}, in use by the running stack: {who}")
    return missing(part, f"{port}, taken by {who}", "stop that program")


async def _broker() -> list[Finding]:
    cluster = Cluster.of(load(Settings))
    try:
        await wait_for_broker(cluster, _BROKER_S)
        statuses = await describe_topics(cluster)
    except KafkaUnavailable as fault:
        return [Finding("broker", State.OFF, str(fault), "start the stack with 'dragoman up'")]
    findings = [ok("broker", f"answers at {cluster.bootstrap}")]
    for status in statuses:
        part = f"topic {status.name}"
        if not status.exists:
            findings.append(missing(part, "is not there", "run 'dragoman topics apply'"))
        elif status.differs:
            differs = ", ".join(f"{name} is {now}, not {should}" for name, (now, should) in status.differs.items())
            findings.append(missing(part, differs, "run 'dragoman topics apply'"))
        else:
            findings.append(ok(part, f"{status.partitions} partitions, {status.replication} replicas"))
    return findings


async def _aws() -> list[Finding]:
    provisioned = Provisioned.load(home() / "data")
    off = "start the stack with 'dragoman up'"
    if provisioned is None:
        return [Finding("clips bucket", State.OFF, "no stack has run here yet", off)]
    async with get_session().create_client(
        "s3",
        region_name=provisioned.environment["AWS_DEFAULT_REGION"],
        endpoint_url=provisioned.endpoint,
        aws_access_key_id=provisioned.key_id,
        aws_secret_access_key=provisioned.secret,
        config=AioConfig(connect_timeout=_ANSWER_S, read_timeout=_ANSWER_S, retries={"max_attempts": 1}),
    ) as s3:
        try:
            await s3.head_bucket(Bucket=BUCKET)
        except ClientError as fault:
            return [missing("clips bucket", str(fault), "stop the stack and start it again: 'dragoman up'")]
        except (BotoCoreError, OSError):
            return [Finding("clips bucket", State.OFF, f"nothing answers at {provisioned.endpoint}", off)]
    return [ok("clips bucket", f"{BUCKET} at {provisioned.endpoint}")]
