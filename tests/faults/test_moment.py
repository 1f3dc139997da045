"""A service sends itself a signal at the moment that it is told, once."""

import signal
from pathlib import Path

from tests.faults.engines import Orders
from tests.faults.moment import COMMITTING, FENCED, STOPPING, order, striking, tell_commits


def test_the_event_that_is_ordered_strikes_once_and_no_other_does(tmp_path: Path) -> None:
    orders, struck = Orders(tmp_path / "moment"), list[tuple[int, float]]()
    look = striking("translator", orders, lambda what, after_s: struck.append((what, after_s)))
    look(None, "info", {"event": FENCED})
    orders.give(order("translator", FENCED, signal.SIGKILL, 0.05))
    look(None, "info", {"event": STOPPING})
    assert struck == []
    line = {"event": FENCED, "partition": 3}
    assert look(None, "info", line) == line
    look(None, "info", line)
    assert struck == [(signal.SIGKILL, 0.05)]


def test_another_service_s_order_is_left_to_it(tmp_path: Path) -> None:
    orders, struck = Orders(tmp_path / "moment"), list[str]()
    looks = {
        name: striking(name, orders, lambda *_, name=name: struck.append(name))
        for name in ("transcriber", "translator")
    }
    orders.give(order("translator", FENCED, signal.SIGKILL))
    looks["transcriber"](None, "info", {"event": FENCED})
    assert struck == []
    looks["translator"](None, "info", {"event": FENCED})
    assert struck == ["translator"]


async def test_a_transaction_is_told_of_once_its_records_are_sent_and_before_it_is_committed() -> None:
    done = list[str]()

    class Producer:
        async def send(self, topic: str) -> None:
            done.append(f"sent to {topic}")

        async def commit_transaction(self) -> None:
            done.append("committed")

    tell_commits(done.append, Producer)
    producer = Producer()
    await producer.send("transcripts")
    await producer.commit_transaction()
    await producer.commit_transaction()  # one without records
    assert done == ["sent to transcripts", COMMITTING, "committed", "committed"]
