"""The other process: the site that is watched and the sink that is told (benchmarks/site.py)."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from benchmarks.processes import ROOT


class Site:
    """A running one."""

    def __init__(self, port: int) -> None:
        self._port = port

    def url(self, path: str) -> str:
        """The address of a path."""
        return f"http://127.0.0.1:{self._port}{path}"

    def show(self, **what: int) -> None:
        """Choose what is shown: pages, rows, turn, few_pages, few_rows, etags."""
        self._order("set", **what)

    def usage(self) -> float:
        """What the process has cost so far, in seconds of CPU."""
        return float(self._order("usage")["cpu"])

    def told(self) -> list[str]:
        """The bodies that were posted since the last `show`."""
        return list(self._order("told")["told"])

    @staticmethod
    def spare_port() -> int:
        """A port that nobody listens at."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return int(free.getsockname()[1])

    def _order(self, name: str, **query: int) -> dict[str, Any]:
        with urlopen(self.url(f"/!{name}?{urlencode(query)}"), timeout=300) as answer:
            found: dict[str, Any] = json.load(answer)
            return found


@contextmanager
def open_site() -> Iterator[Site]:
    """Run the site for the block."""
    command = [sys.executable, "-m", "benchmarks.site"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdin
    try:
        yield Site(int(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(timeout=30)
