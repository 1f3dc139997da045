"""How long recognition has failed at one place, and so how long to wait before it is tried again."""

import asyncio

_FIRST_WAIT_S = 0.2
_LONGEST_WAIT_S = 5.0


class Patience:
    """Of one session. Waits double while streams fail at one place, and begin anew once one has come further."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        """Of the loop's clock. None: the last try did not fail."""
        self.wait_s = _FIRST_WAIT_S

    @property
    def failing(self) -> bool:
        """Whether the last try failed."""
        return self._since_s is not None

    @property
    def failing_s(self) -> float:
        """So long every try has failed at the same place; 0 after one that did not."""
        return 0.0 if self._since_s is None else _now_s() - self._since_s

    def failed(self, *, further: bool) -> None:
        """further: it had come further than the try before."""
        if further or self._since_s is None:
            self._since_s, self.wait_s = _now_s(), _FIRST_WAIT_S

    def succeeded(self) -> None:
        self._since_s = None

    async def wait(self) -> None:
        """Before the next try."""
        await asyncio.sleep(self.wait_s)
        self.wait_s = min(_LONGEST_WAIT_S, 2 * self.wait_s)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
