"""One streaming call of Transcribe, with what its SDK lacks: limits, ends told from breaks, no busy loop."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from amazon_transcribe.auth import StaticCredentialResolver
from amazon_transcribe.client import TranscribeStreamingClient
from amazon_transcribe.endpoints import StaticEndpointResolver
from amazon_transcribe.eventstream import ParserError
from amazon_transcribe.exceptions import (
    BadRequestException,
    LimitExceededException,
    SDKError,
    SerializationException,
    ServiceException,
    UnknownServiceException,
)
from amazon_transcribe.model import Result, StartStreamTranscriptionRequest, TranscriptEvent
from amazon_transcribe.request import Request
from amazon_transcribe.serialize import TranscribeStreamingSerializer
from amazon_transcribe.structures import BufferableByteStream
from awscrt.exceptions import AwsCrtError
from botocore.exceptions import BotoCoreError

from services.common.contracts import SAMPLE_RATE
from services.common.errors import EngineRejected, EngineUnavailable, Overloaded
from services.transcriber import metrics
from services.transcriber.aws.account import Account

_OPEN_S = 5.0
_LEAST_BILLED_S = 15.0
"""Of a call, however short."""
_NOTHING_YET_S = 0.005


class Call:
    """Open from ``open`` to ``close``. Its audio begins at ``first_sample`` of the floor's."""

    def __init__(self, client: TranscribeStreamingClient, stream: Any, first_sample: int) -> None:
        self.first_sample = first_sample
        self.opened_at_s = time.monotonic()
        self._client = client
        self._stream = stream
        self._ended = False
        self._closed = False
        self._billed_s = 0.0

    @classmethod
    async def open(cls, account: Account, language_code: str, first_sample: int) -> "Call":
        """Raises EngineRejected where the request itself is wrong, EngineUnavailable where it may work later."""
        with _faults(rejected=(BadRequestException, SerializationException)):
            async with asyncio.timeout(_OPEN_S):
                client = await _client(account)
                try:
                    stream = await client.start_stream_transcription(
                        language_code=language_code,
                        media_sample_rate_hz=SAMPLE_RATE,
                        media_encoding="pcm",
                        enable_partial_results_stabilization=True,
                        partial_results_stability=account.stability,
                    )
                except BaseException:
                    _hang_up(client)
                    raise
        return cls(client, stream, first_sample)

    async def send(self, pcm: bytes) -> None:
        """One chunk. Raises EngineUnavailable."""
        with _faults():
            await self._stream.input_stream.send_audio_event(audio_chunk=pcm)
        self._bill(len(pcm) / 2 / SAMPLE_RATE)

    async def end(self) -> None:
        """No more audio: its last results follow. Raises EngineUnavailable."""
        self._ended = True
        with _faults():
            await self._stream.input_stream.end_stream()

    async def results(self) -> AsyncIterator[Result]:
        """End after ``end`` or ``close``. Raises EngineUnavailable, also for an end before that or amid a result."""
        events, amid = aiter(self._stream.output_stream), False
        while not self._closed:
            with _faults(), _unreadable():
                event = await anext(events, None)
                if event is None and not self._closed:
                    await self._stream.output_stream._raw_stream.done  # a connection that broke is no end
            if event is None and not (self._ended or self._closed):
                raise EngineUnavailable("Transcribe ended the stream before the audio did")
            if event is None and amid and not self._closed:
                raise EngineUnavailable("Transcribe ended the stream amid a result")
            if event is None:
                return
            if isinstance(event, TranscriptEvent):
                for result in event.transcript.results:
                    amid = bool(result.is_partial)
                    yield result

    async def close(self) -> None:
        """Hang up, whatever state it is in. Its results end by themselves, and must not be cancelled before."""
        if not self._closed:
            self._bill(max(0.0, _LEAST_BILLED_S - self._billed_s))
        self._closed = True
        if not self._ended:
            with suppress(EngineUnavailable):
                await self.end()
        _hang_up(self._client)

    def _bill(self, seconds: float) -> None:
        self._billed_s += seconds
        metrics.BILLED.inc(seconds)


async def _client(account: Account) -> TranscribeStreamingClient:
    """One for each call, with credentials that stay: the SDK asks for them again for every chunk that it signs."""
    credentials = await account.credentials()
    endpoint = StaticEndpointResolver(account.endpoint) if account.endpoint else None  # type: ignore[no-untyped-call]
    client = TranscribeStreamingClient(
        region=account.region,
        endpoint_resolver=endpoint,
        credential_resolver=StaticCredentialResolver(*credentials),
    )
    client._serializer = _PatientSerializer()
    return client


def _hang_up(client: TranscribeStreamingClient) -> None:
    """The SDK has no way to close its connections."""
    for connection in client._session_manager._connections.values():
        connection.close()


class _PatientBody(BufferableByteStream):
    """The SDK's says "nothing yet" at once, and the runtime asks again at once: a large part of a core for a call."""

    def read(self, size: int = -1) -> bytes | None:  # type: ignore[override]  # as the SDK's own
        try:
            return super().read(size)
        except BlockingIOError:
            time.sleep(_NOTHING_YET_S)  # in a thread of the runtime
            raise


class _PatientSerializer(TranscribeStreamingSerializer):
    def serialize_start_stream_transcription_request(
        self, endpoint: str, request_shape: StartStreamTranscriptionRequest
    ) -> Request:
        request = super().serialize_start_stream_transcription_request(endpoint, request_shape)
        request.body = _PatientBody()  # type: ignore[no-untyped-call]
        return request


@contextmanager
def _faults(rejected: tuple[type[ServiceException], ...] = ()) -> Iterator[None]:
    """Whatever the SDK raises. Once a stream was opened its request was right, so any fault of it may pass."""
    try:
        yield
    except rejected as fault:
        raise EngineRejected(f"Transcribe: {_told(fault)}") from fault
    except LimitExceededException as fault:
        raise Overloaded(f"Transcribe: {_told(fault)}") from fault
    except (SDKError, ParserError, AwsCrtError, BotoCoreError, OSError) as fault:
        raise EngineUnavailable(f"Transcribe: {_told(fault)}") from fault


@contextmanager
def _unreadable() -> Iterator[None]:
    """What the SDK's parser raises for events that aren't as it expects: it looks at nothing first."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error) as fault:
        raise EngineUnavailable(f"Transcribe: an event that can't be read: {fault!r}") from fault


def _told(fault: BaseException) -> str:
    code = fault.error_code if isinstance(fault, UnknownServiceException) else type(fault).__name__
    return f"{code}: {getattr(fault, 'message', fault)}"
