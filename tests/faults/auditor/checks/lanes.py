"""Translated, spoken, stored, for each language: every word in one caption, every promised clip there."""

import math
from collections.abc import Iterator, Sequence

from tests.faults.auditor.alignment import plain
from tests.faults.auditor.checks.sequence import gapless
from tests.faults.auditor.evidence import Caption, Joined, Speech, ToldEnd, Word
from tests.faults.auditor.findings import Finding, Kind
from tests.faults.auditor.talk import Talk

_EXACT_MS = 1.0
_CLIP_MS = 2.0
_SOUNDING = 0.25
"""So much of a clip can be heard at least; of 222 good ones, 0.42 of that with the longest pause."""


def check(talk: Talk) -> Iterator[Finding]:
    """What is wrong between ``transcripts``, ``translations`` and the clips."""
    for language in talk.languages:
        yield from gapless(f"{language}: translations", "caption", [one.index for one in talk.captions(language)])
        yield from _every_word(talk, language)
        yield from _spoken(talk, language)
        yield from _unspoken(talk, language)
        yield from _stored(talk, language)
        yield from _finished(talk, language)


def _until(words: Sequence[Word], first: int, caption: Caption) -> int:
    """Where the words end that are the caption's by its span.

    Words shorter than the tolerance may lie at its very end, and be its last or the next one's first: as many are its
    own as it says.
    """
    until, said = first, len(caption.source.split())
    while until < len(words) and words[until].end_ms <= caption.end_ms + _EXACT_MS:
        if words[until].start_ms >= caption.end_ms - _EXACT_MS and until - first >= said:
            break
        until += 1
    return until


def _every_word(talk: Talk, language: str) -> Iterator[Finding]:
    """A caption renders the words that follow those of the caption before; its span begins and ends with them."""
    where = f"{language}: recognized > translated"
    words, position = talk.words, 0
    for caption in talk.captions(language):
        if caption.missing_ms:
            continue  # see ``missing``
        first, position = position, _until(words, position, caption)
        rendered = words[first:position]
        told = f"caption {caption.index} at {caption.start_ms:.0f}-{caption.end_ms:.0f} ms"
        if not rendered:
            yield Finding(Kind.REPEATED, where, f"{told} renders words that were said before")
            continue
        if caption.failed:
            yield Finding(Kind.TOLD, where, f"{told}: {caption.failed}", words=len(rendered))
        if _plain(caption.source) != _plain(" ".join(word.text for word in rendered)):
            yield Finding(Kind.ALTERED, where, f"{told} renders {caption.source!r}")
        starts_off = abs(caption.start_ms - rendered[0].start_ms) > _EXACT_MS
        if starts_off or abs(caption.end_ms - rendered[-1].end_ms) > _EXACT_MS:
            yield Finding(Kind.ALTERED, where, f"{told}: its words are elsewhere")
    if left := words[position:]:
        said = " ".join(word.text for word in left)
        yield Finding(Kind.LOST, where, f"{said!r} at {left[0].start_ms:.0f} ms", words=len(left))


def _spoken(talk: Talk, language: str) -> Iterator[Finding]:
    """Speech follows each caption that promises it, and no other."""
    where, speeches = f"{language}: translated > spoken", talk.speeches(language)
    captions = {caption.index: caption for caption in talk.captions(language)}
    promised = [caption.index for caption in captions.values() if caption.spoken]
    reached, seen = -1, set()
    for speech in speeches:
        told = f"speech {speech.index}"
        if speech.index in seen:
            yield Finding(Kind.REPEATED, where, told)
        elif speech.index < reached:
            yield Finding(Kind.REORDERED, where, f"{told} came after {reached}")
        seen.add(speech.index)
        reached = max(reached, speech.index)
        caption = captions.get(speech.index)
        if caption is None or not caption.spoken or not _same(caption, speech):
            yield Finding(Kind.ALTERED, where, f"{told} isn't its caption's")
        elif caption.offset > speech.offset:
            yield Finding(Kind.REORDERED, where, f"{told} came before its caption")
        if speech.key is None:
            kind = Kind.TOLD if speech.failed else Kind.LOST
            yield Finding(kind, where, f"{told}: {speech.failed or 'no clip'}")
    for index in promised:
        if index not in seen:
            yield Finding(Kind.LOST, where, f"speech {index}")


def _unspoken(talk: Talk, language: str) -> Iterator[Finding]:
    """What was said while somebody was there to hear it is spoken, or its caption says why not."""
    hearing: list[tuple[float, float]] = []
    for seen in talk.listeners(language).values():
        joined = [line.at_ms for line in seen if isinstance(line, Joined) and line.hear]
        to_the_end = any(isinstance(line, ToldEnd) for line in seen)
        if joined:
            hearing.append((joined[0], math.inf if to_the_end else seen[-1].at_ms))
    for caption in talk.captions(language):
        if caption.spoken or caption.failed or not caption.text:
            continue
        said_at_ms = talk.captured_at_ms(min(caption.end_ms, talk.floor_ms))
        if any(first <= said_at_ms <= last for first, last in hearing):
            yield Finding(
                Kind.TOLD if caption.unspoken else Kind.LOST,
                f"{language}: translated > spoken",
                f"caption {caption.index} is not spoken: {caption.unspoken or 'it does not say why'}",
                words=len(caption.source.split()),
            )


def _same(caption: Caption, speech: Speech) -> bool:
    return (caption.start_ms, caption.end_ms, caption.text) == (speech.start_ms, speech.end_ms, speech.text)


def _stored(talk: Talk, language: str) -> Iterator[Finding]:
    where, clips = f"{language}: spoken > stored", talk.clips
    named: set[str] = set()
    for speech in talk.speeches(language):
        if speech.key is None:
            continue
        if speech.key in named:
            yield Finding(Kind.REPEATED, where, f"{speech.key} is named again by speech {speech.index}")
        named.add(speech.key)
        clip = clips.get(speech.key)
        if clip is None:
            yield Finding(Kind.LOST, where, speech.key)
        elif abs(clip.duration_ms - speech.duration_ms) > _CLIP_MS:
            yield Finding(
                Kind.ALTERED, where, f"{speech.key} lasts {clip.duration_ms:.0f} ms, not {speech.duration_ms:.0f}"
            )
        elif speech.text and clip.sounding_ms is not None and clip.sounding_ms < _SOUNDING * clip.duration_ms:
            yield Finding(
                Kind.ALTERED,
                where,
                f"{speech.key} is silent but for {clip.sounding_ms:.0f} of {clip.duration_ms:.0f} ms",
            )


def _finished(talk: Talk, language: str) -> Iterator[Finding]:
    where, ends, captions = f"{language}: translations", talk.ends(language), talk.captions(language)
    if not ends:
        yield Finding(Kind.LOST, where, "that the language has finished")
        return
    if len(ends) > 1:
        yield Finding(Kind.REPEATED, where, "that the language has finished")
    if ends[0].segments != len({caption.index for caption in captions}):
        yield Finding(Kind.LOST, where, f"{ends[0].segments} segments were said to be, {len(captions)} are")
    last = max((record.offset for record in (*captions, *talk.speeches(language))), default=-1)
    if ends[0].offset < last:
        yield Finding(Kind.REORDERED, where, "something came after the end")


def _plain(text: str) -> str:
    return " ".join(filter(None, (plain(word) for word in text.split())))
