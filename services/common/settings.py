"""Settings: typed, frozen, read once from the environment, one line for each that is wrong."""

import os
import sys
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar, get_args, get_origin

import msgspec

PREFIX = "DRAGOMAN_"

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
PositiveInt = Annotated[int, msgspec.Meta(ge=1)]
Proxies = Annotated[int, msgspec.Meta(ge=0, le=5)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
Endpoint = Annotated[str, msgspec.Meta(pattern="^(https?://.+)?$")]
"""A URL, or empty for none."""
LogLevel = Annotated[str, msgspec.Meta(pattern="^(debug|info|warning|error)$")]
"""A pattern, since its error says what is accepted."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service needs to know. A field ``kafka_bootstrap`` is read from ``DRAGOMAN_KAFKA_BOOTSTRAP``."""

    kafka_bootstrap: str = "127.0.0.1:19092"
    """Comma-separated ``host:port`` of brokers."""
    kafka_sign_in: Literal["none", "iam"] = "none"
    """``iam``: to Amazon MSK over TLS, by the task's AWS credentials. ``none``: without sign-in and TLS."""
    log_level: LogLevel = "info"
    host: str = "127.0.0.1"
    """Address that the service's own HTTP server (health, metrics, its API) listens on."""
    instance: str = "1"
    """Name of this task among its service's tasks; stable across its restarts."""


S = TypeVar("S", bound=Settings)


class SettingsError(Exception):
    """One line per wrong setting: its variable, what it holds, what it accepts."""


def load(kind: type[S], env: Mapping[str, str] = os.environ) -> S:
    """Read the settings of this kind. Raises SettingsError naming every variable that is wrong."""
    known = {PREFIX + name.upper(): name for name in kind.__struct_fields__}
    given = {name: env[variable] for variable, name in known.items() if variable in env}
    faults: list[str] = []
    for name, value in given.items():
        try:
            value.encode()  # bytes that are none are half letters by now
            msgspec.convert({name: value}, msgspec.defstruct("One", [_field(kind, name)]), strict=False)
        except msgspec.ValidationError as fault:
            reason = str(fault).split(" - at ")[0] + _choices(kind, name)
            faults.append(f"{PREFIX}{name.upper()}={value!r}: {reason}")
        except UnicodeError:
            faults.append(f"{PREFIX}{name.upper()}={value!r}: expected text in UTF-8")
    for field in msgspec.structs.fields(kind):
        if field.required and field.name not in given:
            faults.append(f"{PREFIX}{field.name.upper()} is not set, and has no default")
    if faults:
        raise SettingsError("\n".join(faults))
    return msgspec.convert(given, kind, strict=False)


def _field(kind: type[Settings], name: str) -> tuple[str, object]:
    for field in msgspec.structs.fields(kind):
        if field.name == name:
            return (name, field.type)
    raise AssertionError(name)


def _choices(kind: type[Settings], name: str) -> str:
    """What a setting with named choices accepts, which msgspec's own error does not say."""
    declared = _field(kind, name)[1]
    return f", expected one of {', '.join(get_args(declared))}" if get_origin(declared) is Literal else ""


def load_or_exit(kind: type[S]) -> S:
    """For ``__main__``: wrong settings end the program with exit code 2 and one line each, no stack trace."""
    try:
        return load(kind)
    except SettingsError as fault:
        sys.stderr.write(f"wrong setting: {fault}\n")
        raise SystemExit(2) from None
