"""Reads a site's robots.txt. Pure."""

from datetime import timedelta
from functools import lru_cache

from protego import Protego

AGENT = "recwatch"  # the name in a site's rules
MAX_BYTES = 512 * 1024  # as RFC 9309 asks; the rest is not read
_MARKUP = (b"<", b"\xef\xbb\xbf<", b"{")
_TYPES_OF_TEXT = ("text/plain", "application/octet-stream", "binary/octet-stream", "")


def believable(body: bytes, content_type: str | None) -> str | None:
    """Give the text of a robots.txt; None for a login page, a bot check or anything else that is no text."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind not in _TYPES_OF_TEXT and not kind.startswith("text/x-"):
        return None
    if b"\x00" in body or body.lstrip().startswith(_MARKUP):
        return None
    text = body.decode("utf-8-sig", errors="replace")
    try:
        _parsed(text).can_fetch("https://example.org/", AGENT)
    except Exception:  # noqa: BLE001 - rules that break their reader forbid nothing, and must not stop us
        return None
    return text


@lru_cache(maxsize=32)
def _parsed(text: str) -> Protego:
    return Protego.parse(text)


def allows(text: str | None, url: str) -> bool:
    """Whether the rules let us ask for an address; without rules, yes."""
    return text is None or _parsed(text).can_fetch(url, AGENT)


def crawl_delay(text: str | None) -> timedelta:
    """How long the rules want between two requests; zero where they don't say."""
    delay = _parsed(text).crawl_delay(AGENT) if text else None
    return timedelta(seconds=min(delay, 10**6)) if delay else timedelta(0)
