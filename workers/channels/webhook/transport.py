"""The edge of the webhook channel: posts signed bytes and reads the answer's beginning."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from monitor.record.http.outbound import user_agent
from monitor.record.http.posting import Poster, PostError, posting_transport
from monitor.record.settings import Settings
from workers.channels.text.secrets import excerpt_of, masked, secrets_of
from workers.channels.webhook.answers import judge
from workers.channels.webhook.render import render
from workers.channels.webhook.settings import WebhookSubscription
from workers.channels.webhook.signing import signed_headers
from workers.values import Message, Receipt, TransportError


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
    """One transport for a job; connections to a receiver are reused."""

    def __init__(
        self,
        sends: httpx.AsyncBaseTransport,
        agent: str,
        timeout: timedelta,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._poster = Poster(sends, agent, timeout)
        self._clock = clock
        self._receivers: dict[int, _Receiver] = {}

    async def send(self, message: Message) -> Receipt:
        """Post one message; TransportError unless the receiver answered 2xx within the time."""
        subscription = message.subscription
        assert isinstance(subscription, WebhookSubscription)
        payload = render(message)
        receiver = self._receiver(subscription)
        signed = signed_headers(message.id, self._clock(), payload, receiver.keys)
        try:
            posted = await self._poster.post(receiver.url, (*receiver.headers, *signed.items()), payload)
        except PostError as error:
            words, sent = f"{receiver.host} {error}", error.may_have_arrived
            raise TransportError(words, ambiguous=sent, timed_out=error.timed_out) from None
        secrets = (*receiver.secrets, *signed["webhook-signature"].split())
        excerpt = excerpt_of(posted.body, secrets)
        headers = {name: masked(value, secrets) for name, value in posted.headers.items()}
        if refused := judge(receiver.host, posted.status, headers, excerpt, self._clock()):
            raise refused
        return Receipt(f"{posted.status} {excerpt}".strip())

    async def close(self) -> None:
        """Let the connections go."""
        await self._poster.close()

    def _receiver(self, subscription: WebhookSubscription) -> _Receiver:
        known = self._receivers.get(id(subscription))
        if known is None:
            known = self._receivers[id(subscription)] = _made(subscription)
        return known


def _made(subscription: WebhookSubscription) -> _Receiver:
    try:
        url = httpx.URL(subscription.url)
        headers = [("Content-Type", "application/json")]
        if url.userinfo:
            credentials = base64.b64encode(f"{url.username}:{url.password}".encode()).decode("ascii")
            headers.append(("Authorization", f"Basic {credentials}"))
        bare = url.copy_with(username="", password="", fragment=None)
    except (httpx.InvalidURL, ValueError) as error:
        why = excerpt_of(str(error), secrets_of(subscription.url))
        raise TransportError(f"the url cannot be used: {why}") from None
    keys = subscription.signing_keys()
    host = urlsplit(subscription.address).netloc
    return _Receiver(subscription, bare, host, tuple(headers), keys, _secrets(subscription, keys))


def _secrets(subscription: WebhookSubscription, keys: tuple[str, ...]) -> tuple[str, ...]:
    """What an answer may echo and a log must not contain: keys, and what is secret in the url."""
    return (*keys, *(key.removeprefix("whsec_") for key in keys), *secrets_of(subscription.url))


def open_transport(settings: Settings, home: Path) -> WebhookTransport:  # noqa: ARG001 - nothing on disk
    """Open the channel for one job. OutboundError: [http] cannot be used."""
    http, timeout = settings.http, settings.delivery.request_timeout
    return WebhookTransport(posting_transport(http), user_agent(http.contact), timeout)
