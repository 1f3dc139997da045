"""What both environments bring up, compared with what the services' code expects."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from starlette.testclient import TestClient

from services.cli.commands.topics import topics
from services.cli.stack.web import Cognito, Config, web_app
from services.common import stages
from services.common.http import REQUESTS_DRAIN_S
from services.common.kafka.watch import STALLED_S
from services.common.lifecycle import DRAIN_S
from services.common.settings import Settings, load
from services.ingest.settings import IngestSettings
from services.ingest.store import TABLE, TTL_ATTRIBUTE
from services.notifier.metrics import LATE_S
from services.notifier.presign import open_signer
from services.notifier.settings import NotifierSettings
from services.transcriber.settings import TranscriberSettings
from services.translator.settings import TranslatorSettings
from tests.exported import exported
from tests.terraform.conftest import APPS, ENVIRONMENTS, ROOT, SOURCES, Environment, Terraform

KINDS: dict[str, type[Settings]] = {
    "ingest": IngestSettings,
    "transcriber": TranscriberSettings,
    "translator": TranslatorSettings,
    "notifier": NotifierSettings,
}
AWS_CLIENTS = {"AWS_DEFAULT_REGION"}
"""Variables that AWS's own library reads."""

every_service = pytest.mark.parametrize("service", KINDS)


def variables(environment: Environment, service: str) -> dict[str, str]:
    return {one["name"]: one["value"] for one in environment.containers(service)[service]["environment"]}


@every_service
def test_every_variable_is_a_setting_that_accepts_its_value(environment: Environment, service: str) -> None:
    given = variables(environment, service)
    known = {f"DRAGOMAN_{name.upper()}" for name in KINDS[service].__struct_fields__}
    assert set(given) - known == AWS_CLIENTS
    assert load(KINDS[service], given).kafka_sign_in == "iam"


@pytest.mark.parametrize("setting", ["recognizer", "translator_engines"])
def test_all_services_that_ask_are_told_of_the_same_engines(environment: Environment, setting: str) -> None:
    asked = [service for service, kind in KINDS.items() if setting in kind.__struct_fields__]
    told = {getattr(load(KINDS[service], variables(environment, service)), setting) for service in asked}
    assert told == {"aws"}


@every_service
def test_a_service_is_found_on_the_port_that_it_listens_on(environment: Environment, service: str) -> None:
    settings = load(KINDS[service], variables(environment, service))
    listens = getattr(settings, f"{service}_port")
    container = environment.containers(service)[service]
    assert [one["containerPort"] for one in container["portMappings"]] == [listens]
    assert f"127.0.0.1:{listens}/" in container["healthCheck"]["command"][-1]
    assert all(group.values["port"] == listens for group in environment.of("aws_lb_target_group", service))
    (job,) = collector(environment, service)["receivers"]["prometheus"]["config"]["scrape_configs"]
    assert job["static_configs"][0]["targets"] == [f"127.0.0.1:{listens}"]


@every_service
def test_a_task_starts_its_service_under_a_name_of_its_own(
    environment: Environment, service: str, tmp_path: Path
) -> None:
    container = environment.containers(service)[service]
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$DRAGOMAN_INSTANCE $*"\n')
    python.chmod(0o755)
    started = subprocess.run(
        [*container["entryPoint"], *container["command"]],
        env={
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4/0123abcd-4567",
        },
        capture_output=True,
        text=True,
        timeout=10,
        check=True,
    )
    assert started.stdout == f"0123abcd-4567 -m services.{service}\n"


@every_service
def test_an_old_task_goes_once_its_successor_is_ready_whoever_asks_for_that(
    environment: Environment, service: str
) -> None:
    check = environment.containers(service)[service]["healthCheck"]
    groups = environment.of("aws_lb_target_group", service)
    asked = [one["path"] for group in groups for one in group.values["health_check"]]
    if "/readyz'" in check["command"][-1]:
        assert not asked
        assert check["retries"] * check["interval"] > STALLED_S  # while Kafka is away a task ends itself, or goes on
    else:
        assert asked == ["/readyz"]
        assert "/healthz'" in check["command"][-1]


@every_service
def test_a_task_is_stopped_no_sooner_than_it_has_drained(environment: Environment, service: str) -> None:
    assert DRAIN_S < environment.containers(service)[service]["stopTimeout"] <= 120
    for group in environment.of("aws_lb_target_group", service):
        assert int(group.values["deregistration_delay"]) >= REQUESTS_DRAIN_S


