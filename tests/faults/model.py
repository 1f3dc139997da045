"""The offset ledger and the takeover as a small model, searched through all interleavings.

One input partition with a few records of two sessions, two workers that may be given it, a broker with transactions.
At every step any of them may go on, a worker may crash, the group may give the partition to the other. A worker that
has lost the partition doesn't know it until it is told, if ever: that is the paused process which comes back.

``search`` returns the shortest run in which something is lost, repeated or out of order, or None. With the ``Rules``
that the services follow there is none; without any one of them there is.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

INPUT = ("a", "b", "a")
"""The session of each input record. What a record causes is named by the record's offset."""
_WORKERS = (0, 1)
_CRASHES = 1
_REBALANCES = 2

Step = Literal["fence", "seek", "restore"]
_LAST: Literal["work"] = "work"


@dataclass(frozen=True)
class Rules:
    """What the services do; each can be left out."""

    fences: bool = True
    """Whoever takes over makes the broker refuse what the one before still sends, and drop what it had begun."""
    takeover: tuple[Step, ...] = ("fence", "seek", "restore")
    """In which order; ``seek`` goes to the committed offset, ``restore`` learns from the output what is published."""
    pauses: bool = True
    """Nothing is read until the takeover is done."""
    settles: bool = True
    """The committed offset is that of the first record whose output isn't published, not of the next to read."""
    together: bool = True
    """Output and offset commit in one transaction."""


class Transaction(NamedTuple):
    """Begun by a worker and not yet committed."""

    records: tuple[int, ...]
    offset: int | None
    """The committed offset from then on; None: it stays."""


class Worker(NamedTuple):
    """``doing``: None without the partition, else the next step of the takeover, or "work"."""

    doing: Step | Literal["work"] | None = None
    fenced: bool = False
    """Another has taken over since."""
    position: int = 0
    published: frozenset[int] = frozenset()
    """What it knows to be in the output."""
    in_hand: tuple[int, ...] = ()
    """Read, and what they cause is not yet known: a recognizer hears them, an engine translates."""
    outbox: tuple[int, ...] = ()
    transaction: Transaction | None = None


class State(NamedTuple):
    """Everything at one moment."""

    workers: tuple[Worker, Worker]
    owner: int = 0
    """To whom the group has given the partition."""
    offset: int = 0
    output: tuple[int, ...] = ()
    """What consumers that read committed records see."""
    crashes: int = 0
    rebalances: int = 0

    def with_worker(self, number: int, worker: Worker) -> Self:
        workers = list(self.workers)
        workers[number] = worker
        return self._replace(workers=(workers[0], workers[1]))


class Move(NamedTuple):
    """What happened, and where that leads."""

    told: str
    state: State


@dataclass(frozen=True)
class Counterexample:
    """A run that ends wrong."""

    wrong: str
    moves: tuple[str, ...]


