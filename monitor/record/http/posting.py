"""Posting a message: its status counts, and a failure says whether the request may have arrived."""

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import httpx

from monitor.record.http.errors import reason
from monitor.record.http.outbound import transport, user_agent
from monitor.record.settings import Http

_MOST_READ = 64 * 1024  # bytes of an answer
_READING = 2.0  # seconds for the body of an answer whose status is known
_KEEP_ALIVE = 15.0  # seconds
# Nothing of the request had left this machine.
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class PostError(Exception):
    """There is no answer; the words continue a sentence that begins with who was asked.

    `may_have_arrived`: the request was sent at least in part. `timed_out`: the time was over.
    """

    def __init__(self, words: str, *, may_have_arrived: bool, timed_out: bool) -> None:
        super().__init__(words)
        self.may_have_arrived = may_have_arrived
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Posted:
    """An answer: its status, its headers as far as they could be read, and the beginning of its body."""

    status: int
    headers: httpx.Headers
    body: bytes


class Poster:
    """Posts through a transport below httpx's client: redirects and cookies are not for messages.

    An httpx client would cost as much as the request itself.
    """

    def __init__(self, sends: httpx.AsyncBaseTransport, agent: str, timeout: timedelta) -> None:
        self._sends, self._agent = sends, agent
        self._total = timeout.total_seconds()
        half = self._total / 2
        self._extensions = {"timeout": httpx.Timeout(self._total, connect=half, pool=half).as_dict()}

    async def post(self, url: httpx.URL, headers: Iterable[tuple[str, str]], content: bytes) -> Posted:
        """Post the bytes, and read the status and the beginning of the answer. PostError: there is none."""
        deadline = asyncio.get_running_loop().time() + self._total
        own = (
            ("User-Agent", self._agent),
            # An answer that is not compressed cannot expand into more than was read.
            ("Accept-Encoding", "identity"),
            ("Accept", "*/*"),
        )
        request = httpx.Request(
            "POST", url, headers=[*own, *headers], content=content, extensions=self._extensions
        )
        response = await self._open(request)
        try:
            body = await _beginning(response, deadline)
        finally:
            # A connection that broke after its answer is no failure of the message.
            with contextlib.suppress(httpx.HTTPError):
                await response.aclose()
        return Posted(response.status_code, response.headers, body)

    async def close(self) -> None:
        """Let the connections go."""
        await self._sends.aclose()

    async def _open(self, request: httpx.Request) -> httpx.Response:
        try:
            async with asyncio.timeout(self._total):
                return await self._sends.handle_async_request(request)
        except (TimeoutError, httpx.HTTPError) as error:
            raise post_error(error, self._total) from None


def post_error(error: Exception, seconds: float) -> PostError:
    """Say what an error of httpx means for a message, or a TimeoutError after so many seconds."""
    late = isinstance(error, (TimeoutError, httpx.TimeoutException))
    if isinstance(error, _BEFORE_SENDING):
        return PostError(f"cannot be reached: {reason(error)}", may_have_arrived=False, timed_out=late)
    words = f"did not answer within {seconds:g} s" if late else f"did not answer: {reason(error)}"
    return PostError(words, may_have_arrived=True, timed_out=late)


async def _beginning(response: httpx.Response, deadline: float) -> bytes:
    """Read what arrives soon of the body; the status counts already, so no trouble here is an error."""
    now = asyncio.get_running_loop().time()
    read = b""
    with contextlib.suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(min(_READING, max(deadline - now, 0))):
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) >= _MOST_READ:
                    break
    return read[:_MOST_READ]


def posting_transport(http: Http) -> httpx.AsyncBaseTransport:
    """Open the transport for a Poster. OutboundError: [http] cannot be used."""
    # How many requests are in flight is the delivery engine's to decide.
    limits = httpx.Limits(max_connections=None, keepalive_expiry=_KEEP_ALIVE)
    return transport(http, limits, status_first=True)


def open_poster(http: Http, timeout: timedelta) -> Poster:
    """Open a poster. Close it with `close`. OutboundError: [http] cannot be used."""
    return Poster(posting_transport(http), user_agent(http.contact), timeout)
