"""Keeps what is secret in an address or a key out of what people and logs get to see. Pure."""

from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from workers.channels.text.inert import one_line
from workers.channels.text.words import cut

_EXCERPT = 200  # characters
_SHORTEST = 6  # shorter strings occur by chance: masking them would garble the text
_MASK = "***"


def secrets_of(url: str) -> tuple[str, ...]:
    """The parts of an address that may be secret: user and password, path and query, whole and in parts."""
    try:
        parts = urlsplit(url)
        segments = [each for each in parts.path.split("/") if len(each) >= _SHORTEST]
        values = [value for _, value in parse_qsl(parts.query)]
        path = [parts.path] if segments else []
        found = [parts.username, parts.password, parts.query, *path, *segments, *values]
    except ValueError:  # not an address: all of it may be secret
        found = [url]
    plain = [each for each in found if each]
    return tuple(
        dict.fromkeys(form for each in plain for form in (each, unquote(each), quote(each, safe="")))
    )


def masked(text: str, secrets: Iterable[str]) -> str:
    """The text with each of these secrets replaced by `***`, the longest first."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, _MASK)
    return text


def excerpt_of(answer: bytes | str, secrets: Iterable[str]) -> str:
    """The beginning of an answer on one line, with any of our secrets that it echoes masked."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return cut(one_line(masked(text, secrets)), _EXCERPT)
