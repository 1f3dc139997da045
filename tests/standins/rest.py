"""What the stand-ins of REST services share: a server on a free port, and requests held to botocore's own model."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import botocore.session
import pytest
from aiohttp import web
from botocore.validate import ParamValidator

from tests.standins.faults import Faults


class Invalid(Exception):
    """A request that the service's own model does not allow."""


class Service:
    """One service. ``calls``: the arguments of every call that was valid, by operation."""

    name = ""

    def __init__(self) -> None:
        self.faults = Faults()
        self.calls: dict[str, list[dict[str, Any]]] = {}
        self.hanging = asyncio.Event()
        """While it is set, calls are not answered."""
        self._model = botocore.session.get_session().get_service_model(self.name)

    def heard(self, operation: str, arguments: dict[str, Any]) -> None:
        """Note a call. Raises Invalid where the model doesn't allow it."""
        shape = self._model.operation_model(operation).input_shape
        report = ParamValidator().validate(arguments, shape)
        if report.has_errors():
            raise Invalid(report.generate_report())
        _check_choices(arguments, shape)
        self.calls.setdefault(operation, []).append(arguments)

    def application(self) -> web.Application:
        raise NotImplementedError

    async def hang(self) -> None:
        """Wait while it is told to."""
        while self.hanging.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def _check_choices(arguments: dict[str, Any], shape: Any) -> None:
    """botocore's validator leaves enumerations to the service."""
    for name, value in arguments.items():
        member = shape.members[name]
        if isinstance(value, dict):
            _check_choices(value, member)
        elif (choices := getattr(member, "enum", None)) and value not in choices:
            raise Invalid(f"{name}={value!r}: not one of {choices}")


def break_off(request: web.Request) -> web.Response:
    """End the connection without an answer."""
    if request.transport:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def listening(*services: Service) -> AsyncIterator[dict[str, str]]:
    """All of them, and the variables by which AWS clients find them."""
    async with AsyncExitStack() as runners:
        environment: dict[str, str] = {}
        for service in services:
            runner = web.AppRunner(service.application(), shutdown_timeout=0.1)
            await runner.setup()
            runners.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            environment[f"AWS_ENDPOINT_URL_{service.name.upper()}"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield environment


@asynccontextmanager
async def served(*services: Service) -> AsyncIterator[None]:
    """All of them, for this process's own clients."""
    async with listening(*services) as found:
        with pytest.MonkeyPatch.context() as environment:
            identity = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
            for name, value in (found | identity).items():
                environment.setenv(name, value)
            yield
