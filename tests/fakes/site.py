"""A web site on loopback that answers by script and remembers what it was asked."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_REASONS = {200: "OK", 304: "Not Modified", 403: "Forbidden", 404: "Not Found"}


@dataclass
class Answer:
    """One scripted answer.

    `cut`: the connection ends after so many bytes of the body. `wait`: seconds before the answer, `drip`:
    seconds after each byte of the body.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    wait: float = 0
    drip: float = 0


@dataclass
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]


class Site:
    """Answers each path with its script's next answer; the last one is given again and again."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.port = 0
        self._scripts: dict[str, list[Answer]] = defaultdict(list)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def answers(self, path: str, *answers: Answer) -> None:
        """Set the script of a path, from now on."""
        self._scripts[path] = list(answers)

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [one.path for one in self.asked]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _read(reader):
                self.asked.append(request)
                answer = self._next(request.path)
                await asyncio.sleep(answer.wait)
                writer.write(_head(answer))
                for piece in _pieces(answer):
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(answer.drip)
                if answer.cut is not None:
                    break
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _next(self, path: str) -> Answer:
        script = self._scripts.get(path) or [Answer(404)]
        return script.pop(0) if len(script) > 1 else script[0]


@asynccontextmanager
async def open_site() -> AsyncIterator[Site]:
    """Serve a site on a free port until the block ends."""
    site = Site()
    server = await asyncio.start_server(site._serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    try:
        yield site
    finally:
        server.close()


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    line = await reader.readline()
    if not line:
        return None
    headers = {}
    while (header := (await reader.readline()).decode().strip()) != "":
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return Asked(line.decode().split()[1], headers)


def _pieces(answer: Answer) -> list[bytes]:
    body = answer.body[: answer.cut]
    return [body[place : place + 1] for place in range(len(body))] if answer.drip else [body]


def _head(answer: Answer) -> bytes:
    headers = {"Content-Type": "text/html", "Content-Length": str(len(answer.body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Answer')}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if value]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
