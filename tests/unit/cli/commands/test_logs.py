"""Log lines made readable."""

from services.cli.commands.logs import readable

_SLOW = ("aiobotocore", "aiokafka", "numpy", "rich", "services.cli.stack", "structlog")


def test_a_log_line_is_made_readable() -> None:
    line = (
        '{"timestamp":"2026-01-02T03:04:05.678Z","level":"warning","event":"link_lost","service":"ingest",'
        '"instance":"1","logger":"x","session":"abc","frames":3}'
    )
    assert readable("ingest", line, colour=False) == "03:04:05  ingest  warning: link_lost session=abc frames=3"


def test_a_trace_stands_below_its_line() -> None:
    shown = readable("x", '{"level":"error","event":"failed","exception":"Traceback\\n  boom"}', colour=False)
    assert shown.splitlines()[1:] == ["Traceback", "  boom"]


def test_a_line_that_is_not_json_is_shown_as_it_is() -> None:
    assert readable("kafka", "[main] WARN disk", colour=True) == "kafka  [main] WARN disk"


def test_what_a_stranger_had_logged_does_not_steer_the_terminal() -> None:
    line = '{"level":"info","event":"left","reason":"\\u001b[2J\\r\\u202e","exception":"a\\u0007\\n  b"}'
    for shown in (readable("x", line, colour=False), readable("x", "\x1b]0;owned\x07", colour=False)):
        assert all(one.isprintable() for one in shown.split("\n"))
