# mypy: disable-error-code="import-not-found,import-untyped"
"""What the provider would answer: unknown until applied, then something of the right type."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import msgpack

from tests.terraform.offline.schema import Block, nested

UNKNOWN = msgpack.ExtType(0, b"\0")
ACCOUNT, REGION = "000000000000", "eu-west-1"
_READ: Mapping[str, Mapping[str, Any]] = {
    "aws_caller_identity": {"account_id": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "id": ACCOUNT},
    "aws_region": {"region": REGION, "name": REGION, "id": REGION},
    "aws_partition": {"partition": "aws", "id": "aws", "dns_suffix": "amazonaws.com"},
    "aws_availability_zones": {"names": [f"{REGION}{zone}" for zone in "abc"], "id": REGION},
}
_CLUSTER = f"arn:aws:kafka:{REGION}:{ACCOUNT}:cluster/"
"""What ARNs of topics, groups and transactional ids are made from."""

Map = Mapping[str, Any]


def is_unknown(value: object) -> bool:
    return isinstance(value, msgpack.ExtType)


def planned(block: Block, value: Map) -> dict[str, Any]:
    """The configuration, with what only AWS can know marked as unknown, at every depth."""
    known = {
        name: UNKNOWN if value.get(name) is None and attribute.get("computed") else value.get(name)
        for name, attribute in block.get("attributes", {}).items()
    }
    return known | _deeper(block, value, planned)


def applied(block: Block, value: Map, kind: str) -> dict[str, Any]:
    """The plan, with plausible values of the right type in place of the unknown ones."""
    seed = hashlib.sha1(json.dumps(value, default=str, sort_keys=True).encode(), usedforsecurity=False).hexdigest()

    def filled(block: Block, value: Map) -> dict[str, Any]:
        known = {}
        for name, attribute in block.get("attributes", {}).items():
            held = value.get(name)
            missing = is_unknown(held) or (held is None and attribute.get("computed"))
            known[name] = _made_up(attribute["type"], name, kind, seed) if missing else held
        return known | _deeper(block, value, filled)

    return filled(block, value)


def read(block: Block, value: Map, kind: str) -> dict[str, Any]:
    """What a data source gives."""
    known = {**value, **{name: held for name, held in _READ.get(kind, {}).items() if name in block["attributes"]}}
    if kind == "aws_iam_policy_document":
        known["json"] = policy_document(value)
    return applied(block, known, kind)


def policy_document(value: Map) -> str:
    """The JSON that ``aws_iam_policy_document`` renders."""
    statements = []
    for one in value.get("statement") or []:
        statement: dict[str, Any] = {"Effect": one.get("effect") or "Allow"}
        if one.get("sid"):
            statement["Sid"] = one["sid"]
        for source, target in (("actions", "Action"), ("resources", "Resource"), ("not_actions", "NotAction")):
            if one.get(source):
                statement[target] = sorted(one[source])
        for principal in one.get("principals") or []:
            statement.setdefault("Principal", {})[principal["type"]] = sorted(principal["identifiers"])
        for condition in one.get("condition") or []:
            tests = statement.setdefault("Condition", {}).setdefault(condition["test"], {})
            tests[condition["variable"]] = condition["values"]
        statements.append(statement)
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _deeper(block: Block, value: Map, change: Callable[[Block, Map], dict[str, Any]]) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, kind, held in nested(block, value):
        if isinstance(held, list):
            changed[name] = [change(kind["block"], one) for one in held]
        elif isinstance(held, dict) and kind["nesting_mode"] == "single":
            changed[name] = change(kind["block"], held)
        elif isinstance(held, dict):
            changed[name] = {key: change(kind["block"], one) for key, one in held.items()}
        else:
            changed[name] = held
    return changed


def _made_up(declared: Any, name: str, kind: str, seed: str) -> Any:
    if declared == "string":
        unique = hashlib.sha1(f"{kind}{name}{seed}".encode(), usedforsecurity=False).hexdigest()[:12]
        if name == "arn" and kind in ("aws_msk_cluster", "aws_msk_serverless_cluster"):
            return f"{_CLUSTER}name/{unique}"
        if name == "arn" or name.endswith("_arn"):
            return f"arn:aws:{kind.split('_')[1]}:{REGION}:{ACCOUNT}:{kind.removeprefix('aws_')}/{unique}"
        return f"{kind.removeprefix('aws_').replace('_', '-')}-{unique}" if name == "id" else f"{name}-{unique}"
    simple = {"number": 0, "bool": False}
    if isinstance(declared, str):
        return simple.get(declared)
    if declared[0] in ("list", "set"):
        return []
    if declared[0] == "map":
        return {}
    return {key: _made_up(inner, key, kind, seed) for key, inner in declared[1].items()}
