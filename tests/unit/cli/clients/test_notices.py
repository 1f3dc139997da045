"""What a listener's client makes of what nobody should have sent."""

import msgspec
import pytest

from services.cli.clients.notices import read_notice


def test_a_type_that_is_not_known_is_passed_over() -> None:
    assert read_notice('{"type": "applause", "loud": true}') is None


@pytest.mark.parametrize(
    "message",
    [
        b"{",
        b"[]",
        b"{}",
        b'{"type": []}',
        b'{"type": {}}',
        b'{"type": "state", "state": 7}',
        b'{"type": "\xff"}',
        b'{"type": "applause", "a": ' + b"[" * 60_000,
    ],
)
def test_what_is_no_message_is_a_decode_error(message: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_notice(message)
