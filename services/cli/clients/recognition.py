"""Whether what a speaker says is being recognized: the notifier tells whoever monitors the session."""

from collections.abc import Callable

from services.cli.clients.listener import Listener
from services.cli.clients.notices import Joined, Notice, StateNotice

LOST = "what you say is not being recognized: listeners get nothing for now"
BACK = "what you say is being recognized again"


async def watch_recognition(url: str, session_id: str, source_language: str, report: Callable[[str], None]) -> None:
    """Report each change until the session ends. url: the notifier's socket. Raises Refused, GaveUp."""
    recognized = True

    def note(notice: Notice, _: float) -> None:
        nonlocal recognized
        if isinstance(notice, Joined | StateNotice) and notice.recognized is not recognized:
            recognized = notice.recognized
            report(BACK if recognized else LOST)

    await Listener(url, session_id, source_language, hear=False, monitor=True, on_notice=note).run()
