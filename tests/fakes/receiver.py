"""A webhook receiver on loopback: answers by script, remembers what came, checks signatures."""

import contextlib
import json
import socket
import struct
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks.webhooks import Webhook


@dataclass(frozen=True)
class Answer:
    """One scripted answer; the default accepts.

    `hang`: no answer before the receiver is closed. `reset`: the connection is reset once the request
    was read. `drip`: the body comes in single bytes, this many seconds apart. `ragged`: the connection
    breaks off after the headers and before the body that they promise. `raw`: these bytes instead of an
    answer, in pieces that arrive one by one; then the connection is closed,
    unless `keep`, `hang` or `reset` apply.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"ok"
    hang: bool = False
    reset: bool = False
    drip: float = 0
    ragged: bool = False
    raw: tuple[bytes, ...] = ()
    keep: bool = False


OK = Answer()
GONE = Answer(410, body=b"gone")
BROKEN = Answer(500, body=b"oh dear")
HANGS = Answer(hang=True)
RESETS = Answer(reset=True)


_OK = b"HTTP/1.1 200 OK\r\n"
# Receivers that accepted, in ways that strict parsers of HTTP refuse.
ODD_ACCEPTS = {
    "204 with a body": Answer(raw=(b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",)),
    "204 with a late body": Answer(
        raw=(
            b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
            b"hello",
        ),
        keep=True,
    ),
    "a length that is no number": Answer(raw=(_OK + b"Content-Length: two\r\n\r\nok",)),
    "a negative length": Answer(raw=(_OK + b"Content-Length: -1\r\n\r\nok",)),
    "two lengths": Answer(raw=(_OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",)),
    "too short a length": Answer(raw=(_OK + b"Content-Length: 1\r\n\r\nok",)),
    "too long a length": Answer(raw=(_OK + b"Content-Length: 9\r\n\r\nok",)),
    "a length and chunks": Answer(
        raw=(_OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",)
    ),
    "an unheard-of encoding": Answer(raw=(_OK + b"Transfer-Encoding: zig-zag\r\n\r\nok",)),
    "not the encoding it names": Answer(
        raw=(_OK + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok",), keep=True
    ),
    "a header of 20 kB": Answer(raw=(_OK + b"X-Long: " + b"x" * 20_000 + b"\r\nContent-Length: 0\r\n\r\n",)),
    "500 headers": Answer(raw=(_OK + b"X-Many: 1\r\n" * 500 + b"Content-Length: 0\r\n\r\n",)),
    "headers without an end": Answer(raw=(_OK, *(b"X-More: " + b"x" * 60_000 + b"\r\n",) * 8), hang=True),
    "a header without a colon": Answer(raw=(_OK + b"no colon here\r\nContent-Length: 0\r\n\r\n",)),
    "a header with a control character": Answer(raw=(_OK + b"X-Odd: a\x00b\r\nContent-Length: 0\r\n\r\n",)),
    "a bad chunk": Answer(raw=(_OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nok\r\n",)),
    "a chunk cut off": Answer(raw=(_OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nok",)),
    "chunks cut off by a reset": Answer(
        raw=(_OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nok",), reset=True
    ),
    "nothing after the status line": Answer(raw=(_OK,)),
    "a reset after the status line": Answer(raw=(_OK,), reset=True),
    "a reset within the headers": Answer(raw=(_OK + b"Content-Le",), reset=True),
    "silence after the status line": Answer(raw=(_OK,), hang=True),
    "a body without an end": Answer(raw=(_OK + b"\r\n", *(b"x" * 50_000,) * 8), hang=True),
    "two answers": Answer(raw=((_OK + b"Content-Length: 2\r\n\r\nok") * 2,)),
    "bare line feeds": Answer(raw=(b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",), keep=True),
    "no reason": Answer(raw=(b"HTTP/1.1 202\r\nContent-Length: 0\r\n\r\n",), keep=True),
    "a reason in Latin 1": Answer(raw=(b"HTTP/1.1 201 Cr\xe9\xe9\r\nContent-Length: 0\r\n\r\n",), keep=True),
    "an early hint first": Answer(
        raw=(b"HTTP/1.1 103 Early Hints\r\n\r\n", _OK + b"Content-Length: x\r\n\r\n")
    ),
    "an unheard-of version": Answer(raw=(b"HTTP/2 200\r\ncontent-length: 0\r\n\r\n",)),
    "an old version": Answer(raw=(b"HTTP/1.0 200 OK\r\n\r\nok",)),
    "a status line in pieces": Answer(
        raw=(b"HT", b"TP/1.1 2", b"00 OK\r", b"\n", b"Content-Length: x\r\n\r\n")
    ),
}


def busy(retry_after: str, status: int = 429) -> Answer:
    """An answer that says when to come back."""
    return Answer(status, (("Retry-After", retry_after),), b"too many")


@dataclass(frozen=True)
class Request:
    """What came in, header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def verify(self, secret: str) -> Any:
        """The body, if its signature holds; raises the library's error if not."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Use as a context manager. `script` is used up front to back; then `choose` answers, or `otherwise`.

    `at` is the port, 0 for any that is free.
    """

    script: deque[Answer] = field(default_factory=deque)
    otherwise: Answer = OK
    requests: list[Request] = field(default_factory=list)
    on_request: Callable[[Request], None] | None = None  # called before the answer is taken
    at: int = 0
    choose: Callable[[Request], Answer] | None = None

    def __enter__(self) -> Self:
        self._closing = threading.Event()
        self._arrived = threading.Condition()
        self._server = _Server(("127.0.0.1", self.at), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/gao"

    def ids(self) -> list[str]:
        """The message ids in the order in which they came."""
        with self._arrived:
            return [request.id for request in self.requests]

    def wait(self, number: int, seconds: float = 60) -> list[Request]:
        """Wait until so many requests came; AssertionError when they do not."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.requests) >= number, seconds)
            assert came, f"{len(self.requests)} of {number} requests came within {seconds} s"
            return list(self.requests)

    def _take(self, request: Request) -> Answer:
        if self.on_request:
            self.on_request(request)
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
            if self.script:
                return self.script.popleft()
        return self.choose(request) if self.choose else self.otherwise

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        return type("Handler", (_Handler,), {"receiver": self})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # many senders connect at once

    def handle_error(self, *_: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a sender that was killed is no news
            super().handle_error(*_)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    """One connection to a receiver."""

    receiver: Receiver
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.receiver._take(Request(self.path, headers, body))
        self._write_raw(answer.raw)
        if answer.hang:
            self.receiver._closing.wait(60)
        if answer.hang or answer.reset:
            self._reset()
        elif answer.raw:
            self.close_connection = not answer.keep
        else:
            self._say(answer)

    def do_GET(self) -> None:
        self.do_POST()  # a redirect that was followed would arrive so

    def _say(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body) + (100 if answer.ragged else 0)))
        self.close_connection = answer.ragged
        try:
            self.end_headers()
            for piece in _single_bytes(answer.body) if answer.drip else [answer.body]:
                self.wfile.write(piece)
                if answer.drip and self.receiver._closing.wait(answer.drip):
                    return
        except OSError:
            self.close_connection = True  # the sender has read enough

    def _write_raw(self, pieces: tuple[bytes, ...]) -> None:
        with contextlib.suppress(OSError):  # the sender has read enough
            for number, piece in enumerate(pieces):
                self.receiver._closing.wait(0.05 if number else 0)
                self.wfile.write(piece)
        if pieces:
            self.receiver._closing.wait(0.05)  # what was written is to arrive before a reset

    def _reset(self) -> None:
        # Closing with a linger of nothing sends RST instead of FIN.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """The tests' output is theirs."""


def _single_bytes(body: bytes) -> list[bytes]:
    return [body[index : index + 1] for index in range(len(body))]
