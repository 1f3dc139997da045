"""Settings: what is wrong is named, with what it holds and what it accepts."""

import os
from typing import Literal

import pytest

from services.common.settings import Port, Seconds, Settings, SettingsError, load


class Told(Settings, frozen=True, kw_only=True):
    try_port: Port = 1
    wait_s: Seconds = 1.5
    pace: Literal["slow", "fast"] = "slow"
    must: str


def test_settings_are_read_from_their_variables_and_have_defaults() -> None:
    told = load(Told, {"DRAGOMAN_TRY_PORT": "8080", "DRAGOMAN_MUST": "x", "OTHER": "y"})
    assert (told.try_port, told.wait_s, told.must) == (8080, 1.5, "x")


@pytest.mark.parametrize(
    ("variable", "value", "accepted"),
    [
        ("DRAGOMAN_TRY_PORT", "seventy", "int"),
        ("DRAGOMAN_TRY_PORT", "0", ">= 1"),
        ("DRAGOMAN_TRY_PORT", "70000", "<= 65535"),
        ("DRAGOMAN_WAIT_S", "-1", "> 0"),
        ("DRAGOMAN_LOG_LEVEL", "loud", "debug|info|warning|error"),
        ("DRAGOMAN_PACE", "brisk", "slow, fast"),
    ],
)
def test_a_wrong_one_is_named_with_its_value_and_what_it_accepts(variable: str, value: str, accepted: str) -> None:
    with pytest.raises(SettingsError) as fault:
        load(Told, {"DRAGOMAN_MUST": "x", variable: value})
    (line,) = str(fault.value).splitlines()
    assert line.startswith(f"{variable}={value!r}: ")
    assert accepted in line


def test_all_that_are_wrong_are_named_at_once_and_so_are_missing_ones() -> None:
    with pytest.raises(SettingsError) as fault:
        load(Told, {"DRAGOMAN_TRY_PORT": "x", "DRAGOMAN_WAIT_S": "y"})
    assert [line.partition("=")[0].split(" ")[0] for line in str(fault.value).splitlines()] == [
        "DRAGOMAN_TRY_PORT",
        "DRAGOMAN_WAIT_S",
        "DRAGOMAN_MUST",
    ]


def test_bytes_that_are_no_text_are_named_as_such() -> None:
    with pytest.raises(SettingsError, match=r"DRAGOMAN_LOG_LEVEL=.*UTF-8"):
        load(Told, {"DRAGOMAN_MUST": "x", "DRAGOMAN_LOG_LEVEL": os.fsdecode(b"\xff")})
