"""A picture of a talk on a time line: what was said above, what was heard in each language below, lag between.

The talk is cut into strips of 20 s, one below the other. In a language's lane a thin line leads from where a
segment's source speech ends to where its translation is first heard: its length is the lag.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from services.cli.evaluation.lag import Segment
from services.common.contracts import Word

STRIP_MS = 20_000
_PX_PER_MS = 0.08
_MARGIN_LEFT, _MARGIN_RIGHT, _MARGIN_TOP = 112, 28, 108
_SOURCE_HEIGHT, _LANE_HEIGHT, _STRIP_GAP = 40, 62, 34
_CLIP_TOP, _CLIP_HEIGHT = 26, 26
_WIDTH = _MARGIN_LEFT + STRIP_MS * _PX_PER_MS + _MARGIN_RIGHT
_LETTER = 0.56
"""About a letter's width, of the text's size."""
_SMALLEST = 4.5
_PAUSE_MS, _PHRASE_MS = 250, 2600

_COLOURS = (("#3b7a78", "#d9ece9"), ("#a8633a", "#f6e5d8"), ("#6a5a94", "#e6e1f1"), ("#7a7a3b", "#ecebd6"))
"""Of each language in turn: line and text, and its light fill."""
_INK, _PALE, _GRID = "#2f3a44", "#7c8791", "#e8ebee"


@dataclass(frozen=True)
class Lane:
    """A language as its listener heard it."""

    label: str
    segments: Sequence[Segment]


@dataclass(frozen=True)
class _Box:
    """Text in a span of talk time, ms."""

    start_ms: float
    end_ms: float
    text: str


def draw(title: str, subtitle: str, source_label: str, words: Sequence[Word], lanes: Sequence[Lane]) -> str:
    """The picture as SVG. words: final words of the talk."""
    ends = [word.end_ms for word in words] + [
        segment.played.end_ms - segment.caption.floor_epoch_ms
        for lane in lanes
        for segment in lane.segments
        if segment.played
    ]
    strips = int(max(ends, default=0) // STRIP_MS) + 1
    height_of_strip = _SOURCE_HEIGHT + _LANE_HEIGHT * len(lanes) + _STRIP_GAP
    height = _MARGIN_TOP + strips * height_of_strip
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH:.0f}" height="{height}" '
        f'viewBox="0 0 {_WIDTH:.0f} {height}" font-family="system-ui, \'DejaVu Sans\', sans-serif" font-size="11">',
        f"<title>{escape(title)}</title>",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _text(24, 36, title, size=19, weight=600),
        _text(24, 58, subtitle, colour=_PALE, size=13),
        *_legend(),
    ]
    for number in range(strips):
        parts += _strip(number * STRIP_MS, _MARGIN_TOP + number * height_of_strip, number, source_label, words, lanes)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _legend() -> list[str]:
    line, fill = _COLOURS[0]
    y = 82
    return [
        f'<rect x="24" y="{y - 10}" width="30" height="13" rx="3" fill="#eef1f4"/>',
        _text(62, y, "source speech, as recognized", colour=_PALE),
        f'<rect x="252" y="{y - 10}" width="30" height="13" rx="3" fill="{fill}" stroke="{line}" stroke-width="0.8"/>',
        _text(290, y, "translated speech, as heard", colour=_PALE),
        f'<circle cx="480" cy="{y - 7}" r="2.4" fill="{line}"/>'
        f'<path d="M480 {y - 7} L516 {y + 1}" stroke="{line}" stroke-width="1.2"/>',
        _text(
            524,
            y,
            "lag in seconds: from the end of a segment's source speech to its first translated sound",
            colour=_PALE,
        ),
    ]


def _strip(
    begin_ms: int, top: float, number: int, source_label: str, words: Sequence[Word], lanes: Sequence[Lane]
) -> list[str]:
    bottom = top + _SOURCE_HEIGHT + _LANE_HEIGHT * len(lanes)
    clip = f"strip{number}"
    parts = [
        f'<clipPath id="{clip}"><rect x="{_MARGIN_LEFT}" y="{top}" width="{STRIP_MS * _PX_PER_MS:.0f}" '
        f'height="{bottom - top}"/></clipPath>'
    ]
    for second in range(STRIP_MS // 1000 + 1):
        x = _MARGIN_LEFT + second * 1000 * _PX_PER_MS
        labelled = second % 5 == 0
        parts.append(f'<path d="M{x:.1f} {top} V{bottom}" stroke="{_GRID}" stroke-width="{1.4 if labelled else 0.7}"/>')
        if labelled:
            at = begin_ms // 1000 + second
            parts.append(_text(x, bottom + 14, f"{at // 60}:{at % 60:02}", colour=_PALE, anchor="middle"))
    parts.append(_text(_MARGIN_LEFT - 12, top + 25, source_label, anchor="end", weight=600, size=13))
    for place, lane in enumerate(lanes):
        line, _ = _COLOURS[place % len(_COLOURS)]
        y = top + _SOURCE_HEIGHT + place * _LANE_HEIGHT
        parts.append(f'<path d="M{_MARGIN_LEFT} {y} H{_WIDTH - _MARGIN_RIGHT:.0f}" stroke="{_GRID}"/>')
        parts.append(
            _text(_MARGIN_LEFT - 12, y + _CLIP_TOP + 17, lane.label, anchor="end", weight=600, size=13, colour=line)
        )
    parts.append(f'<g clip-path="url(#{clip})">')
    for phrase in _phrases(words):
        parts += _phrase(phrase, begin_ms, top)
    for place, lane in enumerate(lanes):
        for segment in lane.segments:
            parts += _segment(segment, begin_ms, top + _SOURCE_HEIGHT + place * _LANE_HEIGHT, place)
    parts.append("</g>")
    return parts


def _phrases(words: Sequence[Word]) -> Iterator[_Box]:
    """Words that belong on one label: cut at pauses and before they get too many."""
    phrase: list[Word] = []
    for word in words:
        if phrase and (word.start_ms - phrase[-1].end_ms > _PAUSE_MS or word.end_ms - phrase[0].start_ms > _PHRASE_MS):
            yield _Box(phrase[0].start_ms, phrase[-1].end_ms, " ".join(word.text for word in phrase))
            phrase = []
        phrase.append(word)
    if phrase:
        yield _Box(phrase[0].start_ms, phrase[-1].end_ms, " ".join(word.text for word in phrase))


def _phrase(box: _Box, begin_ms: int, top: float) -> list[str]:
    if box.end_ms < begin_ms or box.start_ms > begin_ms + STRIP_MS:
        return []
    x, width = _x(box.start_ms, begin_ms), max(2.0, (box.end_ms - box.start_ms) * _PX_PER_MS)
    return [
        f'<rect x="{x + 0.8:.1f}" y="{top + 7}" width="{max(1.0, width - 1.6):.1f}" height="{_CLIP_HEIGHT}" rx="4" '
        'fill="#eef1f4"/>',
        *_speech(x + 5, top + 7, box.text, width - 10),
    ]


def _segment(segment: Segment, begin_ms: int, top: float, place: int) -> list[str]:
    played = segment.played
    if played is None:
        return []
    line, fill = _COLOURS[place % len(_COLOURS)]
    epoch = segment.caption.floor_epoch_ms
    said_ms, start_ms, end_ms = segment.caption.end_ms, played.start_ms - epoch, played.end_ms - epoch
    if end_ms < begin_ms or said_ms > begin_ms + STRIP_MS:
        return []
    x, width, said_x = _x(start_ms, begin_ms), (end_ms - start_ms) * _PX_PER_MS, _x(said_ms, begin_ms)
    y = top + _CLIP_TOP
    return [
        f'<rect x="{x + 0.8:.1f}" y="{y}" width="{max(1.0, width - 1.6):.1f}" height="{_CLIP_HEIGHT}" rx="4" '
        f'fill="{fill}" stroke="{line}" stroke-width="0.8"/>',
        *_speech(x + 5, y, segment.caption.text, width - 10),
        f'<circle cx="{said_x:.1f}" cy="{top + 7}" r="2.4" fill="{line}"/>',
        f'<path d="M{said_x:.1f} {top + 7} L{x:.1f} {y}" stroke="{line}" stroke-width="1.2"/>',
        _text((said_x + x) / 2 + 7, (top + 7 + y) / 2 - 1, f"{(start_ms - said_ms) / 1000:.1f}", size=9.5, colour=line),
    ]


def _x(at_ms: float, begin_ms: int) -> float:
    return _MARGIN_LEFT + (at_ms - begin_ms) * _PX_PER_MS


def _text(
    x: float,
    y: float,
    text: str,
    *,
    colour: str = _INK,
    size: float = 11,
    weight: int = 400,
    anchor: str = "start",
    fit: float | None = None,
) -> str:
    """fit: the width in px that it may take; it gets smaller where it would not fit."""
    if fit is not None:
        size = max(_SMALLEST, min(size, fit / (max(1, len(text)) * _LETTER)))
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" font-size="{size:.1f}" font-weight="{weight}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _speech(x: float, y: float, text: str, width: float) -> list[str]:
    """A clip's text: one line where it fits, else two smaller ones."""
    if len(text) * _LETTER * 11 <= width:
        return [_text(x, y + 17, text)]
    lines = textwrap.wrap(text, max(1, -(-len(text) // 2) + 4), break_long_words=False)
    return [_text(x, y + 11 + 10.5 * number, line, size=9.5, fit=width) for number, line in enumerate(lines[:2])]


def lanes_of(languages: Mapping[str, Sequence[Segment]], names: Mapping[str, str]) -> list[Lane]:
    """A lane for each language of which something was heard. names: what each is called."""
    return [
        Lane(names[code], segments)
        for code, segments in languages.items()
        if any(segment.played for segment in segments)
    ]
