"""The site that is watched and the sink that is told, in a process of their own.

    python -m benchmarks.site

prints its port, then answers on loopback until its standard input ends. Pages differ in every response where
the real ones do. `/!set?…` chooses what is shown, `/!usage` says what the process has cost so far, a POST to
`/sink` is kept and read back from `/!told`.
"""

import asyncio
import json
import random
import re
import resource
import sys
from functools import lru_cache
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

from benchmarks import content

_MARKS = re.compile("([\x01-\x05])")


class Shown:
    """What the site shows: how much of it, and which round."""

    def __init__(self) -> None:
        self.pages = self.rows = self.turn = 0
        self.few = {"pages": 10, "rows": 25}
        self.etags = False
        self.asked = 0
        self.told: list[str] = []

    def set(self, query: dict[str, list[str]]) -> None:
        """Take over what a query says."""
        for name in ("pages", "rows", "turn"):
            setattr(self, name, int(query.get(name, ["0"])[0]))
        self.few = {"pages": int(query["few_pages"][0]), "rows": int(query["few_rows"][0])}
        self.etags = query.get("etags") == ["1"]
        self.asked, self.told = 0, []


SHOWN = Shown()


@lru_cache(maxsize=2000)
def _pieces(page: int, turn: int) -> list[bytes]:
    changes: dict[int, str] = {}
    for one in range(1, turn + 1):
        row = content.changed_pages(SHOWN.few["pages"], SHOWN.pages, one).get(page)
        if row is not None:
            changes[row] = changes.get(row, "") + content.news(one, page)
    return [piece.encode() for piece in _MARKS.split(content.agency_page(page, changes))]


def _filled(page: int) -> bytes:
    turn = _last_change(page, SHOWN.turn)
    dice = random.Random()
    fill = {
        b"\x02": b"%d" % dice.randrange(10**6, 10**7),
        b"\x04": (b"%x" % dice.getrandbits(2400)),
        b"\x05": b"4.%d.%d" % (dice.randrange(10), dice.randrange(100)),
    }
    made = []
    for piece in _pieces(page, turn):
        if piece == b"\x01":
            made.append(b"%064x" % dice.getrandbits(256))
        elif piece == b"\x03":
            made.append(b"%043x" % dice.getrandbits(172))
        else:
            made.append(fill.get(piece, piece))
    return b"".join(made)


def _last_change(page: int, turn: int) -> int:
    """The round in which a page was changed last: one copy is kept of what did not change."""
    turns = range(turn, 0, -1)
    return next(
        (one for one in turns if page in content.changed_pages(SHOWN.few["pages"], SHOWN.pages, one)), 0
    )


_EXPORT: dict[tuple[int, int], tuple[bytes, bytes]] = {}


def _export() -> bytes:
    key = (SHOWN.rows, SHOWN.turn)
    if key not in _EXPORT:
        changes: dict[int, str] = {}
        for turn in range(1, SHOWN.turn + 1):
            for row in content.changed_rows(SHOWN.few["rows"], SHOWN.rows, turn):
                changes[row] = changes.get(row, "") + content.news(turn, row)
        before, _, after = content.export(SHOWN.rows, changes, "\x01").partition(b"\x01")
        _EXPORT.clear()  # the large one is 68 MB
        _EXPORT[key] = before, after
    before, after = _EXPORT[key]
    when = f"Sep 28, 2030 at 7:{min(SHOWN.asked, 59):02d} PM EST"
    return before + when.encode() + after


class _Answering(asyncio.Protocol):
    """HTTP as far as the benchmarks need it: one request at a time on a connection that is kept."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out, self._in = transport, b""

    def data_received(self, data: bytes) -> None:
        self._in += data
        while b"\r\n\r\n" in self._in:
            head, _, rest = self._in.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
            }
            length = int(headers.get("content-length", 0))
            if len(rest) < length:
                return
            self._in = rest[length:]
            method, target, _ = lines[0].split(" ", 2)
            self._out.write(_answer(method, target, headers, rest[:length]))
            if headers.get("connection", "").lower() == "close":
                self._out.close()


def _answer(method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
    parts = urlsplit(target)
    if method == "POST":
        SHOWN.told.append(body.decode("utf-8", "replace"))
        return _response(204, b"")
    if parts.path.startswith("/!"):
        return _order(parts.path, parse_qs(parts.query))
    SHOWN.asked += 1
    page = int(parts.path.rpartition("-")[2]) if parts.path.startswith("/agencies/") else None
    if page is None and parts.path != "/open-recs2-csv":
        return _response(404, b"none")
    etag = sha256(
        f"{page}:{SHOWN.turn if page is None else _last_change(page, SHOWN.turn)}".encode()
    ).hexdigest()[:16]
    extra = f'ETag: "{etag}"\r\n' if SHOWN.etags else ""
    if SHOWN.etags and headers.get("if-none-match") == f'"{etag}"':
        return _response(304, b"", extra=extra)
    if page is None:
        return _response(200, _export(), "text/csv; charset=UTF-8", extra)
    return _response(200, _filled(page), "text/html; charset=UTF-8", extra)


def _order(path: str, query: dict[str, list[str]]) -> bytes:
    if path == "/!set":
        SHOWN.set(query)
        for page in range(SHOWN.pages):
            _pieces(page, _last_change(page, SHOWN.turn))  # made now, and not while somebody is measured
        if SHOWN.rows:
            _export()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    said = {"cpu": usage.ru_utime + usage.ru_stime, "asked": SHOWN.asked}
    if path == "/!told":
        said["told"] = SHOWN.told
    return _response(200, json.dumps(said).encode(), "application/json")


def _response(status: int, body: bytes, kind: str = "text/plain", extra: str = "") -> bytes:
    reason = {200: "OK", 204: "No Content", 304: "Not Modified", 404: "Not Found"}[status]
    length = "" if status in (204, 304) else f"Content-Length: {len(body)}\r\n"
    return f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\n{extra}{length}\r\n".encode() + body


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(_serve())
