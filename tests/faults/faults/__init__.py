"""What can go wrong, a module each kind; ``ALL`` is what ``make faults`` tries."""

from tests.faults.faults import aws, broker, clock, disk, ending, engine, memory, network, processes, speaker
from tests.faults.faults.fault import Fault
from tests.faults.faults.several import Several

EACH: tuple[Fault, ...] = (
    *processes.ALL,
    *broker.ALL,
    *aws.ALL,
    *engine.ALL,
    *network.ALL,
    *clock.ALL,
    *speaker.ALL,
    *memory.ALL,
    *disk.ALL,
)
ALL: tuple[Fault, ...] = (Fault(), *EACH, *ending.ALL, Several(of=EACH))
