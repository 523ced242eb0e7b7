"""Runs programs and says what they cost: user and system time, wall time, peak memory; children's too."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


def compile_all(*folders: Path) -> None:
    """Compile Python to bytecode ahead, as installers do: nobody is measured compiling."""
    command = [sys.executable, "-m", "compileall", "-q", *map(str, folders)]
    # A file that does not compile (a template among a package's data) is nobody's concern here.
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=bare())


def bare(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Give this environment, without what keeps Python from using the bytecode that it has compiled."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **(more or {})}


@dataclass(frozen=True)
class Usage:
    """What a process and its children cost. Seconds; `peak` in megabytes, of the largest of them."""

    cpu: float
    wall: float
    peak: float
    status: int
    out: str


class Late(Exception):
    """The process did not end in time and was killed."""


def run(
    command: Sequence[str],
    *,
    stdin: str = "",
    env: Mapping[str, str] | None = None,
    limit: float = 900,
) -> Usage:
    """Run a program to its end. Late: after `limit` seconds.

    Its peak counts from this process's own size at the start (Linux hands it on), so this one stays small.
    """
    with tempfile.TemporaryFile() as into, tempfile.TemporaryFile() as given:
        given.write(stdin.encode())
        given.seek(0)
        start = time.monotonic()
        process = subprocess.Popen(
            command, stdin=given, stdout=into, stderr=subprocess.STDOUT, cwd=ROOT, env=bare(env)
        )
        late = threading.Event()
        timer = threading.Timer(limit, lambda: (late.set(), process.kill()))
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - start
        if late.is_set():
            raise Late(f"not done after {limit:.0f} s")
        into.seek(0)
        out = into.read().decode("utf-8", "replace")
    return Usage(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024, process.returncode, out)
