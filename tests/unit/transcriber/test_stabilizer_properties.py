"""What holds for the stabilizer whatever the engine says, and what with an engine that hears perfectly."""

import itertools
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from services.common.contracts import Final, Word
from services.transcriber.ports import HeardWord, Hypothesis
from services.transcriber.stabilizer import Run, Stabilizer, Transcribed


@dataclass(frozen=True)
class Moment:
    """When the engine is asked: after how many words, whether that is a pause, how much context it still has."""

    words: int
    pause: bool
    context: int


@st.composite
def talks(draw: st.DrawFn) -> tuple[HeardWord, ...]:
    """Sentences of few different words, so that many repeat, with marks and times."""
    words: list[HeardWord] = []
    at = 0.0
    for _ in range(draw(st.integers(1, 4))):
        sentence = draw(st.lists(st.sampled_from(["no", "we", "go", "there", "so"]), min_size=1, max_size=8))
        sentence = [sentence[0].capitalize(), *sentence[1:]]
        sentence = [word + draw(st.sampled_from(["", "", ","])) for word in sentence[:-1]] + sentence[-1:]
        sentence[-1] += draw(st.sampled_from([".", "?", "!"]))
        for word in sentence:
            start = at + draw(st.integers(0, 400))
            at = start + draw(st.integers(80, 600))
            words.append(HeardWord(word, start, at))
    return tuple(words)


@st.composite
def talks_and_moments(draw: st.DrawFn) -> tuple[tuple[HeardWord, ...], list[Moment]]:
    talk = draw(talks())
    counts = sorted(draw(st.lists(st.integers(1, len(talk)), max_size=12)))
    return talk, [Moment(count, draw(st.booleans()), draw(st.integers(1, 8))) for count in counts]


def hypothesis_at(moment: Moment, talk: tuple[HeardWord, ...], final: int) -> Hypothesis:
    """What an engine says that hears every word, but ends whatever it hears with a full stop, as Whisper does."""
    words = list(talk[max(0, final - moment.context) : moment.words])
    last = words[-1]
    if last.text[-1].isalpha():
        words[-1] = HeardWord(last.text + ".", last.start_ms, last.end_ms)
    return Hypothesis(words=tuple(words), heard_ms=last.end_ms, endpoint=moment.pause)


def as_final(run: Run) -> Final:
    return Final(
        session_id="s",
        language="en",
        index=run.index,
        words=run.words,
        previous_mark=run.previous_mark,
        ends=run.ends,
    )


def run_through(
    talk: tuple[HeardWord, ...], moments: list[Moment], restarts: frozenset[int] = frozenset()
) -> list[Final]:
    """All finals of the talk; at some moments the stabilizer is lost and made again from its finals."""
    stabilizer = Stabilizer()
    finals: list[Final] = []
    count = 0
    for number, moment in enumerate([*moments, Moment(len(talk), pause=True, context=8)]):
        if number in restarts:
            transcribed = Transcribed()
            for final in finals:
                transcribed = transcribed.after(final)
            stabilizer = Stabilizer(transcribed)
        decision = stabilizer.hear(hypothesis_at(moment, talk, count))
        finals += map(as_final, decision.finals)
        count += sum(len(final.words) for final in decision.finals)
    quiet = Hypothesis(words=(), heard_ms=talk[-1].end_ms, endpoint=True, quiet=True)
    return finals + [as_final(run) for run in stabilizer.hear(quiet).finals]


def read(finals: list[Final]) -> str:
    """The text as a reader puts it together."""
    said: list[str] = []
    for final in finals:
        if final.previous_mark:
            said[-1] += final.previous_mark
        said += [word.text for word in final.words]
    return " ".join(said)


def spoken(talk: tuple[HeardWord, ...]) -> str:
    return " ".join(word.text for word in talk)


@given(talks_and_moments())
def test_the_finals_are_the_talk_however_it_was_cut_into_hypotheses(
    case: tuple[tuple[HeardWord, ...], list[Moment]],
) -> None:
    talk, moments = case
    finals = run_through(talk, moments)
    assert " ".join(word.text for final in finals for word in final.words).lower().replace(".", "").replace(
        "?", ""
    ).replace("!", "") == spoken(talk).lower().replace(".", "").replace("?", "").replace("!", "")
    assert [final.index for final in finals] == list(range(len(finals)))


@given(talks_and_moments())
def test_every_sentence_mark_is_the_talks_own_although_the_engine_ends_whatever_it_hears_with_one(
    case: tuple[tuple[HeardWord, ...], list[Moment]],
) -> None:
    talk, moments = case
    assert read(run_through(talk, moments)) == spoken(talk)


