"""Announced, fetched, played, for each listener: all of it, as it was published, once."""

from collections.abc import Iterator, Sequence

from tests.faults.auditor.evidence import (
    Caption,
    Fetched,
    Joined,
    Listened,
    Played,
    Speech,
    ToldCaption,
    ToldEnd,
    ToldSpeech,
)
from tests.faults.auditor.findings import Finding, Kind
from tests.faults.auditor.talk import Talk

_OVERLAP_MS = 1.0
_LENGTH_MS = 30.0
"""A player that plays faster, with the pitch kept, ends with whole windows."""


def check(talk: Talk) -> Iterator[Finding]:
    """What is wrong between ``translations``, the clips and the listeners' ears."""
    for language in talk.languages:
        for listener, seen in talk.listeners(language).items():
            yield from _connections(listener, seen)
            yield from _told(talk, listener, seen)
            if any(isinstance(line, Joined) and line.hear for line in seen):
                yield from _heard(talk, listener, seen)


def _connections(listener: str, seen: Sequence[Listened]) -> Iterator[Finding]:
    """Each brings an index once and in order, a caption before its speech. Another may bring it again."""
    where = f"{listener}: announced"
    captions: list[int] = []
    speeches: list[int] = []
    captioned: set[int] = set()
    for line in seen:
        match line:
            case Joined():
                captions, speeches = [], []
            case ToldCaption(index=index):
                yield from _follows(where, "caption", index, captions, by=1)
                captions.append(index)
                captioned.add(index)
            case ToldSpeech(index=index):
                yield from _follows(where, "speech", index, speeches, by=None)
                speeches.append(index)
                if index not in captioned:
                    yield Finding(Kind.REORDERED, where, f"speech {index} came before its caption")
            case _:
                pass


def _follows(where: str, what: str, index: int, before: Sequence[int], by: int | None) -> Iterator[Finding]:
    if index in before:
        yield Finding(Kind.REPEATED, where, f"{what} {index}")
    elif before and index < before[-1]:
        yield Finding(Kind.REORDERED, where, f"{what} {index} came after {before[-1]}")
    elif before and by is not None and index > before[-1] + by:
        yield Finding(Kind.LOST, where, f"{what} {before[-1] + 1} was passed over for {index}")


def _told(talk: Talk, listener: str, seen: Sequence[Listened]) -> Iterator[Finding]:
    """All that was published came, as it was."""
    where, language = f"{listener}: published > announced", seen[0].language
    hears = any(isinstance(line, Joined) and line.hear for line in seen)
    captions = [line for line in seen if isinstance(line, ToldCaption)]
    speeches = [line for line in seen if isinstance(line, ToldSpeech)]
    for caption in talk.captions(language):
        told = [one for one in captions if one.index == caption.index]
        words = len(caption.source.split())
        if not told:
            yield Finding(Kind.LOST, where, f"caption {caption.index}", words=words)
        elif any(not _same_caption(caption, one) for one in told):
            yield Finding(Kind.ALTERED, where, f"caption {caption.index}", words=words)
    for speech in talk.speeches(language) if hears else ():
        heard = [one for one in speeches if one.index == speech.index]
        if not heard:
            yield Finding(Kind.LOST, where, f"speech {speech.index}")
        elif any(not _same_speech(speech, one) for one in heard):
            yield Finding(Kind.ALTERED, where, f"speech {speech.index}")
    ends = [line for line in seen if isinstance(line, ToldEnd)]
    if len(ends) != 1:
        kind = Kind.REPEATED if ends else Kind.LOST
        yield Finding(kind, where, "that it is over")
    elif ends[0].segments != len({caption.index for caption in talk.captions(language)}):
        yield Finding(Kind.LOST, where, f"{ends[0].segments} segments were said to have been")
    published = {caption.index for caption in talk.captions(language)}
    for told_of in captions:
        if told_of.index not in published:
            yield Finding(Kind.ALTERED, where, f"caption {told_of.index} was never published")


def _same_caption(caption: Caption, told: ToldCaption) -> bool:
    return all(
        getattr(caption, name) == getattr(told, name)
        for name in ("start_ms", "end_ms", "text", "source", "spoken", "failed", "unspoken", "missing_ms")
    )


def _same_speech(speech: Speech, told: ToldSpeech) -> bool:
    same = all(
        getattr(speech, name) == getattr(told, name) for name in ("start_ms", "end_ms", "text", "duration_ms", "failed")
    )
    return same and told.clip == (speech.key is not None)


def _heard(talk: Talk, listener: str, seen: Sequence[Listened]) -> Iterator[Finding]:
    """Each announced clip was fetched whole and played once, one after the other."""
    clips, language = talk.clips, seen[0].language
    keys = {speech.index: speech.key for speech in talk.speeches(language) if speech.key}
    announced = {line.index for line in seen if isinstance(line, ToldSpeech) and line.clip}
    fetched = {line.index: line for line in seen if isinstance(line, Fetched)}
    for index in sorted(announced):
        had = fetched.get(index)
        if had is None or had.digest is None:
            kind = Kind.LOST if had is None else Kind.GIVEN_UP
            yield Finding(kind, f"{listener}: announced > fetched", f"clip {index}")
        elif (clip := clips.get(keys.get(index, ""))) is None or clip.digest != had.digest:
            yield Finding(Kind.ALTERED, f"{listener}: announced > fetched", f"clip {index}")
    where = f"{listener}: fetched > played"
    played = [line for line in seen if isinstance(line, Played)]
    heard: set[int] = set()
    reached, until_ms = -1, float("-inf")
    for line in played:
        if line.index in heard:
            yield Finding(Kind.REPEATED, where, f"clip {line.index}")
        elif line.index < reached or line.at_ms < until_ms - _OVERLAP_MS:
            yield Finding(Kind.REORDERED, where, f"clip {line.index} before {reached} was over")
        heard.add(line.index)
        reached, until_ms = max(reached, line.index), max(until_ms, line.until_ms)
        clip = clips.get(keys.get(line.index, ""))
        if clip is not None and abs((line.until_ms - line.at_ms) * line.rate - clip.duration_ms) > _LENGTH_MS:
            yield Finding(Kind.ALTERED, where, f"clip {line.index} was cut short or drawn out")
    for index, had in sorted(fetched.items()):
        if had.digest is not None and index not in heard:
            yield Finding(Kind.LOST, where, f"clip {index}")
