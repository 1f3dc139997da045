"""Real Terraform against the stand-in provider. Where the program, or what the stand-in needs, is missing: skipped."""

import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.common.home import home

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "terraform"
ENVIRONMENTS = ("dev", "prod")
APPS = SOURCES / "modules" / "edge" / "tests" / "apps"
_REGISTRY = "000000000000.dkr.ecr.eu-west-1.amazonaws.com/dragoman"
_START_S = 30.0
_COMMAND_S = 120.0
_OVERRIDE = 'terraform {\n  backend "local" {}\n}\n'

VARIABLES: Mapping[str, object] = {
    "apps": str(APPS),
    "images": {
        name: f"{_REGISTRY}/{name}:1"
        for name in ("ingest", "transcriber", "translator", "notifier", "cli", "collector")
    },
}
DOMAIN = {
    "name": "talks.example.org",
    "certificate_arn": "arn:aws:acm:us-east-1:000000000000:certificate/1",
    "origin_name": "origin.talks.example.org",
    "origin_certificate_arn": "arn:aws:acm:eu-west-1:000000000000:certificate/2",
    "zone_id": "Z1",
}


@dataclass(frozen=True)
class Resource:
    """One resource of an applied environment; ``module`` is the name that the environment calls the module by."""

    module: str
    kind: str
    name: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Environment:
    """An environment as the stand-in made it."""

    name: str
    planned: int
    """Resources that the plan adds."""
    resources: Sequence[Resource]

    def of(self, kind: str, module: str | None = None) -> list[Resource]:
        return [one for one in self.resources if one.kind == kind and module in (None, one.module)]

    def containers(self, module: str) -> dict[str, dict[str, Any]]:
        """The containers of a module's only task, by name."""
        (task,) = self.of("aws_ecs_task_definition", module)
        return {one["name"]: one for one in json.loads(task.values["container_definitions"])}


class Terraform:
    """The program, with data folders of its own, so that nothing is written beside the sources."""

    def __init__(self, program: str, provider: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "CHECKPOINT_DISABLE": "1",
            "TF_REATTACH_PROVIDERS": provider,
            "TF_IN_AUTOMATION": "1",
        }

    def run(self, folder: Path, *arguments: str) -> str:
        """What it prints. A failure fails the test with that."""
        data = self._folder / str(folder).strip("/").replace("/", "_")
        done = subprocess.run(
            [self._program, f"-chdir={folder}", *arguments],
            env={**self._environment, "TF_DATA_DIR": str(data)},
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def plan(self, folder: Path, *options: str) -> dict[str, Any]:
        """The plan of a folder that was initialized; also left there, in the file ``plan``."""
        self.run(folder, "plan", "-no-color", "-out=plan", *options)
        plan: dict[str, Any] = json.loads(self.run(folder, "show", "-json", "plan"))
        return plan

    def make(self, name: str, sources: Path) -> Environment:
        """Plan and apply an environment from a copy of the sources, where its state can lie."""
        folder = sources / "environments" / name
        (folder / "offline_override.tf").write_text(_OVERRIDE)
        variables = {**VARIABLES, **({"domain": DOMAIN} if name == "prod" else {})}
        (folder / "offline.auto.tfvars.json").write_text(json.dumps(variables))
        self.run(folder, "init", "-no-color")
        plan = self.plan(folder)
        self.run(folder, "apply", "-no-color", "plan")
        state = json.loads(self.run(folder, "show", "-json"))
        return Environment(
            name=name,
            planned=sum(change["change"]["actions"] == ["create"] for change in plan["resource_changes"]),
            resources=[
                Resource(module["address"].removeprefix("module."), one["type"], one["name"], one["values"])
                for module in state["values"]["root_module"]["child_modules"]
                for one in module["resources"]
            ],
        )


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    program, python = shutil.which("terraform"), home() / "terraform" / "bin" / "python"
    if program is None:
        pytest.skip("no terraform program: install it from HashiCorp (1.10 or later), then run 'make test' again")
    if not python.exists():
        pytest.skip("no packages for Terraform's stand-in provider: run 'make test', which brings them")
    provider = subprocess.Popen([python, "-m", "tests.terraform.offline"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert provider.stdout is not None
        ready, _, _ = select.select([provider.stdout], [], [], _START_S)
        assert ready, "the stand-in provider did not start"
        yield Terraform(program, provider.stdout.readline(), tmp_path_factory.mktemp("terraform"))
    finally:
        provider.terminate()
        provider.wait()


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, in which environments can be made."""
    return Path(shutil.copytree(SOURCES, tmp_path_factory.mktemp("sources") / "terraform"))


@pytest.fixture(scope="session")
def made(terraform: Terraform, sources: Path) -> Mapping[str, Environment]:
    """Both environments, applied."""
    return {name: terraform.make(name, sources) for name in ENVIRONMENTS}


@pytest.fixture(params=ENVIRONMENTS)
def environment(request: pytest.FixtureRequest, made: Mapping[str, Environment]) -> Environment:
    return made[request.param]