def test_tasks_of_a_group_are_at_most_as_many_as_partitions(environment: Environment) -> None:
    command = environment.containers("kafka")["topics"]["command"]
    partitions = int(command[command.index("--partitions") + 1])
    for service in ("transcriber", "translator"):
        (target,) = environment.of("aws_appautoscaling_target", service)
        assert target.values["max_capacity"] <= partitions


def test_each_service_scales_on_a_signal_of_its_own(environment: Environment) -> None:
    assert {service: set(signals(environment, service)) for service in KINDS} == {
        "ingest": {"dragoman_ingest_sockets"},
        "transcriber": {"dragoman_transcriber_streams", "EstimatedMaxTimeLag"},
        "translator": {"dragoman_translator_backlog_seconds"},
        "notifier": {"dragoman_notifier_listeners"},
    }


def test_another_transcriber_comes_before_the_streams_of_those_there_are_used_up(environment: Environment) -> None:
    settings = load(TranscriberSettings, variables(environment, "transcriber"))
    target = signals(environment, "transcriber")["dragoman_transcriber_streams"]
    assert target <= 0.75 * settings.recognizer_streams


def signals(environment: Environment, service: str) -> dict[str, float]:
    """What a service scales on: targets by metric."""
    tracked = [
        one
        for policy in environment.of("aws_appautoscaling_policy", service)
        for one in policy.values["target_tracking_scaling_policy_configuration"]
    ]
    return {one["customized_metric_specification"][0]["metric_name"]: one["target_value"] for one in tracked}


def test_what_browsers_ask_for_is_what_the_services_serve(environment: Environment) -> None:
    sources = "".join(
        path.read_text() for name in ("ingest", "notifier") for path in (ROOT / "services" / name).glob("*.py")
    )
    served = {re.sub(r"\{\w+\}", "*", path) for path in re.findall(r'Route\("(/[^"]*)"', sources)}
    rules = environment.of("aws_lb_listener_rule")
    balanced = {path for rule in rules for one in rule.values["condition"] for path in one["path_pattern"][0]["values"]}
    (distribution,) = environment.of("aws_cloudfront_distribution")
    passed_on = {one["path_pattern"] for one in distribution.values["ordered_cache_behavior"]}
    assert served == balanced == passed_on


def code(service: str) -> str:
    return "".join(path.read_text() for path in (ROOT / "services" / service).glob("*.py"))


def test_nothing_is_open_to_the_world_but_cloudfront(environment: Environment) -> None:
    rules = environment.of("aws_vpc_security_group_ingress_rule")
    assert rules
    assert not [rule for rule in rules if rule.values["cidr_ipv4"] == "0.0.0.0/0" or rule.values["cidr_ipv6"]]


def test_no_secret_is_in_the_state(environment: Environment) -> None:
    keepers = {"aws_iam_access_key", "aws_secretsmanager_secret_version", "aws_ssm_parameter", "aws_iam_user"}
    assert not {one.kind for one in environment.resources} & keepers
    text = json.dumps([one.values for one in environment.resources if one.kind == "aws_ecs_task_definition"])
    assert not re.search(r"password|secret|AKIA", text, re.IGNORECASE)


def test_the_table_is_the_one_that_ingest_is_written_for(environment: Environment) -> None:
    (table,) = environment.of("aws_dynamodb_table")
    keys = [TABLE, *TABLE["GlobalSecondaryIndexes"]]
    wanted = [{one["KeyType"]: one["AttributeName"] for one in key["KeySchema"]} for key in keys]
    made = [table.values, *table.values["global_secondary_index"]]
    found = [{"HASH": one["hash_key"]} | ({"RANGE": one["range_key"]} if one["range_key"] else {}) for one in made]
    assert found == wanted
    assert [one["name"] for one in made[1:]] == [one["IndexName"] for one in keys[1:]]
    assert {(one["name"], one["type"]) for one in table.values["attribute"]} == {
        (one["AttributeName"], one["AttributeType"]) for one in TABLE["AttributeDefinitions"]
    }
    assert table.values["ttl"][0]["attribute_name"] == TTL_ATTRIBUTE


