"""Notices that the configuration has changed while a system runs with it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import structlog

from recwatch.configuration import Loaded
from recwatch.configuration.errors import ConfigError

_FILE = re.compile(r"\$\{file:([^}]*)\}")
_IDENTIFIED = ("sources", "subscriptions")

REFUSED = "the changed configuration is not valid; the old one stays in effect"

_log = structlog.get_logger()
_Stamp = tuple[int, int, int] | None


class ConfigurationWatch:
    """Looks whether the configuration file, or a file that it refers to, is another than before."""

    def __init__(self, loaded: Loaded, load: Callable[[], Loaded]) -> None:
        self.current = loaded
        self._load = load
        self._refused = ""
        # Empty: the first look reads the file again, which may have changed since it was loaded.
        self._last: list[_Stamp] = []
        self._seen: list[_Stamp] = []

    def changed(self) -> bool:
        """Whether another valid configuration is current now. One that is not valid is logged, once."""
        stamps = self._stamps()
        is_settled = stamps == self._last
        self._last = stamps
        if stamps == self._seen or not is_settled:  # else it may be half written
            return False
        self._seen = stamps
        try:
            loaded = self._load()
        except ConfigError as error:
            if str(error) != self._refused:
                _log.warning(REFUSED, error=str(error))
            self._refused = str(error)
            return False
        self._refused = ""
        before, self.current = self.current, loaded
        differing = list(differences(before.document, loaded.document))
        if differing:
            _log.info("the configuration changed and is in effect", changed=", ".join(differing))
        return bool(differing)

    def _stamps(self) -> list[_Stamp]:
        found = self.current
        named = [found.path.resolve().parent / Path(name).expanduser() for name in _FILE.findall(found.text)]
        return [_stamp(path) for path in (found.path, *named)]


def _stamp(path: Path) -> _Stamp:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """The keys whose values differ, without the values: they may be secret."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            inner = f"{path}.{key}" if path else str(key)
            yield from differences(_by_id(key, old.get(key)), _by_id(key, new.get(key)), inner)
    elif old != new:
        yield (
            path
            if old is not None and new is not None
            else f"{path} ({'added' if old is None else 'removed'})"
        )


def _by_id(key: str, value: Any) -> Any:
    """Sources and subscriptions by their ids: one that is added in front does not change those after it."""
    if key in _IDENTIFIED and isinstance(value, list):
        return {each.get("id"): each for each in value}
    return value
