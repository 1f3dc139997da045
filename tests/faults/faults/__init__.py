"""What can go wrong, a module each kind; ``ALL`` is what ``make faults`` tries."""

from tests.faults.faults import aws, broker, clock, engine, network, processes
from tests.faults.faults.fault import Fault

ALL: tuple[Fault, ...] = (
    Fault(),
    *processes.ALL,
    *broker.ALL,
    *aws.ALL,
    *engine.ALL,
    *network.ALL,
    *clock.ALL,
)
