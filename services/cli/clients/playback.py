"""When a listener hears each clip, and how: the rules of the web player, without a browser.

Clips are laid end to end in the order of their index. A missing index is waited for, but not for long, and not at
all where its caption said that it has no speech; when speech has piled up, clips play faster with their pitch kept.
An index plays once.
``frontend/src/listener/player/schedule.ts`` has the same rules; ``tests/data/playback/cases.json`` holds both to them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from services.cli.clients.audio import Sound, resample

START_DELAY_MS = 20.0
"""A clip that finds the player idle starts this long after it is ready."""
COMMITTED_MS = 1000.0
"""At most this much speech is laid ahead; what follows stays free to change its pace."""
PATIENCE_MS = 1500.0
"""How long a missing index is waited for once a later one is there."""
CATCH_UP = ((10_000.0, 1.4), (6_000.0, 1.25), (4_000.0, 1.1))
"""Backlog in ms above which a clip plays at this rate; the first that fits counts."""


@dataclass(frozen=True)
class ArrivedClip:
    """A segment that the listener was told of. Times in ms on one clock."""

    index: int
    noticed_at_ms: float
    ready_at_ms: float
    """Clip fetched and decoded, or given up."""
    duration_ms: float
    """0: nothing to play (no voice, failed, not to be had)."""


@dataclass(frozen=True)
class Played:
    """A clip as it was heard."""

    index: int
    start_ms: float
    end_ms: float
    rate: float


def catch_up_rate(backlog_ms: float) -> float:
    """The pace of the next clip when this much speech, itself included, waits to be heard."""
    return next((rate for above, rate in CATCH_UP if backlog_ms > above), 1.0)


def schedule(arrived: Iterable[ArrivedClip], silent: Collection[int] = ()) -> list[Played]:
    """What is heard when, in order. Indexes that came too late, or twice, are not in it.

    silent: indexes of which no speech comes, as their captions said, which come before any speech that follows them.
    """
    first: dict[int, ArrivedClip] = {}
    for clip in sorted(arrived, key=lambda clip: clip.noticed_at_ms):
        first.setdefault(clip.index, clip)
    waiting = list(first.values())
    if not waiting:
        return []
    played: list[Played] = []
    now, free_at, following = waiting[0].noticed_at_ms, 0.0, waiting[0].index
    while waiting := [clip for clip in waiting if clip.index >= following]:
        while following in silent:
            following += 1
        now = max(now, waiting[0].noticed_at_ms)
        wanted = first.get(following)
        if wanted is None or wanted.noticed_at_ms > now + PATIENCE_MS:
            now += PATIENCE_MS
            wanted = min((clip for clip in waiting if clip.noticed_at_ms <= now), key=lambda clip: clip.index)
        clip = wanted
        now = max(now, clip.noticed_at_ms, clip.ready_at_ms)
        following = clip.index + 1
        if clip.duration_ms <= 0:
            continue
        queued = sum(c.duration_ms for c in waiting if c.index > clip.index and c.noticed_at_ms <= now)
        rate = catch_up_rate(max(0.0, free_at - now) + queued + clip.duration_ms)
        start = max(free_at, now + START_DELAY_MS)
        free_at = start + clip.duration_ms / rate
        played.append(Played(clip.index, start, free_at, rate))
        now = max(now, free_at - COMMITTED_MS)
    return played


def render(played: Iterable[Played], clips: Mapping[int, tuple[Sound, int]], origin_ms: float, rate: int) -> Sound:
    """The speech as heard from ``origin_ms`` on, at ``rate`` Hz. clips: samples and their rate, by index."""
    pieces: list[tuple[int, Sound]] = []
    for item in played:
        sound, own_rate = clips[item.index]
        length = round((item.end_ms - item.start_ms) * rate / 1000)
        piece = wsola(resample(sound, own_rate, rate), item.rate, rate)[:length]
        pieces.append((max(0, round((item.start_ms - origin_ms) * rate / 1000)), piece))
    out = np.zeros(max((at + piece.size for at, piece in pieces), default=0), np.float32)
    for at, piece in pieces:
        out[at : at + piece.size] = piece
    return out


def wsola(sound: Sound, rate: float, sample_rate: int) -> Sound:
    """Play faster (rate > 1) or slower with the pitch kept: ``len(sound) / rate`` samples.

    Overlaps 30 ms windows by half; each is taken where, within 8 ms, it continues the last one best.
    """
    frame = int(sample_rate * 0.03) & ~1
    if abs(rate - 1) < 0.005 or sound.size < 2 * frame:
        return sound
    hop, reach = frame // 2, int(sample_rate * 0.008)
    wanted = int(sound.size / rate)
    fade = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)).astype(np.float32)
    padded = np.pad(sound, (0, 2 * frame))
    out = np.zeros(wanted + 2 * frame, np.float32)
    out[:hop] = padded[:hop]
    out[hop:frame] = padded[hop:frame] * fade[hop:]
    taken = 0
    for at in range(hop, wanted, hop):
        target = padded[taken + hop : taken + 2 * hop]
        first = min(max(0, round(at * rate) - reach), sound.size)
        candidates = np.lib.stride_tricks.sliding_window_view(padded[first : first + 2 * reach + hop], hop)
        energy = np.sqrt(np.einsum("ij,ij->i", candidates, candidates)) + 1e-6
        taken = first + int(np.argmax(candidates @ target / energy))
        out[at : at + frame] += padded[taken : taken + frame] * fade
    return out[:wanted]
