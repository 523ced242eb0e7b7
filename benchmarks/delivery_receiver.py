"""A fast webhook receiver in a process of its own: takes everything, remembers what came and when.

It listens on every loopback address at once, so that a benchmark has as many hosts as it likes. What is
posted below /hang is read and never answered. Its own CPU is told apart from the sender's.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a receiver saw: message ids and moments (seconds, monotonic) in order; `cpu` seconds it used."""

    arrivals: tuple[tuple[str, float], ...]
    hanging: int
    cpu: float

    @property
    def ids(self) -> set[str]:
        """Of messages that came."""
        return {name for name, _ in self.arrivals}

    def span(self, count: int | None = None) -> float:
        """Seconds from the first arrival to the last of `count` different ids."""
        first: dict[str, float] = {}
        for name, moment in self.arrivals:
            first.setdefault(name, moment)
        moments = sorted(first.values())[:count]
        return moments[-1] - moments[0] if moments else 0.0


@dataclass(frozen=True, slots=True)
class Receiver:
    """A running receiver."""

    port: int

    def url(self, number: int, *, hangs: bool = False, hosts: int = 200) -> str:
        """The address of a subscription's end, spread over so many hosts."""
        host = number % hosts
        where = f"127.{20 if hangs else 10}.{host // 250}.{host % 250 + 1}"
        return f"http://{where}:{self.port}/{'hang' if hangs else 'hooks'}/{number}"

    def count(self) -> int:
        """How many different messages came, those that hang left out."""
        return int(self._ask("/count"))

    def seen(self) -> Seen:
        """Everything that came."""
        found = json.loads(self._ask("/seen"))
        arrivals = tuple((name, moment) for name, moment in found["arrivals"])
        return Seen(arrivals, found["hanging"], found["cpu"])

    def forget(self) -> None:
        """Begin anew."""
        self._ask("/forget")

    def _ask(self, path: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", path)
        answer = connection.getresponse().read()
        connection.close()
        return answer


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver, ended at the end."""
    command = [sys.executable, "-m", "benchmarks.delivery_receiver"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:
        assert process.stdout is not None
        try:
            yield Receiver(int(process.stdout.readline()))
        finally:
            process.kill()


class _Memory:
    def __init__(self) -> None:
        self.arrivals: list[tuple[str, float]] = []
        self.ids: set[str] = set()
        self.hanging = 0
        self.cpu = time.process_time()

    def said(self, path: str) -> bytes:
        if path == "/count":
            return str(len(self.ids)).encode()
        cpu = time.process_time() - self.cpu
        return json.dumps({"arrivals": self.arrivals, "hanging": self.hanging, "cpu": cpu}).encode()


class _Connection(asyncio.Protocol):
    """As little of HTTP as senders need: requests with a length, one after the other."""

    def __init__(self, memory: _Memory) -> None:
        self.memory = memory
        self.buffer = b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].decode("latin-1")
            lines = head.split("\r\n")
            fields = dict(line.lower().split(": ", 1) for line in lines[1:])
            size = end + 4 + int(fields.get("content-length", 0))
            if len(self.buffer) < size:
                return
            self.buffer = self.buffer[size:]
            self._take(lines[0].split(" ")[1], fields)

    def _take(self, path: str, fields: dict[str, str]) -> None:
        if path.startswith("/hang"):
            self.memory.hanging += 1
        elif path == "/forget":
            self.memory.__init__()  # type: ignore[misc]
            self.transport.write(_OK)
        elif "webhook-id" in fields:
            self.memory.arrivals.append((fields["webhook-id"], time.monotonic()))
            self.memory.ids.add(fields["webhook-id"])
            self.transport.write(_OK)
        else:
            body = self.memory.said(path)
            self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def _serve() -> None:
    memory = _Memory()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(memory), "0.0.0.0", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(_serve())