def search(rules: Rules) -> Counterexample | None:
    """The shortest run that ends wrong, of all that there are."""
    start = State((Worker(), Worker()))
    came_from: dict[State, tuple[State, str] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        state = waiting.popleft()
        moves = list(_moves(state, rules))
        if wrong := _wrong(state, over=not moves):
            return Counterexample(wrong, tuple(_told(state, came_from)))
        for told, after in moves:
            if after not in came_from:
                came_from[after] = (state, told)
                waiting.append(after)
    return None


def _told(state: State, came_from: dict[State, tuple[State, str] | None]) -> list[str]:
    moves: list[str] = []
    while (before := came_from[state]) is not None:
        state, told = before
        moves.insert(0, told)
    return moves


def _wrong(state: State, over: bool) -> str | None:
    for session in sorted(set(INPUT)):
        said = [record for record in state.output if INPUT[record] == session]
        due = [record for record in range(len(INPUT)) if INPUT[record] == session]
        if len(set(said)) < len(said):
            return f"repeated: session {session} has {said}"
        if said != due[: len(said)]:
            return f"lost or out of order: session {session} has {said}"
    if passed_over := set(range(state.offset)) - set(state.output):
        return f"lost: nobody will read {sorted(passed_over)} again"
    if over and len(state.output) < len(INPUT):
        return f"stuck: only {state.output} of {len(INPUT)} records"
    return None


def _moves(state: State, rules: Rules) -> Iterator[Move]:
    if state.rebalances < _REBALANCES:
        yield Move(
            f"the group gives the partition to {1 - state.owner}",
            state._replace(owner=1 - state.owner, rebalances=state.rebalances + 1),
        )
    for number in _WORKERS:
        worker = state.workers[number]
        for told, after in _steps(state, number, worker, rules):
            yield Move(f"{number} {told}", after)
        if worker.doing is not None and state.crashes < _CRASHES:
            yield Move(f"{number} crashes", _gone(state, number)._replace(crashes=state.crashes + 1))


def _gone(state: State, number: int) -> State:
    """It knows nothing any more; a transaction that it began is never committed."""
    return state.with_worker(number, Worker())


def _steps(state: State, number: int, worker: Worker, rules: Rules) -> Iterator[Move]:
    if worker.doing is None:
        if state.owner == number:
            told = worker._replace(doing=rules.takeover[0], position=state.offset)
            yield Move("is told that it has the partition", state.with_worker(number, told))
        return
    if state.owner != number:
        yield Move("is told that it has lost the partition", _gone(state, number))
    if worker.doing == _LAST:
        yield from _work(state, number, worker, rules)
        return
    yield _take_over(state, number, worker, worker.doing, rules)
    if not rules.pauses and worker.position < len(INPUT):
        dropped = worker._replace(position=worker.position + 1)
        yield Move(f"reads record {worker.position} with nobody to hand it to", state.with_worker(number, dropped))


def _take_over(state: State, number: int, worker: Worker, step: Step, rules: Rules) -> Move:
    following = (*rules.takeover, _LAST)[rules.takeover.index(step) + 1]
    worker = worker._replace(doing=following)
    if step == "seek":
        return Move("seeks to the committed offset", state.with_worker(number, worker._replace(position=state.offset)))
    if step == "restore":
        known = worker._replace(published=frozenset(state.output))
        return Move("learns from the output what is published", state.with_worker(number, known))
    if not rules.fences:
        return Move("starts a producer", state.with_worker(number, worker))
    other = state.workers[1 - number]
    if other.doing is not None:
        state = state.with_worker(1 - number, other._replace(fenced=True, transaction=None))
    return Move("fences", state.with_worker(number, worker._replace(fenced=False)))


def _work(state: State, number: int, worker: Worker, rules: Rules) -> Iterator[Move]:
    if worker.position < len(INPUT):
        record = worker.position
        in_hand = worker.in_hand if record in worker.published else (*worker.in_hand, record)
        read = worker._replace(position=record + 1, in_hand=in_hand)
        yield Move(f"reads record {record}", state.with_worker(number, read))
    for record in _ready(worker):
        in_hand = tuple(other for other in worker.in_hand if other != record)
        done = worker._replace(in_hand=in_hand, outbox=(*worker.outbox, record))
        yield Move(f"is done with record {record}", state.with_worker(number, done))
    settled = min(worker.in_hand, default=worker.position) if rules.settles else worker.position
    if not rules.together and settled > state.offset:
        yield Move(f"commits offset {settled}, and no more", state._replace(offset=settled))
    if worker.transaction is None:
        offsets = (None, settled) if rules.together and settled > state.offset else (None,)
        for offset in offsets:
            if not (worker.outbox or offset):
                continue
            if worker.fenced:
                yield Move("is refused: fenced", _gone(state, number))
                return
            begun = worker._replace(outbox=(), transaction=Transaction(worker.outbox, offset))
            yield Move(f"begins a transaction of {worker.outbox}, offset {offset}", state.with_worker(number, begun))
    elif worker.fenced:
        yield Move("is refused: fenced", _gone(state, number))
    else:
        records, offset = worker.transaction
        known = worker._replace(published=worker.published | set(records), transaction=None)
        state = state._replace(output=state.output + records, offset=state.offset if offset is None else offset)
        yield Move("commits", state.with_worker(number, known))


def _ready(worker: Worker) -> Iterator[int]:
    """Of each session the oldest record in hand: sessions overtake each other, records of one don't."""
    for position, record in enumerate(worker.in_hand):
        if INPUT[record] not in [INPUT[older] for older in worker.in_hand[:position]]:
            yield record
