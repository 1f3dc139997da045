"""Several things at once, where the first that can't go on ends the others."""

import asyncio
from collections.abc import Coroutine

from services.cli.stack.errors import StackError


async def together(*works: Coroutine[object, object, None]) -> None:
    """Run all to their end. Raises the first StackError, alone; anything else as the group it is."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for work in works:
                tasks.create_task(work)
    except ExceptionGroup as group:
        for fault in group.exceptions:
            if isinstance(fault, StackError):
                raise fault from None
        raise
