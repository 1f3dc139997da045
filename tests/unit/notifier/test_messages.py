"""What listeners may send, and what they are sent."""

import msgspec
import pytest

from services.common.contracts import SHED
from services.notifier.messages import Join, Refused, caption_notice, encode, read_join
from tests.unit.notifier.records import caption


def test_a_join_is_read_with_its_defaults() -> None:
    assert read_join('{"type":"join","session":"s","language":"pt","new":[1]}') == Join("s", "pt", None, True, False)
    assert read_join('{"type":"join","session":"s","language":"pt","after":-1,"audio":false}') == Join(
        "s", "pt", -1, False, False
    )


def test_types_that_are_not_known_are_ignored() -> None:
    assert read_join('{"type":"wave","session":1}') is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"type":1}',
        '{"type":"join"}',
        '{"type":"join","session":"","language":"pt"}',
        '{"type":"join","session":"s","language":"pt","after":-2}',
        '{"type":"join","session":"s","language":"pt","after":1e400}',
        '{"type":"join","session":"s","language":"pt","after":99999999999999999999}',
        '{"type":"join","session":"s","language":"pt","after":1.5}',
        '{"type":"join","session":"s","language":"pt","from_ms":-1}',
        '{"type":"join","session":"s","language":"pt","from_ms":1e400}',
        '{"type":"join","session":"' + "s" * 65 + '","language":"pt"}',
        '{"type":"join","session":"s","language":"' + "p" * 17 + '"}',
        '{"type":"join","session":"s","language":"pt","x":' + "[" * 2_000 + "]" * 2_000 + "}",
        '{"type":"join","session":"\ud800","language":"pt"}',
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        read_join(text)
    assert refused.value.close == 4400


@pytest.mark.parametrize("why", [SHED, None])
def test_a_caption_says_why_it_is_not_spoken_where_there_is_a_reason(why: str | None) -> None:
    record = msgspec.structs.replace(caption(0), spoken=False, unspoken=why)
    told = msgspec.json.decode(encode(caption_notice(record, {}, 0.0, history=False)))
    assert (told["spoken"], told.get("unspoken")) == (False, why)
