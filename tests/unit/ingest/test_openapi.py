"""``docs/openapi.yaml`` against the REST side as it runs: whatever is sent, the answer is one of the document's."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from ruamel.yaml import YAML
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from services.ingest.rest import Rest
from tests.often import often
from tests.unit.ingest.fakes import Ingest, Signer, running

DOCUMENT = Path(__file__).parents[3] / "docs" / "openapi.yaml"
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


@pytest.fixture(scope="module")
def ingest() -> Iterator[Ingest]:
    """In a thread, since requests are made by a client that blocks."""
    signer, ready, stop = Signer(), threading.Event(), threading.Event()
    found: list[Ingest] = []

    async def live() -> None:
        async with running(signer, speaker_sessions=10_000) as ingest:
            found.append(ingest)
            ready.set()
            while not stop.is_set():  # noqa: ASYNC110  (set by another thread)
                await asyncio.sleep(0.01)

    thread = threading.Thread(target=asyncio.run, args=(live(),))
    thread.start()
    assert ready.wait(10)
    yield found[0]
    stop.set()
    thread.join(20)


schema = schemathesis.openapi.from_path(DOCUMENT)


def call(case: Any, ingest: Ingest) -> Any:
    """Make the call as a speaker where one is asked for, and hold the answer to the document."""
    headers = {"authorization": f"Bearer {ingest.signer.token()}"} if case.operation.security else {}
    return case.call_and_validate(base_url=ingest.url, headers=headers, checks=list(CHECKS))


@schema.parametrize()
@settings(max_examples=often(8), suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_has(case: Any, ingest: Ingest) -> None:
    call(case, ingest)


def test_so_it_is_for_calls_that_follow_one_another(ingest: Ingest) -> None:
    statuses = set()

    class Calls(schema.as_state_machine()):  # type: ignore[misc]
        """Sessions made, looked up, changed and ended, by their ids and codes."""

        def call(self, case: Any, **_: Any) -> Any:
            if isinstance(case.body, dict) and "source_language" in case.body:  # any other word is no language
                case.body = {**case.body, "title": "A talk", "source_language": "en", "target_languages": None}
            answer = call(case, ingest)
            statuses.add((case.method.upper(), answer.status_code))
            return answer

        def validate_response(self, *_: Any, **__: Any) -> None:
            """Done already."""

    Calls.run(settings=settings(max_examples=often(15), stateful_step_count=8, suppress_health_check=list(HealthCheck)))
    assert {("POST", 201), ("GET", 200), ("PATCH", 200), ("DELETE", 204)} <= statuses, statuses


def test_the_document_has_every_call_that_there_is() -> None:
    routes = Rest.routes(object.__new__(Rest))
    served = {(route.path, method) for route in routes for method in route.methods or () if method != "HEAD"}
    document = YAML(typ="safe").load(DOCUMENT)
    documented = {
        (path, one.upper()) for path, calls in document["paths"].items() for one in calls if one != "parameters"
    }
    assert documented == served
