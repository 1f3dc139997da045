# mypy: disable-error-code="import-not-found,import-untyped"
"""The provider's schema: as Terraform's JSON describes it, and as its plugin protocol wants it."""

import functools
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tf.gen import tfplugin_pb2 as pb

PROVIDER = "registry.terraform.io/hashicorp/aws"
_FILE = Path(__file__).with_name("aws-6.62.0.schema.json.gz")
_NESTING = pb.Schema.NestedBlock.NestingMode
_MODES = {"single": _NESTING.SINGLE, "list": _NESTING.LIST, "set": _NESTING.SET, "map": _NESTING.MAP}

Block = Mapping[str, Any]


@functools.cache
def document() -> Mapping[str, Any]:
    """``provider``, ``resource_schemas``, ``data_source_schemas``, as ``terraform providers schema -json`` has them."""
    document: Mapping[str, Any] = json.loads(gzip.decompress(_FILE.read_bytes()))["provider_schemas"][PROVIDER]
    return document


def resource(kind: str) -> Block:
    """The block of a resource type."""
    block: Block = document()["resource_schemas"][kind]["block"]
    return block


def data_source(kind: str) -> Block:
    """The block of a data source."""
    block: Block = document()["data_source_schemas"][kind]["block"]
    return block


def nested(block: Block, value: Mapping[str, Any]) -> Iterator[tuple[str, Block, Any]]:
    """Each nested block's name, schema, and what the value holds there: a list, a map, a dict or nothing."""
    for name, kind in block.get("block_types", {}).items():
        yield name, kind, value.get(name)


@functools.cache
def response() -> bytes:
    """The answer to GetProviderSchema, serialized."""
    known = document()
    answer = pb.GetProviderSchema.Response(
        server_capabilities=pb.ServerCapabilities(plan_destroy=False, get_provider_schema_optional=True)
    )
    answer.provider.CopyFrom(pb.Schema(version=0, block=_block(known["provider"]["block"])))
    for source, target in (
        (known["resource_schemas"], answer.resource_schemas),
        (known["data_source_schemas"], answer.data_source_schemas),
    ):
        for name, schema in source.items():
            target[name].CopyFrom(pb.Schema(version=schema["version"], block=_block(schema["block"])))
    return bytes(answer.SerializeToString())


def _block(block: Block) -> Any:
    made = pb.Schema.Block(version=0)
    for name, attribute in block.get("attributes", {}).items():
        made.attributes.add(
            name=name,
            type=json.dumps(attribute["type"]).encode(),
            **{flag: attribute.get(flag, False) for flag in ("required", "optional", "computed", "sensitive")},
        )
    for name, kind in block.get("block_types", {}).items():
        made.block_types.append(
            pb.Schema.NestedBlock(
                type_name=name,
                block=_block(kind["block"]),
                nesting=_MODES[kind["nesting_mode"]],
                min_items=kind.get("min_items", 0),
                max_items=kind.get("max_items", 0),
            )
        )
    return made
