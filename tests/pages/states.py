"""Tables of states: a name, and how a visitor gets there."""

from collections.abc import Awaitable, Callable, Iterator

from tests.pages.visit import Visit

Reach = Callable[[Visit], Awaitable[None]]


class States:
    """Of one page, in the order in which they were added."""

    def __init__(self, page: str) -> None:
        self._page = page
        self._reaches: dict[str, Reach] = {}

    def add(self, reach: Reach) -> Reach:
        """A state is named for the function that brings it about."""
        self._reaches[f"{self._page}-{reach.__name__.replace('_', '-')}"] = reach
        return reach

    def __iter__(self) -> Iterator[tuple[str, Reach]]:
        return iter(self._reaches.items())
