"""How every command runs: one event loop, a clean stop on Ctrl-C, one line instead of a stack trace."""

import asyncio
import signal
import sys
from collections.abc import Coroutine
from typing import TypeVar

import typer
import uvloop

from services.cli.errors import CliError
from services.cli.stack.errors import StackError
from services.common.kafka import Cluster, KafkaUnavailable, wait_for_broker
from services.common.languages import UnknownLanguage
from services.common.settings import Settings, SettingsError, load

T = TypeVar("T")

FAILED, WRONG_USE, INTERRUPTED = 1, 2, 130

_BROKER_ANSWERS_S = 10.0


def run(main: Coroutine[object, object, T]) -> T:
    """Run to the end. Ends the program with 1 for a failure, 2 for a wrong setting, 130 for Ctrl-C (or SIGTERM)."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(_interruptible(main))
    except CliError as fault:
        code, said = fault.exit_code, str(fault)
    except SettingsError as fault:
        code, said = WRONG_USE, f"wrong setting: {fault}"
    except UnknownLanguage as fault:
        code, said = WRONG_USE, str(fault)
    except (KafkaUnavailable, StackError) as fault:
        code, said = FAILED, str(fault)
    except (KeyboardInterrupt, asyncio.CancelledError):
        code, said = INTERRUPTED, "stopped"
    print(said, file=sys.stderr)
    raise typer.Exit(code)


async def reached() -> Cluster:
    """The Kafka that the settings name, once it answers. Raises SettingsError, KafkaUnavailable."""
    cluster = Cluster.of(load(Settings))
    await wait_for_broker(cluster, _BROKER_ANSWERS_S)
    return cluster


def say(line: str) -> None:
    """Tell the person, apart from the output."""
    print(line, file=sys.stderr, flush=True)


async def _interruptible(main: Coroutine[object, object, T]) -> T:
    task = asyncio.ensure_future(main)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    loop.add_signal_handler(signal.SIGINT, task.cancel)
    return await task
