"""When a client tries again, and where."""

from services.cli.clients.connection import socket_url, waits


def test_waits_between_tries_grow_and_stay_bounded() -> None:
    tries = waits()
    first, later = next(tries), [next(tries) for _ in range(50)]
    assert first <= 0.1
    assert max(later) > 0.5
    assert max(later) <= 5.0


def test_the_sockets_address_is_made_of_the_services() -> None:
    assert socket_url("http://127.0.0.1:18084", "/listen") == "ws://127.0.0.1:18084/listen"
    assert socket_url("https://live.example.org", "/speak") == "wss://live.example.org/speak"
