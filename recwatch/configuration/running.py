"""What a running `up` runs with, for verbs that ask about it."""

import os
from contextlib import suppress
from pathlib import Path

from recwatch.configuration import Loaded

LOCK = "up.lock"  # below the home; holds the process id of the `up` that runs
_RUNNING = "running.toml"


def remember_running(loaded: Loaded) -> None:
    """Keep the text that is in effect. References in it are not resolved, so there is no secret from them."""
    fresh = loaded.home / f"{_RUNNING}.new"
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(f"# {loaded.path}\n{loaded.text}")
    fresh.replace(loaded.home / _RUNNING)


def forget_running(home: Path) -> None:
    """Nothing runs from here on."""
    (home / _RUNNING).unlink(missing_ok=True)


def running_text(home: Path, path: Path) -> str | None:
    """The text of this configuration file that a running `up` has in effect; None where none runs with it."""
    with suppress(OSError, ValueError):
        os.kill(int((home / LOCK).read_text(encoding="ascii")), 0)
        first, _, text = (home / _RUNNING).read_text(encoding="utf-8").partition("\n")
        return text if first == f"# {path.absolute()}" else None
    return None