@given(talks_and_moments(), st.frozensets(st.integers(0, 12)))
def test_a_restart_from_the_finals_loses_and_repeats_nothing(
    case: tuple[tuple[HeardWord, ...], list[Moment]], restarts: frozenset[int]
) -> None:
    talk, moments = case
    finals = run_through(talk, moments, restarts)
    assert [final.index for final in finals] == list(range(len(finals)))
    times = [(word.start_ms, word.end_ms) for final in finals for word in final.words]
    assert times == [(word.start_ms, word.end_ms) for word in talk]


@st.composite
def results(draw: st.DrawFn) -> list[list[Hypothesis]]:
    """Of an engine that closes each sentence as a result of its own: words are stable before their sentence's end is
    known, which may come with the closing result alone."""
    given_results: list[list[Hypothesis]] = []
    at, number = 0.0, 0
    for _ in range(draw(st.integers(1, 4))):
        words: list[HeardWord] = []
        for _ in range(draw(st.integers(1, 5))):
            start = at + draw(st.integers(0, 400))
            at = start + draw(st.integers(80, 600))
            words.append(HeardWord(f"w{number}" if words else f"W{number}", start, at))
            number += 1
        stable = [HeardWord(word.text, word.start_ms, word.end_ms, stable=True) for word in words]
        counts = sorted(draw(st.lists(st.integers(1, len(words)), max_size=3)))
        growing = [Hypothesis(words=tuple(stable[:count]), heard_ms=at) for count in counts]
        closed = HeardWord(words[-1].text + draw(st.sampled_from(".?!")), words[-1].start_ms, at)
        given_results.append([*growing, Hypothesis(words=(*words[:-1], closed), heard_ms=at, endpoint=True)])
    return given_results


@given(results())
def test_every_mark_arrives_however_early_the_words_before_it_were_final(given_results: list[list[Hypothesis]]) -> None:
    stabilizer = Stabilizer()
    hypotheses = list(itertools.chain(*given_results))
    quiet = Hypothesis(words=(), heard_ms=hypotheses[-1].heard_ms, endpoint=True, quiet=True)
    finals = [as_final(run) for one in [*hypotheses, quiet] for run in stabilizer.hear(one).finals]
    assert read(finals) == " ".join(spoken(result[-1].words) for result in given_results)


def nonsense() -> st.SearchStrategy[list[Hypothesis]]:
    times = st.floats(-1e6, 1e6, allow_nan=False)
    words = st.builds(HeardWord, st.text(max_size=6), times, times, st.sampled_from([None, True, False]))
    return st.lists(
        st.builds(
            Hypothesis,
            words=st.lists(words, max_size=6).map(tuple),
            heard_ms=st.floats(0, 1e6),
            endpoint=st.booleans(),
            quiet=st.booleans(),
        ),
        max_size=8,
    )


@given(nonsense())
def test_whatever_an_engine_says_finals_are_gapless_and_their_times_in_order(hypotheses: list[Hypothesis]) -> None:
    stabilizer = Stabilizer()
    decisions = [stabilizer.hear(hypothesis) for hypothesis in hypotheses]
    finals = [final for decision in decisions for final in decision.finals]
    assert [final.index for final in finals] == list(range(len(finals)))
    times = [time for final in finals for word in final.words for time in (word.start_ms, word.end_ms)]
    assert all(earlier <= later for earlier, later in itertools.pairwise(times))
    ends = [word.end_ms for final in finals for word in final.words]
    assert all(later - earlier > 0.999 for earlier, later in itertools.pairwise(ends))
    assert all(word.end_ms - word.start_ms <= 2000 for final in finals for word in final.words)
    assert all(any(letter.isalnum() for letter in word.text) for final in finals for word in final.words)


def test_a_word_of_any_length_is_no_longer_than_two_seconds_in_floating_point_too() -> None:
    first = Hypothesis(words=(HeardWord("0", 0.0, 4193.0),), heard_ms=4192.924768862725, endpoint=True)
    second = Hypothesis(words=(HeardWord("0", 2192.924768862725, 8386.0),), heard_ms=8193.0, endpoint=True)
    stabilizer = Stabilizer()
    finals = [final for one in (first, second) for final in stabilizer.hear(one).finals]
    assert all(word.end_ms - word.start_ms <= 2000 for final in finals for word in final.words)


@given(nonsense())
def test_a_partial_is_what_follows_the_finals(hypotheses: list[Hypothesis]) -> None:
    stabilizer = Stabilizer()
    for hypothesis in hypotheses:
        decision = stabilizer.hear(hypothesis)
        assert all(word.start_ms >= stabilizer.transcribed.end_ms for word in decision.partial)
        if hypothesis.endpoint:
            assert decision.partial == ()


@given(st.lists(st.builds(Word, st.sampled_from("abc"), st.just(0.0), st.just(0.0)), max_size=30))
def test_what_is_remembered_is_bounded(words: list[Word]) -> None:
    transcribed = Transcribed().extended(tuple(words), 0, None)
    assert transcribed.words == tuple(words[-12:])
