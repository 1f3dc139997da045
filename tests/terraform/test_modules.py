"""Terraform's own checks, and each module's own tests."""

import json
from pathlib import Path

import pytest

from tests.terraform.conftest import SOURCES, Terraform

MODULES = sorted(path.parent for path in (SOURCES / "modules").glob("*/versions.tf"))


def test_the_sources_are_formatted(terraform: Terraform) -> None:
    assert terraform.run(SOURCES, "fmt", "-check", "-recursive", "-diff") == ""


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_is_valid_and_passes_its_own_tests(terraform: Terraform, module: Path) -> None:
    terraform.run(module, "init", "-backend=false", "-no-color")
    terraform.run(module, "validate", "-no-color")
    events = [json.loads(line) for line in terraform.run(module, "test", "-json").splitlines()]
    (summary,) = (event["test_summary"] for event in events if event["type"] == "test_summary")
    assert summary["passed"] > 0
    assert summary["failed"] == summary["errored"] == summary["skipped"] == 0


@pytest.mark.parametrize(
    ("configuration", "complaint"),
    [
        ('resource "aws_vpc" "this" {\n  cidr = "10.0.0.0/16"\n}\n', "Unsupported argument"),
        ('resource "aws_vpc" "this" {\n  cidr_block = "10.0.0.0/40"\n}\n', "is no network"),
        ('resource "aws_vpc" "this" {\n  cidr_block = "10.0.0.0/16"\n  arn = "arn:aws:x"\n}\n', "decided by AWS"),
        ('resource "aws_ecs_service" "this" {}\n', "Missing required argument"),
    ],
)
def test_the_stand_in_finds_faults(terraform: Terraform, tmp_path: Path, configuration: str, complaint: str) -> None:
    required = 'terraform {\n  required_providers {\n    aws = {\n      source = "hashicorp/aws"\n    }\n  }\n}\n'
    (tmp_path / "main.tf").write_text(required + configuration)
    terraform.run(tmp_path, "init", "-backend=false", "-no-color")
    with pytest.raises(AssertionError, match=complaint):
        terraform.run(tmp_path, "validate", "-no-color")
