"""A Slack on loopback: an incoming webhook and the Web API, with scripted answers.

It holds messages to Block Kit's limits as the real one does, so that a payload which Slack would
refuse is refused here too.
"""

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

LONGEST_MESSAGE = 40_000
LONGEST_TEXT = 3_000
LONGEST_BLOCKS = 10_000  # refused near 13,200; the product's own limit stays well below
LISTS = ("rich_text_section", "rich_text_quote", "rich_text_preformatted")


@dataclass(frozen=True)
class Answer:
    """One scripted answer; the default accepts.

    `error` is the Web API's word (or the webhook's body). `keep`: the message is accepted although
    the answer says otherwise. `drop`: the connection is reset instead of answered. `delay`: seconds
    before the answer; `hang`: none comes.
    """

    status: int = 200
    error: str = ""
    retry_after: str = ""
    body: str | None = None
    location: str = ""
    keep: bool = False
    drop: bool = False
    hang: bool = False
    delay: float = 0.0


@dataclass(frozen=True)
class Request:
    """What came in."""

    path: str
    payload: dict[str, Any]
    headers: dict[str, str]


@dataclass
class FakeSlack:
    """Use as a context manager. `posts`: every attempt to post; `messages`: what stands in the channels.

    `at` is the port, 0 for any that is free. `choose` answers posts once the script is used up.
    """

    script: deque[Answer] = field(default_factory=deque)
    history_script: deque[Answer] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 200
    at: int = 0
    choose: Callable[[Request], Answer] | None = None

    def __enter__(self) -> Self:
        self._released = threading.Event()
        self._posting = threading.Lock()
        self._server = _Server(("127.0.0.1", self.at), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def webhook_url(self) -> str:
        return f"{self.url}/services/T000/B000/made-up"

    @property
    def api_url(self) -> str:
        return f"{self.url}/api/"

    @property
    def posts(self) -> list[Request]:
        return [r for r in self.requests if "/services/" in r.path or r.path.endswith("chat.postMessage")]

    def answer(self, *answers: Answer) -> None:
        """Give these to the next posts, one each; then accept again."""
        self.script.extend(answers)

    def accept(self, payload: dict[str, Any]) -> str:
        """Put a message into the channel, as somebody's post; its timestamp."""
        with self._posting:
            ts = f"{1_700_000_000 + len(self.messages)}.000100"
            self.messages.append({"ts": ts, **payload})
        return ts

    def _handler(fake) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler's self is another
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
                form = "form" in self.headers.get("Content-Type", "")
                payload = dict(parse_qsl(raw)) if form else json.loads(raw or "{}")
                request = Request(self.path, payload, {k.lower(): v for k, v in self.headers.items()})
                fake.requests.append(request)
                fake._serve(self, request)

            do_GET = do_POST  # noqa: N815 - the name that http.server looks for

        return Handler

    def _serve(self, handler: BaseHTTPRequestHandler, request: Request) -> None:
        if request.path.endswith(("conversations.history", "conversations.replies")):
            answer = self.history_script.popleft() if self.history_script else Answer()
            reply(handler, answer, json.dumps(self._history(request, answer)))
            return
        if not request.path.endswith("chat.postMessage") and "/services/" not in request.path:
            reply(handler, Answer(), json.dumps({"ok": True}))
            return
        answer = self._next(request)
        if answer == Answer() and (wrong := problems(request.payload)):
            answer = Answer(400 if "/services/" in request.path else 200, wrong[0])
        accepted = answer.keep or (not answer.error and answer.status == 200)
        ts = self.accept(request.payload) if accepted else ""
        if answer.hang or answer.delay:
            self._released.wait(30 if answer.hang else answer.delay)
        if answer.drop:
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.close_connection = True
            return
        if "/services/" in request.path:
            reply(handler, answer, answer.error or "ok", "text/html")
        else:
            good = {"ok": True, "ts": ts, "channel": request.payload.get("channel")}
            reply(handler, answer, json.dumps({"ok": False, "error": answer.error} if answer.error else good))

    def _next(self, request: Request) -> Answer:
        if self.script:
            return self.script.popleft()
        return self.choose(request) if self.choose else Answer()

    def _history(self, request: Request, answer: Answer) -> dict[str, Any]:
        if answer.error:
            return {"ok": False, "error": answer.error}
        start = int(request.payload.get("cursor") or 0)
        thread, channel = request.payload.get("ts"), request.payload.get("channel")
        here = [m for m in reversed(self.messages) if m.get("channel", channel) == channel]
        found = [m for m in here if not thread or thread in (m["ts"], m.get("thread_ts"))]
        page = found[start : start + self.page_size]
        more = start + self.page_size < len(found)
        cursor = str(start + self.page_size) if more else ""
        return {"ok": True, "messages": page, "response_metadata": {"next_cursor": cursor}}


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # many senders connect at once

    def handle_error(self, *_: object) -> None:
        """A client that gave up is no news."""


def reply(
    handler: BaseHTTPRequestHandler, answer: Answer, body: str, content_type: str = "application/json"
) -> None:
    """Write one HTTP answer."""
    data = (body if answer.body is None else answer.body).encode()
    handler.send_response(answer.status)
    handler.send_header("Content-Type", f"{content_type}; charset=utf-8")
    handler.send_header("Content-Length", str(len(data)))
    if answer.retry_after:
        handler.send_header("Retry-After", answer.retry_after)
    if answer.location:
        handler.send_header("Location", answer.location)
    handler.end_headers()
    handler.wfile.write(data)


def problems(payload: dict[str, Any]) -> list[str]:
    """What Slack would refuse in this payload, in its own words where it has them."""
    blocks = payload.get("blocks", [])
    found = [] if payload.get("text") or blocks else ["no_text"]
    if len(payload.get("text", "")) > LONGEST_MESSAGE:
        found.append("msg_too_long")
    if len(blocks) > 50 or len(json.dumps(blocks, ensure_ascii=False)) > LONGEST_BLOCKS:
        found.append("msg_blocks_too_long")
    for block in blocks:
        check = _CHECKS.get(block.get("type"))
        found += check(block) if check else [f"invalid_blocks: unknown type {block.get('type')}"]
    return found


def _text(item: Any, longest: int = LONGEST_TEXT, kinds: tuple[str, ...] = ("plain_text",)) -> list[str]:
    if not isinstance(item, dict) or item.get("type") not in kinds:
        return [f"invalid_blocks: no text object of {kinds}: {item}"]
    text = item.get("text")
    if not isinstance(text, str) or not text or not text.strip():
        return ["invalid_blocks: must be more than 0 characters"]
    if units(text) > longest:
        return [f"invalid_blocks: must be less than {longest + 1} characters, is {units(text)}"]
    return [] if sound(text) else ["invalid_blocks: broken characters"]


def units(text: str) -> int:
    """Length in UTF-16 units, with what Slack escapes counted as it is escaped: never too few."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return len(escaped.encode("utf-16-le", "surrogatepass")) // 2


def sound(text: str) -> bool:
    """Whether the text has no lone surrogate and no control character but tab and newline."""
    return not any(0xD800 <= ord(c) <= 0xDFFF or (ord(c) < 32 and c not in "\n\t") for c in text)


def _header(block: dict[str, Any]) -> list[str]:
    return _text(block.get("text"), 150)


def _section(block: dict[str, Any]) -> list[str]:
    return _text(block.get("text"), kinds=("plain_text", "mrkdwn"))


def _context(block: dict[str, Any]) -> list[str]:
    elements = block.get("elements", [])
    wrong = [] if 1 <= len(elements) <= 10 else ["invalid_blocks: a context has 1 to 10 elements"]
    return wrong + [w for item in elements for w in _text(item, kinds=("plain_text", "mrkdwn"))]


def _actions(block: dict[str, Any]) -> list[str]:
    elements = block.get("elements", [])
    wrong = [] if 1 <= len(elements) <= 25 else ["invalid_blocks: actions have 1 to 25 elements"]
    ids = [button.get("action_id") for button in elements]
    if len(set(ids)) != len(ids):
        wrong.append("invalid_blocks: action_id twice")
    for button in elements:
        wrong += _text(button.get("text"), 75)
        if len(button.get("url", "")) > 3000 or not button.get("url", "").startswith(("http://", "https://")):
            wrong.append("invalid_blocks: no address")
    return wrong


def _rich(block: dict[str, Any]) -> list[str]:
    return [wrong for element in block.get("elements", []) for wrong in _rich_element(element)]


def _rich_element(element: dict[str, Any]) -> list[str]:
    if element.get("type") == "rich_text_list":
        return [wrong for each in element.get("elements", []) for wrong in _rich_element(each)]
    if element.get("type") not in LISTS or not element.get("elements"):
        return [f"invalid_blocks: no rich text: {element.get('type')}"]
    return [wrong for run in element["elements"] for wrong in _run(run)]


def _run(run: dict[str, Any]) -> list[str]:
    text = run.get("text", "")
    wrong = [] if run.get("type") in ("text", "link") else [f"invalid_blocks: {run.get('type')}"]
    if run.get("type") == "link" and not str(run.get("url", "")).startswith(("http://", "https://")):
        wrong.append("invalid_blocks: no address")
    if not text or units(text) > LONGEST_TEXT or not sound(text):
        wrong.append("invalid_blocks: a run is empty, too long or broken")
    if set(run.get("style", {})) - {"bold", "italic", "strike", "code"}:
        wrong.append("invalid_blocks: unknown style")
    return wrong


_CHECKS = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "rich_text": _rich,
    "divider": lambda _: [],
}
