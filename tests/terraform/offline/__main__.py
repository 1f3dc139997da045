# mypy: disable-error-code="import-not-found,import-untyped"
"""``python -m tests.terraform.offline``: serves Terraform's plugin protocol 6 on a socket of its own until killed.

Prints what ``TF_REATTACH_PROVIDERS`` must hold, on one line, once it is ready.
"""

import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent import futures
from typing import Any

import grpc
import msgpack
from tf.gen import grpc_controller_pb2, grpc_controller_pb2_grpc, grpc_stdio_pb2_grpc
from tf.gen import tfplugin_pb2 as pb

from tests.terraform.offline import schema, values
from tests.terraform.offline.rules import faults

_MAX_BYTES = 256 << 20


def decode(value: Any) -> Any:
    if value.msgpack:
        return msgpack.unpackb(value.msgpack, raw=False, strict_map_key=False)
    return json.loads(value.json) if value.json else None


def encode(value: Any) -> Any:
    return pb.DynamicValue(msgpack=msgpack.packb(value, use_bin_type=True))


def diagnose(answer: Any, kind: str, block: schema.Block, config: Any) -> Any:
    for attribute, summary in faults(kind, block, config):
        step = pb.AttributePath.Step(attribute_name=attribute)
        answer.diagnostics.add(severity=1, summary=summary, attribute=pb.AttributePath(steps=[step]))
    return answer


class Provider:
    """The protocol's calls that init, validate, plan, test and apply make; each gives back its answer."""

    def GetMetadata(self, _: Any) -> Any:  # noqa: N802
        answer = pb.GetMetadata.Response(server_capabilities=pb.ServerCapabilities(get_provider_schema_optional=True))
        for kind in schema.document()["resource_schemas"]:
            answer.resources.add(type_name=kind)
        for kind in schema.document()["data_source_schemas"]:
            answer.data_sources.add(type_name=kind)
        return answer

    def ValidateProviderConfig(self, _: Any) -> Any:  # noqa: N802
        return pb.ValidateProviderConfig.Response()

    def ConfigureProvider(self, _: Any) -> Any:  # noqa: N802
        return pb.ConfigureProvider.Response()

    def ValidateResourceConfig(self, asked: Any) -> Any:  # noqa: N802
        block = schema.resource(asked.type_name)
        return diagnose(pb.ValidateResourceConfig.Response(), asked.type_name, block, decode(asked.config))

    def ValidateDataResourceConfig(self, asked: Any) -> Any:  # noqa: N802
        block = schema.data_source(asked.type_name)
        return diagnose(pb.ValidateDataResourceConfig.Response(), asked.type_name, block, decode(asked.config))

    def UpgradeResourceState(self, asked: Any) -> Any:  # noqa: N802
        return pb.UpgradeResourceState.Response(upgraded_state=encode(json.loads(asked.raw_state.json)))

    def ReadResource(self, asked: Any) -> Any:  # noqa: N802
        return pb.ReadResource.Response(new_state=asked.current_state, private=asked.private)

    def PlanResourceChange(self, asked: Any) -> Any:  # noqa: N802
        wanted = decode(asked.proposed_new_state)
        state = None if wanted is None else values.planned(schema.resource(asked.type_name), wanted)
        return pb.PlanResourceChange.Response(planned_state=encode(state), legacy_type_system=True)

    def ApplyResourceChange(self, asked: Any) -> Any:  # noqa: N802
        wanted = decode(asked.planned_state)
        kind = asked.type_name
        state = None if wanted is None else values.applied(schema.resource(kind), wanted, kind)
        return pb.ApplyResourceChange.Response(new_state=encode(state), legacy_type_system=True)

    def ReadDataSource(self, asked: Any) -> Any:  # noqa: N802
        kind = asked.type_name
        return pb.ReadDataSource.Response(
            state=encode(values.read(schema.data_source(kind), decode(asked.config), kind))
        )

    def GetFunctions(self, _: Any) -> Any:  # noqa: N802
        return pb.GetFunctions.Response()

    def StopProvider(self, _: Any) -> Any:  # noqa: N802
        return pb.StopProvider.Response()


def handlers(provider: Provider) -> dict[str, Any]:
    """One per call; the schema's answer is sent as the bytes that it is kept as."""
    made = {
        "GetProviderSchema": grpc.unary_unary_rpc_method_handler(
            lambda asked, context: schema.response(),
            request_deserializer=lambda data: data,
            response_serializer=lambda data: data,
        )
    }
    for method in pb.DESCRIPTOR.services_by_name["Provider"].methods:
        call = getattr(provider, method.name, None)
        if call is not None:
            request = getattr(pb, method.input_type.containing_type.name).Request
            made[method.name] = grpc.unary_unary_rpc_method_handler(
                _without_context(call),
                request_deserializer=request.FromString,
                response_serializer=lambda answer: answer.SerializeToString(),
            )
    return made


def _without_context(call: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda asked, context: call(asked)


class Controller(grpc_controller_pb2_grpc.GRPCControllerServicer):  # type: ignore[misc]
    """Terraform asks a plugin to leave when it is done; this one serves the next command too."""

    def Shutdown(self, request: Any, context: Any) -> Any:  # noqa: N802
        return grpc_controller_pb2.Empty()


class Output(grpc_stdio_pb2_grpc.GRPCStdioServicer):  # type: ignore[misc]
    """Nothing is written to the plugin's streams."""

    def StreamStdio(self, request: Any, context: Any) -> Any:  # noqa: N802
        return iter(())


def main() -> None:
    server = grpc.server(
        futures.ThreadPoolExecutor(8),
        options=[("grpc.max_send_message_length", _MAX_BYTES), ("grpc.max_receive_message_length", _MAX_BYTES)],
    )
    generic = grpc.method_handlers_generic_handler("tfplugin6.Provider", handlers(Provider()))
    server.add_generic_rpc_handlers((generic,))
    grpc_controller_pb2_grpc.add_GRPCControllerServicer_to_server(Controller(), server)
    grpc_stdio_pb2_grpc.add_GRPCStdioServicer_to_server(Output(), server)
    with tempfile.TemporaryDirectory() as folder:
        socket = f"{folder}/provider.sock"
        server.add_insecure_port(f"unix://{socket}")
        server.start()
        reattach = {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": {"Network": "unix", "String": socket},
        }
        sys.stdout.write(json.dumps({schema.PROVIDER: reattach}) + "\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
