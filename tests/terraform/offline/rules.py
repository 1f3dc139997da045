"""Values that AWS or its provider refuses: what a schema alone can't say."""

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.terraform.offline.schema import Block, nested
from tests.terraform.offline.values import is_unknown

Fault = tuple[str, str]
"""Top-level attribute and what is wrong with it."""

_MEMORY_OF_CPU = {
    256: (512, 1024, 2048),
    512: range(1024, 4097, 1024),
    1024: range(2048, 8193, 1024),
    2048: range(4096, 16385, 1024),
    4096: range(8192, 30721, 1024),
    8192: range(16384, 61441, 4096),
    16384: range(32768, 122881, 8192),
}
_JSON = {"policy", "assume_role_policy", "container_definitions", "dashboard_body"}


def faults(kind: str, block: Block, config: Mapping[str, Any]) -> Iterator[Fault]:
    """Everything that is wrong with the configuration of a resource or data source."""
    yield from _read_only(block, config)
    for path, value in _leaves(config):
        if isinstance(value, str):
            yield from ((path[0], f"{'.'.join(path)} = {value!r} {wrong}") for wrong in _text(path[-1], value))
    if kind == "aws_ecs_task_definition":
        yield from _fargate(config)
    if kind == "aws_dynamodb_table":
        yield from _keys(config)


def _read_only(block: Block, config: Mapping[str, Any], top: str | None = None) -> Iterator[Fault]:
    for name, attribute in block.get("attributes", {}).items():
        if attribute.get("computed") and not attribute.get("optional") and config.get(name) is not None:
            yield top or name, f"{name} is decided by AWS and can't be set"
    for name, kind, held in nested(block, config):
        for one in held if isinstance(held, list) else [held]:
            if isinstance(one, dict) and kind["nesting_mode"] != "map":
                yield from _read_only(kind["block"], one, top or name)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, path)
    elif value is not None and not is_unknown(value):
        yield path, value


def _text(name: str, value: str) -> Iterator[str]:
    if re.search(r"(^|_)cidr", name) and "/" in value:
        try:
            ipaddress.ip_network(value)
        except ValueError as fault:
            yield f"is no network: {fault}"
    if name in _JSON:
        try:
            json.loads(value)
        except ValueError:
            yield "is not valid JSON"
    if (name == "arn" or name.endswith("_arn")) and not value.startswith("arn:"):
        yield "is not an ARN"


def _fargate(config: Mapping[str, Any]) -> Iterator[Fault]:
    cpu, memory = config.get("cpu"), config.get("memory")
    if not cpu or not memory or is_unknown(cpu) or is_unknown(memory):
        return
    if int(memory) not in _MEMORY_OF_CPU.get(int(cpu), ()):
        yield "memory", f"Fargate has no size cpu={cpu} memory={memory}"


def _keys(config: Mapping[str, Any]) -> Iterator[Fault]:
    declared = {one["name"] for one in config.get("attribute") or []}
    keyed = [config, *(config.get("global_secondary_index") or [])]
    used = {one[key] for one in keyed for key in ("hash_key", "range_key") if one.get(key)}
    if declared != used:
        yield "attribute", f"{sorted(declared ^ used)} must be both declared and part of a key"
