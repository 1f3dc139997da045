"""Checks Signature Version 4 as a service does: the request's, then each event's, chained to the one before."""

import hashlib
import hmac
import struct
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from tests.standins.eventstream import Message

_FRESH_S = 300


class Refused(Exception):
    """``args[0]``: the service's code."""


class Signatures:
    """Of one stream. Raises Refused where the request's own is wrong."""

    def __init__(self, secrets: Mapping[str, str], path: str, headers: Mapping[str, str]) -> None:
        _, _, given = headers["authorization"].partition(" ")
        fields = dict(part.strip().split("=", 1) for part in given.split(","))
        self.key_id, day, self._region, self._service, _ = fields["Credential"].split("/")
        if self.key_id not in secrets:
            raise Refused("UnrecognizedClientException")
        self._secret = secrets[self.key_id]
        self._prior = fields["Signature"]
        names = fields["SignedHeaders"].split(";")
        canonical = "\n".join(
            (
                "POST",
                path,
                "",
                *(f"{name}:{' '.join(headers[name].split())}" for name in names),
                "",
                ";".join(names),
                hashlib.sha256(b"").hexdigest(),
            )
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signed = "\n".join(("AWS4-HMAC-SHA256", headers["x-amz-date"], self._scope(day), digest))
        if not hmac.compare_digest(self._sign(day, signed), self._prior):
            raise Refused("InvalidSignatureException")

    def check(self, message: Message) -> None:
        """The next event's. Raises Refused."""
        at_ms, given = message.headers[":date"], message.headers[":chunk-signature"]
        assert isinstance(at_ms, int)
        assert isinstance(given, bytes)
        stamp = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
        date_header = b"\x05:date\x08" + struct.pack("!q", at_ms)
        signed = "\n".join(
            (
                "AWS4-HMAC-SHA256-PAYLOAD",
                stamp,
                self._scope(stamp[:8]),
                self._prior,
                hashlib.sha256(date_header).hexdigest(),
                hashlib.sha256(message.payload).hexdigest(),
            )
        )
        self._prior = given.hex()
        fresh = abs(time.time() - at_ms / 1000) < _FRESH_S
        if not fresh or not hmac.compare_digest(self._sign(stamp[:8], signed), self._prior):
            raise Refused("BadRequestException")

    def _scope(self, day: str) -> str:
        return f"{day}/{self._region}/{self._service}/aws4_request"

    def _sign(self, day: str, text: str) -> str:
        key = ("AWS4" + self._secret).encode()
        for part in (day, self._region, self._service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()
