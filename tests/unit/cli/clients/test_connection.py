"""When a client tries again, and where."""

import pytest

from services.cli.clients.connection import GIVE_UP_S, STEADY_S, GaveUp, Retries, socket_url, waits


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("services.cli.clients.connection.monotonic", clock)
    return clock


def test_waits_between_tries_grow_and_stay_bounded() -> None:
    tries = waits()
    first, later = next(tries), [next(tries) for _ in range(50)]
    assert first <= 0.1
    assert max(later) > 0.5
    assert max(later) <= 5.0


def test_a_client_gives_up_when_nobody_has_let_it_in_for_long(clock: Clock) -> None:
    retries = Retries("ws://x")
    clock.now_s += GIVE_UP_S - 1
    retries.lost("refused")
    clock.now_s += 2
    with pytest.raises(GaveUp, match="ws://x for 180 s: refused"):
        retries.lost("refused")


def test_how_long_a_connection_stood_is_no_time_without_one(clock: Clock) -> None:
    retries = Retries("ws://x")
    retries.let_in()
    clock.now_s += 10 * GIVE_UP_S
    retries.let_in()
    clock.now_s += 10 * GIVE_UP_S
    retries.lost("restart")
    clock.now_s += GIVE_UP_S - 1
    retries.lost("refused")
    clock.now_s += 2
    with pytest.raises(GaveUp):
        retries.lost("refused")


@pytest.mark.parametrize(("stood_s", "soon"), [(STEADY_S - 1, False), (STEADY_S + 1, True)])
def test_waits_are_short_again_once_a_connection_has_stood_for_a_while(
    clock: Clock, stood_s: float, soon: bool
) -> None:
    retries = Retries("ws://x")
    for _ in range(20):
        retries.lost("refused")
    tried: list[float] = []
    for _ in range(20):
        retries.let_in()
        clock.now_s += stood_s
        tried.append(retries.lost("restart"))
    assert (max(tried) <= 0.1) is soon


def test_the_sockets_address_is_made_of_the_services() -> None:
    assert socket_url("http://127.0.0.1:18084", "/listen") == "ws://127.0.0.1:18084/listen"
    assert socket_url("https://live.example.org", "/speak") == "wss://live.example.org/speak"
