"""A talk's captions in the terminal while it runs, each with its lag: a live view for people, lines for logs."""

import time
from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from services.cli.clients.captions import with_mark
from services.cli.clients.notices import CaptionNotice, Notice
from services.common.languages import LANGUAGES

_SHOWN = 3
"""Captions of each language that stay in view."""
_REFRESHES_PER_S = 8


class LiveCaptions:
    """Shows captions as they come. Use as a context manager around the talk."""

    def __init__(self, console: Console, title: str, duration_s: float, languages: list[str]) -> None:
        self._console = console
        self._title = title
        self._duration_s = duration_s
        self._began = time.monotonic()
        self._shown: dict[str, deque[tuple[float, str]]] = {code: deque(maxlen=_SHOWN) for code in languages}
        self._live = Live(get_renderable=self._view, console=console, refresh_per_second=_REFRESHES_PER_S)

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def notice(self, language: str, notice: Notice, at_ms: float) -> None:
        """Take a listener's notice and its arrival (wall clock, ms)."""
        if not isinstance(notice, CaptionNotice):
            return
        shown = self._shown[language]
        if notice.previous_mark and shown:
            lag_s, text = shown.pop()
            shown.append((lag_s, with_mark(text, notice.previous_mark)))
        text = notice.shown
        if not text:
            return
        lag_s = (at_ms - notice.floor_epoch_ms - notice.end_ms) / 1000
        shown.append((lag_s, text))
        if not self._console.is_terminal:
            line = f"{notice.end_ms / 1000:7.1f} s  {language}  +{lag_s:.1f} s  {text}"
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _view(self) -> RenderableType:
        panels = []
        for code, captions in self._shown.items():
            lines = Table.grid(padding=(0, 1))
            lines.add_column(justify="right", style="dim", width=7)
            lines.add_column()
            for number in range(_SHOWN):
                lag_s, text = captions[number] if number < len(captions) else (None, "")
                newest = number == len(captions) - 1
                lines.add_row(f"+{lag_s:.1f} s" if lag_s is not None else "", Text(text, style="" if newest else "dim"))
            panels.append(Panel(lines, title=LANGUAGES[code].name, title_align="left", border_style="cyan"))
        passed_s = min(self._duration_s, time.monotonic() - self._began)
        head = Table.grid(padding=(0, 1), expand=True)
        head.add_row(
            Text(self._title, style="bold"),
            ProgressBar(total=self._duration_s, completed=passed_s, width=40),
            f"{passed_s:.0f} / {self._duration_s:.0f} s",
        )
        return Group(head, *panels)
