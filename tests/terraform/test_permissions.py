"""Each role may do what its service's code does, no less and no more."""

import ast
import json
import re
from collections.abc import Iterator

import botocore.loaders
import pytest
from botocore import xform_name

from services.common.topics import DEAD
from tests.terraform.conftest import ROOT, Environment

SERVICES = ("ingest", "transcriber", "translator", "notifier")
AWS = {"dynamodb": "dynamodb", "polly": "polly", "s3": "s3", "translate": "translate", "transcribe": "transcribe"}
"""Services of AWS by the name that their client is opened by, and their prefix in IAM."""
OTHERWISE = {
    "s3:HeadBucket": "s3:ListBucket",
    "dynamodb:TransactWriteItems": "dynamodb:PutItem",
    # Not in botocore, but in a library of its own.
    "transcribe:StartStreamTranscription": "transcribe:StartStreamTranscription",
}
"""Calls whose permission has another name."""
_STREAMING = {"start_stream_transcription": "transcribe:StartStreamTranscription"}

every_service = pytest.mark.parametrize("service", SERVICES)


@every_service
def test_a_role_allows_what_the_code_calls_and_nothing_else(environment: Environment, service: str) -> None:
    allowed = {action for actions, _ in statements(environment, service) for action in actions}
    ours = {action for action in allowed if not action.startswith(("kafka-cluster:", "logs:"))}
    assert ours == {OTHERWISE.get(call, call) for call in calls(service)}


@every_service
def test_a_role_reaches_the_topics_that_the_code_names(environment: Environment, service: str) -> None:
    named = set()
    for path in (ROOT / "services" / service).rglob("*.py"):
        for imported in re.findall(r"^from services\.common\.topics import (.+)$", path.read_text(), re.MULTILINE):
            named |= {name.lower() for name in re.findall(r"\b[A-Z]{3,}\b", imported)}
    reached = {
        resource.rsplit("/", 1)[1]
        for _, resources in statements(environment, service)
        for resource in resources
        if ":topic/" in resource
    }
    assert reached == named | {DEAD.name}  # every service sets aside what it can't use


@every_service
def test_a_role_may_write_in_transactions_if_the_code_does(environment: Environment, service: str) -> None:
    sources = "".join(path.read_text() for path in (ROOT / "services" / service).rglob("*.py"))
    allowed = {action for actions, _ in statements(environment, service) for action in actions}
    needed = {
        "kafka-cluster:AlterGroup",
        "kafka-cluster:DescribeGroup",
        "kafka-cluster:AlterTransactionalId",
        "kafka-cluster:DescribeTransactionalId",
    }
    assert needed & allowed == (needed if "process_partitions(" in sources else set())
    assert {"kafka-cluster:Connect", "kafka-cluster:WriteDataIdempotently"} <= allowed


def test_an_unlimited_resource_is_named_by_those_actions_alone_that_take_no_other(environment: Environment) -> None:
    unlimited = {
        action
        for service in SERVICES
        for actions, resources in statements(environment, service)
        if "*" in resources
        for action in actions
    }
    assert {action.split(":")[0] for action in unlimited} <= {"polly", "transcribe", "translate"}


def statements(environment: Environment, module: str, role: str = "task") -> Iterator[tuple[list[str], list[str]]]:
    """Actions and resources of a role; by default of the one that a service's code has."""
    (policy,) = (one for one in environment.of("aws_iam_role_policy", module) if one.name == role)
    for statement in json.loads(policy.values["policy"])["Statement"]:
        assert statement["Effect"] == "Allow"
        yield statement["Action"], statement["Resource"]


def calls(service: str) -> set[str]:
    """AWS's operations that are named in the service's code, as methods or as names of methods."""
    operations = dict(_STREAMING)
    loader = botocore.loaders.create_loader()
    for client, prefix in AWS.items():
        for operation in loader.load_service_model(client, "service-2")["operations"]:
            operations.setdefault(xform_name(operation), f"{prefix}:{operation}")
    found = set()
    for path in (ROOT / "services" / service).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            name = (
                node.attr if isinstance(node, ast.Attribute) else node.value if isinstance(node, ast.Constant) else ""
            )
            if isinstance(name, str) and name in operations:
                found.add(operations[name])
    return found
