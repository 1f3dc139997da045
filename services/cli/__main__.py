"""The ``dragoman`` command. A subcommand's module is imported only when it runs, so that ``--help`` is quick."""

import importlib
import logging
import sys
from typing import Any

import typer
from typer.core import TyperGroup

_IN = "services.cli.commands"
COMMANDS = {
    # name: (module:function or module:Typer app, what it does)
    "demo": (f"{_IN}.demo:demo", "Play a recorded talk through the whole stack, and report how it was heard."),
    "up": (f"{_IN}.up:up", "Run the whole stack on this machine until Ctrl-C."),
    "speak": (f"{_IN}.speak:speak", "Speak a recording or the microphone into a session."),
    "listen": (f"{_IN}.listen:listen", "Follow a session in a language: captions, speech, or both."),
    "sessions": (f"{_IN}.sessions:sessions", "List your sessions, or end one."),
    "topics": (f"{_IN}.topics:topics", "Make, compare and read the topics that join the services."),
    "trace": (f"{_IN}.trace:trace", "Show where the time of a session's segments went, stage by stage."),
    "evaluate": (f"{_IN}.evaluate:evaluate", "Measure lag and quality over a folder of recordings."),
    "load": (f"{_IN}.load:load", "Let many listeners join a talk, and measure how soon each is told."),
    "provision": (f"{_IN}.containers:provision", "Make at a local AWS endpoint what the services need."),
    "web": (f"{_IN}.containers:web", "Serve the web apps beside services that run in containers."),
    "logs": (f"{_IN}.logs:logs", "Show the logs of the stack on this machine."),
    "doctor": (f"{_IN}.doctor:doctor", "Check every part that the stack needs, and say what to do."),
}


class _Lazy(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        _quieten()
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        target = getattr(importlib.import_module(module), attribute)
        if isinstance(target, typer.Typer):
            return typer.main.get_command(target)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(cmd_name)(target)
        return typer.main.get_command(alone)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in COMMANDS.items()])


app = typer.Typer(
    name="dragoman",
    cls=_Lazy,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def _dragoman() -> None:
    """Live speech interpretation: run it, speak into it, listen to it, look inside it."""


def _quieten() -> None:
    """Logs go beside the output, and only errors: what else there is to say, the commands say."""
    import structlog

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
    )


def main() -> None:
    """Exit codes: 0 done, 1 it failed and said why, 2 wrong usage or setting, 130 Ctrl-C."""
    app(prog_name="dragoman")


if __name__ == "__main__":
    main()
