"""A connection whose status line counts, whatever the rest of its answer is like.

Who posts a message needs to know whether it was accepted. Receivers accept in ways that no strict parser
takes: a 204 with a body, two lengths, a header of 20 kB, a connection that breaks off after the status line.
Read as failures, they would be posted to again and again. For pages the strict parser is right: half a page
must not pass for a whole one.
"""

import asyncio
import re
from typing import Any

from aiohttp.client_exceptions import SocketTimeoutError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import HttpVersion11, RawResponseMessage
from aiohttp.streams import EMPTY_PAYLOAD
from multidict import CIMultiDict, CIMultiDictProxy

_LONGEST_HEAD = 64 * 1024  # bytes that are searched for a status line and headers
_PATIENCE = 2.0  # seconds for the headers, once the status is known
_STATUS_LINE = re.compile(rb"[\r\n]*HTTP/\d(?:\.\d)?[ \t]+([1-5]\d\d)(?=[ \t\r\n])[^\n]*\n?")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
# The headers that are of use without the rest of an answer.
_USEFUL = re.compile(
    rb"^(Retry-After|Location):[ \t]*([\x21-\x7e][\x20-\x7e]*)", re.IGNORECASE | re.MULTILINE
)


class StatusFirst(ResponseHandler):
    """aiohttp's protocol; where reading an answer fails after its status line, the status is the answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._forget()

    def _forget(self) -> None:
        self._head = b""
        self._answered = False
        self._late: asyncio.TimerHandle | None = None

    def set_response_params(self, **params: Any) -> None:
        """Prepare for the answer to another request."""
        self._forget()
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Take what arrived; the first bytes are kept until there is an answer."""
        if not self._answered and len(self._head) < _LONGEST_HEAD:
            self._head += data
        super().data_received(data)
        if not self._answered and self._late is None and final_status(self._head):
            self._late = self._loop.call_later(_PATIENCE, self.set_exception, SocketTimeoutError())

    def feed_data(self, data: tuple[RawResponseMessage, Any], size: int = 0) -> None:
        """Pass on what was parsed. An informational answer (1xx) is followed by another."""
        message, body = data
        if message.code >= 200:
            self._answered = True
            self._head = b""
            if self._late is not None:
                self._late.cancel()
            if message.code in (204, 304) and _promises_a_body(message):
                self._should_close = True  # its body would be taken for the next answer's beginning
        super().feed_data((_with_ascii_reason(message), body), size)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Fail, or answer with the status where it has arrived."""
        if not self._answered and (found := final_status(self._head)):
            self._should_close = True
            self._drop_timeout()
            self.feed_data((_bare_message(*found), EMPTY_PAYLOAD))
        else:
            super().set_exception(exc, *cause)


def final_status(head: bytes) -> tuple[int, bytes] | None:
    """Find the first status that is not informational (1xx), and what follows its line; None without one."""
    while found := _STATUS_LINE.match(head):
        status = int(found[1])
        if status >= 200:
            return status, head[found.end() :]
        end = _BLANK_LINE.search(head)
        if end is None:
            return None
        head = head[end.end() :]
    return None


def _bare_message(status: int, rest: bytes) -> RawResponseMessage:
    """Make an answer of a status and the headers that are of use."""
    useful = tuple((name, value.strip()) for name, value in _USEFUL.findall(rest))
    headers = CIMultiDict((name.decode("ascii"), value.decode("ascii")) for name, value in useful)
    return RawResponseMessage(
        HttpVersion11, status, "", CIMultiDictProxy(headers), useful, True, None, False, False
    )


def _with_ascii_reason(message: RawResponseMessage) -> RawResponseMessage:
    """Leave out a reason that is not ASCII: httpx-aiohttp would fail to encode it."""
    if message.reason.isascii():
        return message
    return RawResponseMessage(
        message.version,
        message.code,
        "",
        message.headers,
        message.raw_headers,
        message.should_close,
        message.compression,
        message.upgrade,
        message.chunked,
    )


def _promises_a_body(message: RawResponseMessage) -> bool:
    return message.chunked or message.headers.get("Content-Length", "0").strip() != "0"