def test_pages_get_the_headers_that_they_get_on_one_machine(environment: Environment) -> None:
    cognito, clips = "https://sign-in.example", "https://clips.example"
    config = Config(
        ingest="http://ingest.example",
        notifier="ws://notifier.example",
        cognito=Cognito(region="", user_pool_id="", client_id="", endpoint=cognito),
        listener="",
    )
    local = TestClient(web_app(config, clips, APPS)).get("/listener.html").headers
    (policy,) = environment.of("aws_cloudfront_response_headers_policy")
    (security,), (custom,) = policy.values["security_headers_config"], policy.values["custom_headers_config"]
    csp = security["content_security_policy"][0]["content_security_policy"]
    assert [one for one in csp.split("; ") if not one.startswith("connect-src")] == [
        one for one in local["content-security-policy"].split("; ") if not one.startswith("connect-src")
    ]
    assert security["referrer_policy"][0]["referrer_policy"] == local["referrer-policy"]
    assert security["content_type_options"]
    for item in custom["items"]:
        assert local[item["header"]] == item["value"]


async def test_pages_may_fetch_what_the_notifier_signs(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    settings = load(NotifierSettings, variables(environment, "notifier"))
    async with open_signer(settings.clips_bucket, settings.clips_endpoint, settings.aws_region) as sign:
        url = await sign("a/clip")
    (policy,) = environment.of("aws_cloudfront_response_headers_policy")
    csp = policy.values["security_headers_config"][0]["content_security_policy"][0]["content_security_policy"]
    (connect,) = (one for one in csp.split("; ") if one.startswith("connect-src "))
    assert any(url.startswith(source) for source in connect.split()[1:])


Figure = tuple[str, dict[str, str], str]
"""Of our own metrics: name, dimensions, statistic."""


def charted(environment: Environment) -> Iterator[Figure]:
    (dashboard,) = environment.of("aws_cloudwatch_dashboard")
    for widget in json.loads(dashboard.values["dashboard_body"])["widgets"]:
        for namespace, *rest in widget["properties"]["metrics"]:
            if namespace == "Dragoman":
                options = rest.pop() if isinstance(rest[-1], dict) else {}
                name, *pairs = rest
                stat = options.get("stat", widget["properties"]["stat"])
                yield name, dict(zip(pairs[::2], pairs[1::2], strict=True)), stat


def alarmed(environment: Environment) -> Iterator[Figure]:
    for alarm in environment.of("aws_cloudwatch_metric_alarm"):
        queries = [query["metric"][0] for query in alarm.values["metric_query"] or () if query["metric"]]
        for one in queries or [alarm.values]:
            if one["namespace"] == "Dragoman":
                yield one["metric_name"], one["dimensions"], one.get("stat") or one["statistic"]


def scaled(environment: Environment) -> Iterator[Figure]:
    for policy in environment.of("aws_appautoscaling_policy"):
        (tracked,) = policy.values["target_tracking_scaling_policy_configuration"]
        for one in tracked["customized_metric_specification"]:
            if one["namespace"] != "Dragoman":
                continue
            dimensions = {dimension["name"]: dimension["value"] for dimension in one["dimensions"]}
            yield one["metric_name"], dimensions, one["statistic"]


@pytest.mark.parametrize("used", [charted, alarmed, scaled])
def test_what_is_shown_watched_and_scaled_by_is_exported_and_reaches_cloudwatch_so(
    environment: Environment, used: Callable[[Environment], Iterator[Figure]]
) -> None:
    known, figures = exported(), list(used(environment))
    assert figures
    for name, dimensions, stat in figures:
        assert dimensions["environment"] == f"dragoman-{environment.name}"
        assert dimensions["service"] in known[name].services
        assert set(dimensions) in sent(environment, dimensions["service"], name)
        assert (
            stat
            in {
                "counter": {"Sum"},
                "gauge": {"Average"},
                "histogram": {"Average", "SampleCount"},  # there are no percentiles, and the extremes are sent as 0
            }[known[name].kind]
        )


def sent(environment: Environment, service: str, name: str) -> list[set[str]]:
    """The sets of dimensions that a metric has in CloudWatch."""
    declared = collector(environment, service)["exporters"]["awsemf"]["metric_declarations"]
    return [
        set(dimensions)
        for one in declared
        if any(re.search(selector, name) for selector in one["metric_name_selectors"])
        for dimensions in one["dimensions"]
    ]


def collector(environment: Environment, service: str) -> dict[str, Any]:
    """The configuration of the collector beside a service."""
    content: dict[str, Any] = json.loads(environment.containers(service)["collector"]["environment"][0]["value"])
    return content


@every_service
def test_a_collector_tells_metrics_apart_by_labels_that_they_have(environment: Environment, service: str) -> None:
    content = collector(environment, service)
    (job,) = content["receivers"]["prometheus"]["config"]["scrape_configs"]
    given = set(job["static_configs"][0]["labels"])
    for declared in content["exporters"]["awsemf"]["metric_declarations"]:
        for selector in declared["metric_name_selectors"]:
            matching = [metric for name, metric in exported().items() if re.search(selector, name)]
            assert matching, f"{selector} matches nothing"
            for metric in matching:
                assert {label for dimensions in declared["dimensions"] for label in dimensions} <= given | {
                    *metric.labels
                }


@every_service
def test_a_collector_sends_what_has_come_since_its_last_look_from_the_first_on(
    environment: Environment, service: str
) -> None:
    content = collector(environment, service)
    assert "cumulativetodelta" in content["service"]["pipelines"]["metrics"]["processors"]
    assert content["processors"]["cumulativetodelta"] == {"initial_value": "keep"}


def test_the_dashboard_has_every_stage_of_the_lag_that_the_notifier_tells(environment: Environment) -> None:
    shown = [dimensions["stage"] for _, dimensions, _ in charted(environment) if "stage" in dimensions]
    assert shown == list(stages.ALL[: stages.ALL.index(stages.NOTIFY) + 1])


def test_what_the_alarm_calls_late_is_what_the_notifier_counts_so(environment: Environment) -> None:
    (alarm,) = (one for one in environment.of("aws_cloudwatch_metric_alarm") if one.name == "lag")
    assert f"later than {LATE_S:g} s" in alarm.values["alarm_description"]
    (dashboard,) = environment.of("aws_cloudwatch_dashboard")
    assert f"later than {LATE_S:g} s" in dashboard.values["dashboard_body"]


def test_the_topics_task_runs_the_command_that_there_is(environment: Environment) -> None:
    name, action, *options = environment.containers("kafka")["topics"]["command"]  # of the image's own program
    assert name == "topics"
    group: Any = typer.main.get_command(topics)
    given = group.commands[action].make_context(action, options).params
    (brokers,) = environment.of("aws_msk_configuration")
    assert f"default.replication.factor={given['replication']}" in brokers.values["server_properties"]


def test_the_topics_task_signs_in_as_the_services_do(environment: Environment) -> None:
    given = {one["name"]: one["value"] for one in environment.containers("kafka")["topics"]["environment"]}
    known = {f"DRAGOMAN_{name.upper()}" for name in Settings.__struct_fields__}
    assert set(given) - known == AWS_CLIENTS
    assert load(Settings, given) == Settings(
        kafka_bootstrap=variables(environment, "ingest")["DRAGOMAN_KAFKA_BOOTSTRAP"], kafka_sign_in="iam"
    )
    (brokers,) = environment.of("aws_msk_cluster")
    (access,) = brokers.values["client_authentication"]
    assert access["sasl"][0]["iam"]


@pytest.mark.usefixtures("made")
def test_the_topics_can_be_made_before_any_service_starts(terraform: Terraform, sources: Path) -> None:
    order = re.search(r"terraform apply ((?:-target=\S+ ?)+)", (ROOT / "docs" / "deploy.md").read_text())
    assert order is not None
    planned = terraform.plan(sources / "environments" / "dev", "-state=nothing.tfstate", *order[1].split())
    kinds = {change["type"] for change in planned["resource_changes"]}
    assert {"aws_msk_cluster", "aws_ecs_cluster", "aws_nat_gateway", "aws_route_table_association"} <= kinds
    assert "aws_ecs_service" not in kinds
    tasks = [one["address"] for one in planned["resource_changes"] if one["type"] == "aws_ecs_task_definition"]
    assert tasks == ["module.kafka.aws_ecs_task_definition.topics"]
    assert "apply_topics" in planned["output_changes"]


def test_the_documents_ask_for_a_terraform_that_the_sources_take() -> None:
    asked = re.search(r"Terraform (\d+\.\d+) or later", (ROOT / "docs" / "deploy.md").read_text())
    assert asked is not None
    taken = {
        path.parent.name: re.findall(r'required_version = ">= ([\d.]+)"', path.read_text())
        for path in (SOURCES / "environments").glob("*/versions.tf")
    }
    assert taken == {name: [asked[1]] for name in ENVIRONMENTS}


def test_the_documents_say_how_many_resources_there_are(environment: Environment) -> None:
    apps = sum(path.is_file() for path in APPS.rglob("*"))  # one resource each, and as many as a build has
    row = re.search(rf"^\| {environment.name} \| (\d+) \|", (ROOT / "docs" / "deploy.md").read_text(), re.MULTILINE)
    assert row is not None
    assert int(row[1]) == environment.planned - apps
