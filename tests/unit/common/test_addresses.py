"""Whom a request comes from, behind proxies of ours and whatever a client writes."""

import pytest
from starlette.requests import HTTPConnection

from services.common.addresses import address_of


def request(peer: str | None, *forwarded: str) -> HTTPConnection:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return HTTPConnection({"type": "http", "client": peer and (peer, 1), "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("203.0.113.7", [], 0, "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.9"], 0, "127.0.0.1"),
        ("10.0.0.5", ["203.0.113.7, 130.176.0.1"], 2, "203.0.113.7"),
        ("10.0.0.5", ["198.51.100.9, 203.0.113.7,130.176.0.1"], 2, "203.0.113.7"),
        ("10.0.0.5", ["198.51.100.9", "203.0.113.7", "130.176.0.1"], 2, "203.0.113.7"),
        ("10.0.0.5", [], 2, "10.0.0.5"),
        ("10.0.0.5", ["203.0.113.7"], 2, "10.0.0.5"),
        ("2001:db8:1:2:3:4:5:6", [], 0, "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", [], 0, "203.0.113.7"),
        ("10.0.0.5", ["x" * 5_000], 1, "x" * 64),
        (None, [], 0, ""),
    ],
)
def test_the_address_is_the_one_that_our_outermost_proxy_saw(
    peer: str | None, forwarded: list[str], proxies: int, address: str
) -> None:
    assert address_of(request(peer, *forwarded), proxies) == address
