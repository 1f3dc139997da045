"""What can go wrong, a module each kind; ``ALL`` is what ``make faults`` tries."""

from tests.faults.faults import aws, broker, clock, engine, network, processes
from tests.faults.faults.fault import Fault
from tests.faults.faults.several import Several

EACH: tuple[Fault, ...] = (
    *processes.ALL,
    *broker.ALL,
    *aws.ALL,
    *engine.ALL,
    *network.ALL,
    *clock.ALL,
)
ALL: tuple[Fault, ...] = (Fault(), *EACH, Several(of=EACH))
