"""Processes of a test's own: Python started on a snippet, waited for, killed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0  # seconds for what takes a moment on an idle machine


def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
    """Run a snippet in a new interpreter; `sys.argv[1:]` are the arguments, standard output a pipe."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
        },
    )


@contextmanager
def running(code: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A snippet's process, killed at the end if it still lives."""
    with start(code, *arguments) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    """The next line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Wait until something holds; how long that took. Fails after the time: a busy machine is no failure."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.005)
    return time.monotonic() - began


def slowness() -> float:
    """How many times longer work takes now than on a machine that does nothing else; at least 1.

    For a promise of so many seconds: other work on the machine is not our doing.
    """
    began, used = time.perf_counter(), time.process_time()
    while time.process_time() - used < 0.2:
        pass
    return max((time.perf_counter() - began) / 0.2, 1.0)


def lives(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has collected does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return False
        return _answers(pid)  # a system without /proc
    return status.rpartition(")")[2].split()[0] not in "ZX"


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
