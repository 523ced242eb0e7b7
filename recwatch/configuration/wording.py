"""Pydantic's errors in words for somebody who writes a TOML file."""

import re
from datetime import timedelta
from typing import Any

from monitor.record.durations import format_duration
from recwatch.configuration.shape import nearest

_WHAT = {
    "string_type": 'must be text, in quotes: "…"',
    "string_sub_type": 'must be text, in quotes: "…"',
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list, in square brackets: […]",
    "list_type": "must be a list, in square brackets: […]",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "time_delta_type": "must be a duration such as 500ms, 5s, 1m, 2h or 3d, in quotes",
    "missing": "missing",
    "union_tag_not_found": "channel is missing",
    "string_pattern_mismatch": 'letters, digits, "_", "-" and "." can be used, at most 64',
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "time_delta_parsing": "must be a duration such as 500ms, 5s, 1m, 2h or 3d, in quotes",
}


def words(error: Any) -> str:
    """Say what would be right; `error` is one of ValidationError.errors()."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _WHAT:
        return _WHAT[kind]
    if kind == "value_error":
        return _with_nearest(str(context["error"]))
    if kind in ("literal_error", "enum"):
        return _one_of(error["input"], _quoted_words(context["expected"]))
    if kind == "union_tag_invalid":
        return _one_of(context["tag"], _quoted_words(context["expected_tags"]))
    return _bound(kind, context) or _tidy(error["msg"])


def _bound(kind: str, context: Any) -> str:
    phrases = {
        "greater_than": ("more than", "gt"),
        "greater_than_equal": ("at least", "ge"),
        "less_than": ("less than", "lt"),
        "less_than_equal": ("at most", "le"),
    }
    if kind not in phrases:
        return ""
    phrase, limit = phrases[kind]
    return f"must be {phrase} {_plain(context[limit])}"


def _plain(limit: Any) -> str:
    """A bound in plain words; pydantic writes a duration as `datetime.timedelta(seconds=1)`."""
    if isinstance(limit, (int, float)):
        return f"{limit:g}"
    parts = {unit: float(number) for unit, number in re.findall(r"(days|seconds)=(\d+)", str(limit))}
    return format_duration(timedelta(**parts)) if parts else str(limit)


def _quoted_words(expected: str) -> list[str]:
    """Split `'a', 'b' or 'c'`."""
    return expected.split("'")[1::2]


def _one_of(value: Any, known: list[str]) -> str:
    near = nearest(str(value), known)
    hint = f'; did you mean "{near}"?' if near else ""
    return f'"{value}" is none of {", ".join(known)}{hint}'


def _with_nearest(message: str) -> str:
    """Add the nearest word to a validator's `"x" is none of a, b`."""
    value, _, known = message.partition(" is none of ")
    return _one_of(value.strip('"'), known.split(", ")) if known else message


def _tidy(message: str) -> str:
    return message[:1].lower() + message[1:]
