"""Another server's words, as the crowd reads them."""

from services.cli.clients.notices import CaptionNotice, Joined
from services.common.clock import now_ms
from services.notifier.messages import caption_notice, encode
from tests.bench.centrifugo import Uni
from tests.unit.notifier.records import caption


def test_what_it_pushes_is_a_notice_and_its_welcome_is_that_a_listener_has_joined() -> None:
    (joined,) = Uni().read(b'{"connect":{"client":"c","subs":{"talk":{}},"ping":25}}')
    assert isinstance(joined, Joined)
    published = encode(caption_notice(caption(3), {}, now_ms(), history=False))
    (notice,) = Uni().read(b'{"channel":"talk","pub":{"data":%s}}' % published)
    assert isinstance(notice, CaptionNotice)
    assert notice.index == 3


def test_its_pings_say_nothing() -> None:
    assert Uni().read(b"{}") == ()
