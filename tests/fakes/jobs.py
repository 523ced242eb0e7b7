"""Jobs for tests of the queue and its workers; what happened is a line in a file each."""

import os
import signal
import sys
import time
from pathlib import Path

from workers.queue import stopping

PATHS = {f"{__name__}.{name}" for name in ("note", "linger", "ignore_stops", "modules", "fail", "die")}


def note(file: str, word: str) -> None:
    """Write a word, this process and its parent."""
    with Path(file).open("a", encoding="utf-8") as out:
        out.write(f"{word} {os.getpid()} {os.getppid()}\n")


def linger(file: str, seconds: str) -> None:
    """Note the begin, stay until the time is over or a stop is asked for, note the end."""
    note(file, "begun")
    deadline = time.monotonic() + float(seconds)
    while time.monotonic() < deadline and not stopping.asked.is_set():
        time.sleep(0.01)
    note(file, "stopped" if stopping.asked.is_set() else "ended")


def ignore_stops(file: str, seconds: str) -> None:
    """Note the begin, and stay for the whole time."""
    note(file, "begun")
    deadline = time.monotonic() + float(seconds)
    while time.monotonic() < deadline:
        time.sleep(0.01)
    note(file, "ended")


def modules(file: str, name: str) -> None:
    """Note whether a module was imported before the job began."""
    note(file, "imported" if name in sys.modules else "missing")


def fail(file: str) -> None:
    """Note the begin, then raise."""
    note(file, "begun")
    raise ValueError("a job's own mistake")


def die(file: str) -> None:
    """Note the begin, then be killed."""
    note(file, "begun")
    os.kill(os.getpid(), signal.SIGKILL)


def words(file: Path) -> list[str]:
    """The words noted so far, in order."""
    return [line.split()[0] for line in _lines(file)]


def pids(file: Path, word: str) -> list[int]:
    """The processes that noted a word, in order."""
    return [int(line.split()[1]) for line in _lines(file) if line.split()[0] == word]


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
