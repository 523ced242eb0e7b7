"""Durations and sizes as the configuration writes them: `500ms`, `5s`, `1m`, `2h`, `3d`; `64MB`."""

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_SIZES = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(B|kB|KB|MB|GB)")
_RATE = re.compile(r"(\d+(?:\.\d+)?)/(s|m|h)")


def parse_duration(text: str) -> timedelta:
    """Read `90s` as 90 seconds. ValueError says what a duration looks like."""
    if not (match := _DURATION.fullmatch(text.strip())):
        raise ValueError(f'"{text}" is not a duration; write 500ms, 5s, 1m, 2h or 3d')
    try:
        return timedelta(seconds=float(match[1]) * _UNITS[match[2]])
    except OverflowError:
        raise ValueError(f'"{text}" is too long') from None


def format_duration(value: timedelta) -> str:
    """Write a duration in the largest unit that divides it: 90 s is `90s`, 120 s is `2m`."""
    milliseconds = round(value.total_seconds() * 1000)
    if milliseconds == 0:
        return "0s"
    for unit in ("d", "h", "m", "s"):
        size = round(_UNITS[unit] * 1000)
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def parse_size(text: str) -> int:
    """Read `64MB` as a number of bytes, decimal units."""
    if not (match := _SIZE.fullmatch(text.strip())):
        raise ValueError(f'"{text}" is not a size; write 500kB, 64MB or 5GB')
    return round(float(match[1]) * _SIZES[match[2].upper()])


def parse_rate(text: str) -> timedelta:
    """Read `20/s` as the time between two: 50 ms."""
    match = _RATE.fullmatch(text.strip())
    if not match or float(match[1]) == 0:
        raise ValueError(f'"{text}" is not a rate; write 20/s, 100/m or 1000/h')
    return timedelta(seconds=_UNITS[match[2]] / float(match[1]))


def _duration_or_pass(value: Any) -> Any:
    if isinstance(
        value, (int, float)
    ):  # a bare number might mean hours; read as seconds it would flood a site
        raise ValueError(f"{value} has no unit; write 500ms, 5s, 1m, 2h or 3d, in quotes")
    return parse_duration(value) if isinstance(value, str) else value


def _optional_duration(value: Any) -> Any:
    return None if value == "" else _duration_or_pass(value)


def _size_or_pass(value: Any) -> Any:
    return parse_size(value) if isinstance(value, str) else value


def _rate_or_pass(value: Any) -> Any:
    return parse_rate(value) if isinstance(value, str) else value


def _write_duration(value: timedelta | None) -> str:
    return "" if value is None else format_duration(value)


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration_or_pass, json_schema_input_type=str),
    PlainSerializer(_write_duration, return_type=str),
]
OptionalDuration = Annotated[
    timedelta | None,
    BeforeValidator(_optional_duration, json_schema_input_type=str),
    PlainSerializer(_write_duration, return_type=str),
]
Size = Annotated[int, BeforeValidator(_size_or_pass, json_schema_input_type=str | int)]
Interval = Annotated[
    timedelta,
    BeforeValidator(_rate_or_pass, json_schema_input_type=str),
    PlainSerializer(lambda value: f"{1 / value.total_seconds():g}/s", return_type=str),
]
