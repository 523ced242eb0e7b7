"""The far ends, real servers on loopback: the page that is watched, and receivers in bad weather."""

import email
import email.policy
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.smtp import Envelope

from tests.chaos.ledger import Arrival, Ledger
from tests.chaos.script import Script, Told
from tests.fakes import receiver, slack
from tests.fakes.receiver import Receiver
from tests.fakes.slack import FakeSlack
from tests.fakes.smtp import FakeSmtp

SECRET = "whsec_bWFkZSB1cCBmb3IgdGhlIHRlc3RzIG9mIHJlY3c="
RECEIVERS = 3
_TOKEN = re.compile(r"p(\d{4})r(\d{3})")
# What becomes of an attempt, in percent; the rest is taken and confirmed.
WEATHER = {
    "500": 4.0,
    "429": 1.5,
    "resets": 1.0,
    "accepts and resets": 1.5,
    "hangs": 0.4,
    "accepts and hangs": 0.4,
}
# One mail server is all there is, and a host that hangs gets one mail at a time for five minutes.
RARER = {"email": {"hangs": 0.05, "accepts and hangs": 0.05}}
_RETRY_AFTER = "1"
_HTTP = {
    "ok": receiver.OK,
    "500": receiver.BROKEN,
    "429": receiver.busy(_RETRY_AFTER),
    "resets": receiver.RESETS,
    "accepts and resets": receiver.RESETS,
    "hangs": receiver.HANGS,
    "accepts and hangs": receiver.HANGS,
}
_SLACK = {
    "ok": slack.Answer(),
    "500": slack.Answer(500, "out of order"),
    "429": slack.Answer(429, "ratelimited", retry_after=_RETRY_AFTER),
    "resets": slack.Answer(503, "gone", drop=True),
    "accepts and resets": slack.Answer(drop=True),
    "hangs": slack.Answer(503, "gone", hang=True),
    "accepts and hangs": slack.Answer(hang=True),
}
_SMTP = {
    "ok": "",
    "500": "451 out of order",
    "429": "450 too many",
    "resets": "drop",
    "accepts and resets": "drop-after",
    "hangs": "hang",
    "accepts and hangs": "hang",
}


class Weather:
    """Draws what becomes of each attempt; `calm` from the end of the storm on."""

    def __init__(self, seed: int) -> None:
        self.calm = False
        self.answers: Counter[str] = Counter()
        self._draw = random.Random(seed)
        self._lock = threading.Lock()

    def answer(self, channel: str) -> str:
        with self._lock:
            shares = WEATHER | RARER.get(channel, {})
            shares["ok"] = 100 - sum(shares.values())
            kind = "ok" if self.calm else self._draw.choices(list(shares), list(shares.values()))[0]
            self.answers[f"{channel}: {kind}"] += 1
            return kind


class Ends:
    """All of them; every attempt is noted in the ledger as it is answered."""

    def __init__(self, script: Script, ledger: Ledger, weather: Weather) -> None:
        self.page = script.page(0)
        self.reads = 0  # how often the page was asked for
        self.slack = FakeSlack(choose=self._slack)
        self.mail = FakeSmtp(choose=self._mail)
        self.hooks = [Receiver(choose=self._hook) for _ in range(RECEIVERS)]
        self.site = ""
        self._ledger, self._weather = ledger, weather
        self._by_recipient = {to: each.name for each in script.subscriptions for to in each.recipients if to}

    @contextmanager
    def open(self) -> Iterator[None]:
        """Serve for the block."""
        with ExitStack() as stack:
            for server in (self.slack, self.mail, *self.hooks):
                stack.enter_context(server)
            self.site = stack.enter_context(serving(self._read))
            yield

    def _read(self) -> bytes:
        self.reads += 1
        return self.page

    def _slack(self, request: slack.Request) -> slack.Answer:
        payload = request.payload
        name = payload["metadata"]["event_payload"]["id"]
        told = _told(payload["channel"], "", json.dumps([payload.get("blocks"), payload.get("text")]))
        return _SLACK[self._note("slack", name, told)]

    def _mail(self, envelope: Envelope) -> str:
        mail = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
        plain = mail.get_body(("plain",))  # type: ignore[attr-defined]
        recipient = envelope.rcpt_tos[0]
        told = _told(self._by_recipient[recipient], recipient, plain.get_content())
        name = str(mail["Message-ID"]).strip("<>").partition("@")[0]
        return _SMTP[self._note("email", name, told)]

    def _hook(self, request: receiver.Request) -> receiver.Answer:
        data = request.verify(SECRET)["data"]
        new = data.get("new") or {}
        told = _told(str(data.get("subscription")), "", new.get("narrative", ""))
        return _HTTP[self._note("webhook", request.id, told)]

    def _note(self, channel: str, name: str, told: Told | None) -> str:
        kind = self._weather.answer(channel)
        self._ledger.note(Arrival(time.time(), channel, name, kind, told))
        return kind


def _told(subscription: str, recipient: str, text: str) -> Told | None:
    """The one change that a text is about: its newest mark; None where it is about several, or none."""
    marks = {(int(pier), int(revision)) for pier, revision in _TOKEN.findall(text)}
    if len({pier for pier, _ in marks}) != 1:
        return None
    return Told(subscription, recipient, *max(marks))


@contextmanager
def serving(read: Callable[[], bytes]) -> Iterator[str]:
    """Serve the page that is watched, as it is read at each request; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = read() if self.path == "/export" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/csv; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/export"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(60)
