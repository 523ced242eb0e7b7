"""The edge of the webhook channel: posts signed bytes and reads the answer's beginning."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from monitor.record.outbound import client, reason
from monitor.record.settings import Settings
from workers.channels.webhook.answers import excerpt_of, judge
from workers.channels.webhook.render import render
from workers.channels.webhook.settings import WebhookSubscription
from workers.channels.webhook.signing import signed_headers
from workers.values import Message, Receipt, TransportError

_MOST_READ = 64 * 1024  # bytes of an answer
_READING = 2.0  # seconds for the body of an answer whose status is known
# Nothing of the request had left this machine.
_BEFORE_SENDING = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class WebhookTransport:
    """One client for a job; connections to a receiver are reused."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        timeout: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._client = client
        self._total = timeout.total_seconds()
        self._clock = clock

    async def send(self, message: Message) -> Receipt:
        """Post one message; TransportError unless the receiver answered 2xx within the time."""
        subscription = message.subscription
        assert isinstance(subscription, WebhookSubscription)
        payload = render(message)
        headers = signed_headers(message.id, self._clock(), payload, subscription.signing_keys())
        host = urlsplit(subscription.address).netloc
        status, answer, excerpt = await self._post(subscription, host, payload, headers)
        if error := judge(host, status, answer, excerpt, self._clock()):
            raise error
        return Receipt(f"{status} {excerpt}".strip())

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()

    async def _post(
        self, subscription: WebhookSubscription, host: str, payload: bytes, headers: dict[str, str]
    ) -> tuple[int, httpx.Headers, str]:
        """Status, headers and the beginning of the answer, within the time given."""
        deadline = asyncio.get_running_loop().time() + self._total
        response = await self._open(*self._request(subscription, payload, headers), host)
        try:
            body = await _beginning(response, deadline)
        finally:
            await _let_go(response)
        return response.status_code, response.headers, excerpt_of(body, _echoes(subscription, headers))

    def _request(
        self, subscription: WebhookSubscription, payload: bytes, headers: dict[str, str]
    ) -> tuple[httpx.Request, httpx.Auth | None]:
        try:
            url = httpx.URL(subscription.url)
            request = self._client.build_request(
                "POST",
                url.copy_with(username="", password="", fragment=None),
                content=payload,
                # An answer that is not compressed cannot unfold into more than was read.
                headers={**headers, "Content-Type": "application/json", "Accept-Encoding": "identity"},
                timeout=httpx.Timeout(self._total, connect=self._total / 2, pool=self._total / 2),
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise TransportError(f"the url cannot be asked: {error}") from None
        return request, httpx.BasicAuth(url.username, url.password) if url.userinfo else None

    async def _open(self, request: httpx.Request, auth: httpx.Auth | None, host: str) -> httpx.Response:
        """Send, and wait for the status; TransportError says whether the request may have arrived."""
        try:
            async with asyncio.timeout(self._total):
                return await self._client.send(request, stream=True, auth=auth)
        except _BEFORE_SENDING as error:
            slow = isinstance(error, httpx.TimeoutException)
            raise TransportError(f"{host} cannot be reached: {reason(error)}", timed_out=slow) from None
        except (TimeoutError, httpx.TimeoutException):
            late = f"{host} did not answer within {self._total:g} s"
            raise TransportError(late, ambiguous=True, timed_out=True) from None
        except httpx.HTTPError as error:
            raise TransportError(f"{host} did not answer: {reason(error)}", ambiguous=True) from None


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


def _echoes(subscription: WebhookSubscription, headers: dict[str, str]) -> tuple[str, ...]:
    """What an answer may repeat and a log must not hold: keys, signatures, credentials of the url."""
    keys = subscription.signing_keys()
    parts = urlsplit(subscription.url)
    return (
        *keys,
        *(key.removeprefix("whsec_") for key in keys),
        *headers["webhook-signature"].split(),
        *(unquote(part) for part in (parts.password, parts.query) if part),
    )


def open_transport(settings: Settings, home: Path) -> WebhookTransport:  # noqa: ARG001 - nothing on disk
    """Open the channel for one job. OutboundError: [http] cannot be used."""
    timeout = settings.delivery.request_timeout
    return WebhookTransport(client(settings.http, timeout=timeout), timeout)
