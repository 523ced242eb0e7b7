"""Keeps secrets out of everything that is shown: outputs, logs, errors, notices. Pure, but for what is known.

What the configuration holds is known by its value, and masked wherever it occurs. Beyond that, passwords and
parameters that are named like secrets are masked in any address.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

MASK = "********"
_PASSWORD = re.compile(r"(?<=://)([^/\s:@?#]{0,200}):[^/\s@?#]{1,500}@")
_PARAMETER = re.compile(
    r"([?&;][\w.-]{0,40}?(?:pass|pwd|token|secret|key|sig|auth|credential)[\w.-]{0,40}=)[^&;#\s\"'<>]+",
    re.IGNORECASE,
)

_known: dict[str, str] = {}  # secrets of this process's configuration, with what is shown instead


def know(secrets: Mapping[str, str]) -> None:
    """Mask these values from now on, each by what it is mapped to; longer ones first."""
    merged = {**_known, **secrets}
    _known.clear()
    _known.update(sorted(merged.items(), key=lambda item: -len(item[0])))


def without_known(text: str) -> str:
    """The text without secrets of the configuration, and otherwise to the letter."""
    for secret, shown in _known.items():
        if secret in text:
            text = text.replace(secret, shown)
    return text


def masked(text: str) -> str:
    """Likewise, and without passwords in addresses and parameters that are named like secrets."""
    text = without_known(text)
    if "://" in text or "=" in text:
        text = _PARAMETER.sub(rf"\1{MASK}", _PASSWORD.sub(rf"\1:{MASK}@", text))
    return text


def masked_url(url: str, *, path: bool = False) -> str:
    """The address without password and values of parameters; `path`: without its path, too."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return MASK
    user, at, host = parts.netloc.rpartition("@")
    name, colon, _ = user.partition(":")
    shown = (f"{name}:{MASK}" if colon else MASK) + at if at else ""
    query = "&".join(_masked_parameter(each) for each in parts.query.split("&")) if parts.query else ""
    hidden = f"/{MASK}" if path and parts.path.strip("/") else parts.path
    fragment = MASK if parts.fragment else ""
    return parts._replace(netloc=shown + host, path=hidden, query=query, fragment=fragment).geturl()


def _masked_parameter(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    if not equals:
        return MASK
    return f"{name}={MASK}" if value else parameter
