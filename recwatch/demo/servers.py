"""The demo's servers on loopback: the made-up site and three receivers."""

import socketserver
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from recwatch.demo.story import BEFORE, StoryStep, page

AGENCY_PATH = "/agencies/bureau-of-harbor-lights"


@dataclass(slots=True)
class Arrivals:
    """What arrived: Slack payloads, mails, and headers and bodies of webhooks."""

    slack: list[bytes] = field(default_factory=list)
    mail: list[bytes] = field(default_factory=list)
    webhook: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether each receiver got something."""
        return bool(self.slack and self.mail and self.webhook)


@dataclass(slots=True)
class World:
    """The servers' addresses and contents. Setting `entries` changes the agency's page."""

    site: str = ""
    smtp_port: int = 0
    entries: Sequence[StoryStep] = BEFORE
    arrivals: Arrivals = field(default_factory=Arrivals)


@contextmanager
def running() -> Iterator[World]:
    """Serve within the block, on free ports."""
    world = World()
    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), _http(world))) as web:
        world.site = f"http://127.0.0.1:{web}"
        with _serving(_MailServer(("127.0.0.1", 0), _mail(world))) as smtp:
            world.smtp_port = smtp
            yield world


class _MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def _serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def _http(world: World) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == AGENCY_PATH:
                self._answer(200, page(world.entries, world.site).encode(), "text/html; charset=utf-8")
            else:
                self._answer(404, b"Not here.\n", "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            if self.path == "/slack":
                world.arrivals.slack.append(body)
            else:
                world.arrivals.webhook.append((dict(self.headers.items()), body))
            self._answer(200, b"ok", "text/plain")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing: standard output is the tour's."""

    return Handler


def _mail(world: World) -> type[socketserver.StreamRequestHandler]:
    """As much of RFC 5321 as a plain client needs."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 demo ready")
            answers: dict[bytes, Callable[[], None]] = {b"DATA": self._data}
            while line := self.rfile.readline(1000):
                verb = line[:4].upper().strip()
                if verb == b"QUIT":
                    self._say("221 bye")
                    return
                answers.get(verb, lambda: self._say("250 ok"))()

        def _data(self) -> None:
            self._say("354 go on")
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b"..") else line)
            world.arrivals.mail.append(b"".join(lines))
            self._say("250 taken")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    return Handler
