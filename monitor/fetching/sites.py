"""Names of hosts: the key of a row of `hosts`, and what counts as the same site. Pure."""

from functools import lru_cache
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}


@lru_cache(maxsize=4096)  # asked several times for each page
def host_of(url: str) -> str:
    """The host as `hosts` names it: lower case, no trailing dot, the port where it is not the scheme's."""
    parts = urlsplit(url)
    name = _name(parts)
    shown = f"[{name}]" if ":" in name else name
    port = _port(parts)
    return shown if port == _PORTS.get(parts.scheme) else f"{shown}:{port}"


def robots_address(url: str) -> str:
    """The address of the robots.txt for this one."""
    return urlunsplit(urlsplit(without_password(url))._replace(path="/robots.txt", query="", fragment=""))


@lru_cache(maxsize=4096)
def without_password(url: str) -> str:
    """The address as people and the store may see it."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else url


def within_site(url: str, location: str) -> str | None:
    """Resolve a redirect; None where it leaves the site of `url`.

    The same site is the same name with or without `www.`, at the same port, and never from https
    down to http, where anybody on the way could answer.
    """
    try:
        target = urlsplit(urljoin(url, location))
        same = _same_site(urlsplit(url), target)
    except ValueError:  # not an address at all
        return None
    if not same or "@" in target.netloc:
        return None
    return urlunsplit(target._replace(fragment=""))


def _same_site(origin: SplitResult, target: SplitResult) -> bool:
    if target.scheme not in _PORTS or (origin.scheme == "https" and target.scheme == "http"):
        return False
    if _name(origin).removeprefix("www.") != _name(target).removeprefix("www."):
        return False
    standard = origin.scheme != target.scheme and _port(origin) == 80 and _port(target) == 443
    return _port(origin) == _port(target) or standard


def _name(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".")


def _port(parts: SplitResult) -> int | None:
    return parts.port or _PORTS.get(parts.scheme)
