"""``docker/compose.yaml`` and what it builds, compared with what they stand for. No container engine has run it."""

import re
import subprocess
import sys
from typing import Any

import pytest
from ruamel.yaml import YAML

from services.cli.stack import Ports, Provisioned
from services.cli.stack.broker import _PROPERTIES
from services.common.settings import Settings, load
from services.ingest.settings import IngestSettings
from services.notifier.settings import NotifierSettings
from services.transcriber.settings import TranscriberSettings
from services.translator.settings import TranslatorSettings
from tests.images.conftest import ROOT

COMPOSE = ROOT / "docker" / "compose.yaml"
SERVICES: dict[str, Any] = YAML(typ="safe").load(COMPOSE)["services"]
DOCKERFILE = (ROOT / "docker" / "Dockerfile").read_text()
KINDS: dict[str, type[Settings]] = {
    "ingest": IngestSettings,
    "transcriber": TranscriberSettings,
    "translator": TranslatorSettings,
    "notifier": NotifierSettings,
}
PORTS = Ports()
LISTENERS = re.compile(r"listeners|listener\.security|process\.roles|node\.id|quorum\.voters|log\.dirs")
"""Settings of a broker that say where it is, which differ."""


def test_it_is_a_compose_file() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(check, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("service", KINDS)
def test_a_service_is_told_what_its_settings_accept(service: str) -> None:
    """Told by three: its image, the file, and what provisioning makes."""
    image = dict(re.findall(r"(DRAGOMAN_\w+)=(\S+)", DOCKERFILE))
    given = {name: str(value) for name, value in SERVICES[service]["environment"].items()}
    known = {f"DRAGOMAN_{name.upper()}" for name in KINDS[service].__struct_fields__}
    assert set(given) <= known
    made = Provisioned(
        endpoint=SERVICES["provision"]["environment"]["AWS_ENDPOINT_URL"],
        pool_id="us-east-1_pool",
        client_id="client",
        key_id="key",
        secret="secret",
        demo_speaker="speaker",
        demo_password="password",
    )
    settings = load(KINDS[service], image | made.environment | given)
    assert settings.host == "0.0.0.0"  # a container's own
    assert settings.kafka_bootstrap in SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert getattr(settings, f"{service}_port") == getattr(PORTS, service)


def test_browsers_find_everything_on_this_machine_where_make_up_has_it_and_nobody_else_does() -> None:
    published = {port for service in SERVICES.values() for port in service.get("ports", ())}
    reached = (PORTS.kafka, PORTS.aws, PORTS.ingest, PORTS.notifier, PORTS.web)
    assert published == {f"127.0.0.1:{port}:{port}" for port in reached}
    assert SERVICES["notifier"]["environment"]["DRAGOMAN_CLIPS_ENDPOINT"] == f"http://127.0.0.1:{PORTS.aws}"


def test_the_broker_is_set_as_that_of_make_up() -> None:
    given = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): str(value)
        for name, value in SERVICES["kafka"]["environment"].items()
        if name != "KAFKA_HEAP_OPTS"
    }
    of_make_up = dict(line.split("=", 1) for line in _PROPERTIES.splitlines() if not line.startswith("#"))
    assert set(given) == set(of_make_up)
    for name, value in of_make_up.items():
        if not LISTENERS.search(name):
            assert given[name] == value, name


def test_the_broker_is_of_the_version_that_tests_run_on() -> None:
    pom = (ROOT / "kafka" / "pom.xml").read_text()
    (version,) = set(
        re.findall(r"<groupId>org.apache.kafka</groupId>\s*<artifactId>\S+\s*<version>(.*)</version>", pom)
    )
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{version}"


def test_containers_can_t_write_to_their_root_nor_gain_rights() -> None:
    for name, service in SERVICES.items():
        if name != "kafka":
            assert service["read_only"] is True
            assert service["cap_drop"] == ["ALL"]
            assert service["security_opt"] == ["no-new-privileges:true"]


def test_an_image_knows_every_service_of_aws_that_the_code_calls() -> None:
    code = "".join(path.read_text() for path in (ROOT / "services").rglob("*.py"))
    called = set(re.findall(r'client\(\s*"([a-z0-9-]+)"', code))
    kept = re.search(r"'\./\(([a-z0-9|-]+)\)'", DOCKERFILE)
    assert kept
    assert set(kept[1].split("|")) == called | {"sts"}  # by which credentials may come


def test_an_image_with_open_engines_translates_by_the_same_packages_as_set_up_brings() -> None:
    brought = re.findall(r"\[[\w-]+\]=(apertium-[a-z-]+)", (ROOT / "scripts" / "setup.d" / "system").read_text())
    assert len(brought) >= 5
    assert sorted(brought) == sorted(re.findall(r"apertium-[a-z-]+", DOCKERFILE))
