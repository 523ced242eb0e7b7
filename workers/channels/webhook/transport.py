"""The edge of the webhook channel: posts signed bytes and reads the answer's beginning."""

import asyncio
import base64
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from monitor.record.http.errors import reason
from monitor.record.http.outbound import transport, user_agent
from monitor.record.settings import Settings
from workers.channels.webhook.answers import excerpt_of, judge
from workers.channels.webhook.render import render
from workers.channels.webhook.settings import WebhookSubscription
from workers.channels.webhook.signing import signed_headers
from workers.values import Message, Receipt, TransportError

_MOST_READ = 64 * 1024  # bytes of an answer
_KEEP_ALIVE = 15.0  # seconds
_READING = 2.0  # seconds for the body of an answer whose status is known
# Nothing of the request had left this machine.
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


@dataclass(frozen=True, slots=True)
class _Receiver:
    """The parts that all requests to a subscription's receiver share, computed once a job."""

    subscription: WebhookSubscription  # kept alive: receivers are cached by its id()
    url: httpx.URL
    host: str
    headers: tuple[tuple[str, str], ...]
    keys: tuple[str, ...]
    secrets: tuple[str, ...]


class WebhookTransport:
    """One transport for a job; connections to a receiver are reused.

    `sends` are httpx's, below its client: redirects, cookies and the like are not for webhooks, and they cost
    as much as the request itself.
    """

    def __init__(
        self,
        sends: httpx.AsyncBaseTransport,
        agent: str,
        timeout: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sends = sends
        self._agent = agent
        self._total = timeout.total_seconds()
        self._clock = clock
        half = self._total / 2
        self._extensions = {
            "timeout": httpx.Timeout(self._total, connect=half, pool=half).as_dict(),
        }
        self._receivers: dict[int, _Receiver] = {}

    async def send(self, message: Message) -> Receipt:
        """Post one message; TransportError unless the receiver answered 2xx within the time."""
        subscription = message.subscription
        assert isinstance(subscription, WebhookSubscription)
        payload = render(message)
        receiver = self._receiver(subscription)
        headers = signed_headers(message.id, self._clock(), payload, receiver.keys)
        status, answer, excerpt = await self._post(receiver, payload, headers)
        if error := judge(receiver.host, status, answer, excerpt, self._clock()):
            raise error
        return Receipt(f"{status} {excerpt}".strip())

    async def close(self) -> None:
        """Let the connections go."""
        await self._sends.aclose()

    def _receiver(self, subscription: WebhookSubscription) -> _Receiver:
        known = self._receivers.get(id(subscription))
        if known is None:
            known = self._receivers[id(subscription)] = _made(subscription, self._agent)
        return known

    async def _post(
        self, receiver: _Receiver, payload: bytes, headers: dict[str, str]
    ) -> tuple[int, httpx.Headers, str]:
        """Status, headers and the beginning of the answer, within the time given."""
        deadline = asyncio.get_running_loop().time() + self._total
        request = httpx.Request(
            "POST",
            receiver.url,
            headers=[*receiver.headers, *headers.items()],
            content=payload,
            extensions=self._extensions,
        )
        response = await self._open(request, receiver.host)
        try:
            body = await _beginning(response, deadline)
        finally:
            await _let_go(response)
        secrets = (*receiver.secrets, *headers["webhook-signature"].split())
        return response.status_code, response.headers, excerpt_of(body, secrets)

    async def _open(self, request: httpx.Request, host: str) -> httpx.Response:
        """Send, and wait for the status; TransportError says whether the request may have arrived."""
        try:
            async with asyncio.timeout(self._total):
                return await self._sends.handle_async_request(request)
        except _BEFORE_SENDING as error:
            slow = isinstance(error, httpx.TimeoutException)
            raise TransportError(f"{host} cannot be reached: {reason(error)}", timed_out=slow) from None
        except (TimeoutError, httpx.TimeoutException):
            late = f"{host} did not answer within {self._total:g} s"
            raise TransportError(late, ambiguous=True, timed_out=True) from None
        except httpx.HTTPError as error:
            raise TransportError(f"{host} did not answer: {reason(error)}", ambiguous=True) from None


def _made(subscription: WebhookSubscription, agent: str) -> _Receiver:
    try:
        url = httpx.URL(subscription.url)
        headers = [
            ("User-Agent", agent),
            ("Content-Type", "application/json"),
            # An answer that is not compressed cannot unfold into more than was read.
            ("Accept-Encoding", "identity"),
            ("Accept", "*/*"),
        ]
        if url.userinfo:
            credentials = base64.b64encode(f"{url.username}:{url.password}".encode()).decode("ascii")
            headers.append(("Authorization", f"Basic {credentials}"))
        bare = url.copy_with(username="", password="", fragment=None)
    except (httpx.InvalidURL, ValueError) as error:
        raise TransportError(f"the url cannot be asked: {error}") from None
    keys = subscription.signing_keys()
    host = urlsplit(subscription.address).netloc
    return _Receiver(subscription, bare, host, tuple(headers), keys, _secrets(subscription, keys))


async def _beginning(response: httpx.Response, deadline: float) -> bytes:
    """Read what comes soon of the body; the status counts already, so no trouble here is an error."""
    now = asyncio.get_running_loop().time()
    read = b""
    with contextlib.suppress(TimeoutError, httpx.HTTPError):
        async with asyncio.timeout(min(_READING, max(deadline - now, 0))):
            async for chunk in response.aiter_raw():
                read += chunk
                if len(read) >= _MOST_READ:
                    break
    return read[:_MOST_READ]


async def _let_go(response: httpx.Response) -> None:
    # A connection that broke after its answer is no failure of the message.
    with contextlib.suppress(httpx.HTTPError):
        await response.aclose()


def _secrets(subscription: WebhookSubscription, keys: tuple[str, ...]) -> tuple[str, ...]:
    """What an answer may echo and a log must not contain: keys, and the url's credentials."""
    parts = urlsplit(subscription.url)
    return (
        *keys,
        *(key.removeprefix("whsec_") for key in keys),
        *(unquote(part) for part in (parts.password, parts.query) if part),
    )


def open_transport(settings: Settings, home: Path) -> WebhookTransport:  # noqa: ARG001 - nothing on disk
    """Open the channel for one job. OutboundError: [http] cannot be used."""
    # How many are in flight is the engine's to say.
    sends = transport(settings.http, httpx.Limits(max_connections=None, keepalive_expiry=_KEEP_ALIVE))
    return WebhookTransport(sends, user_agent(settings.http.contact), settings.delivery.request_timeout)
