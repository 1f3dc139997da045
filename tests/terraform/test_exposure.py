"""What an environment shows to the world, over all of its resources: buckets, policies, outputs."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.terraform.conftest import SOURCES, Environment


def policies(environment: Environment) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every policy, with what it belongs to."""
    for one in environment.resources:
        for name, value in one.values.items():
            if not (name.endswith("policy") and isinstance(value, str) and value.startswith("{")):
                continue
            statements = json.loads(value)["Statement"]
            for statement in statements if isinstance(statements, list) else [statements]:
                yield f"{one.module}.{one.kind}.{one.name}", statement


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_no_bucket_can_be_made_public(environment: Environment) -> None:
    guards = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
    buckets = {(one.module, one.name) for one in environment.of("aws_s3_bucket")}
    guarded = {
        (one.module, one.name)
        for one in environment.of("aws_s3_bucket_public_access_block")
        if all(one.values[guard] is True for guard in guards)
    }
    assert buckets == guarded
    assert len(buckets) == 2
    assert not environment.of("aws_s3_bucket_acl")


def test_no_policy_allows_everybody_or_every_action(environment: Environment) -> None:
    found = list(policies(environment))
    assert {where.split(".")[1] for where, _ in found} >= {
        "aws_s3_bucket_policy",
        "aws_iam_role_policy",
        "aws_iam_role",
    }
    for where, statement in found:
        if statement["Effect"] == "Deny":
            continue
        assert "NotAction" not in statement, where
        assert not [action for action in listed(statement["Action"]) if "*" in action], where
        principals = statement.get("Principal", {})
        assert principals != "*", where
        assert not [one for some in principals.values() for one in listed(some) if one == "*"], where


def test_what_the_world_reads_of_a_bucket_it_reads_through_our_own_distribution(environment: Environment) -> None:
    services = [
        (statement["Principal"], statement["Condition"])
        for where, statement in policies(environment)
        if ".aws_s3_bucket_policy." in where and statement["Effect"] == "Allow"
    ]
    (distribution,) = environment.of("aws_cloudfront_distribution")
    ((principal, condition),) = services
    assert listed(principal["Service"]) == ["cloudfront.amazonaws.com"]
    assert listed(condition["StringEquals"]["AWS:SourceArn"]) == [distribution.values["arn"]]


def test_no_output_and_no_variable_is_a_secret() -> None:
    sources = {path: path.read_text() for path in SOURCES.rglob("*.tf")}
    for path, text in sources.items():
        names = re.findall(r'^(?:output|variable) "(\w+)"', text, re.MULTILINE)
        assert not [name for name in names if re.search("password|secret|private_key|credential", name)], path


def test_guesses_are_counted_for_listeners_and_not_for_the_proxies_between(environment: Environment) -> None:
    """CloudFront adds the listener's address, the load balancer CloudFront's."""
    for service in ("ingest", "notifier"):
        given = {one["name"]: one["value"] for one in environment.containers(service)[service]["environment"]}
        assert given["DRAGOMAN_PROXIES"] == "2"
    (balancer,) = environment.of("aws_lb")
    assert balancer.values.get("xff_header_processing_mode") in (None, "append")
    assert not balancer.values.get("enable_xff_client_port")
