"""The edge to Slack: posts a rendered message, and looks for one whose outcome is unknown."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from monitor.record.http.errors import translated
from monitor.record.http.outbound import session_factory
from monitor.record.http.posting import Poster, PostError, open_poster, post_error
from monitor.record.settings import Http, Settings
from workers.channels.slack.answers import (
    BLOCKS_REFUSED,
    THREAD_GONE,
    SlackError,
    read_api,
    read_webhook,
)
from workers.channels.slack.render import render, render_plain
from workers.channels.slack.settings import SlackSubscription
from workers.channels.text.secrets import excerpt_of, masked, secrets_of
from workers.values import Message, Receipt, TransportError

METADATA = "recwatch_message"
_PAGES = 10  # of 200 messages: how far back a message is looked for
_PATIENCE = 1.25  # times one request's limit for all that a send may ask; the lease is twice as long
_CLOCKS = timedelta(minutes=5)  # how far our clock and Slack's may be apart
log = structlog.get_logger(__name__)
_QUIET = logging.getLogger(f"{__name__}.sdk")
_QUIET.setLevel(logging.WARNING)  # at DEBUG the SDK logs whole bodies and the webhook's address


_LIMITS = httpx.Limits(max_connections=None, keepalive_expiry=15.0)


class _Redirected(Exception):
    """Slack never redirects; following would turn the post into a GET that "succeeds"."""


class SlackTransport:
    """One session a job; a client a message, which holds nothing but the session."""

    def __init__(self, http: Http, timeout: timedelta) -> None:
        self._timeout = timeout.total_seconds()
        self._poster: Poster = open_poster(http, timeout)
        tracing = aiohttp.TraceConfig()
        tracing.on_request_redirect.append(_refuse_redirect)
        half = self._timeout / 2
        limits = aiohttp.ClientTimeout(total=self._timeout, connect=half, sock_connect=half)
        self._make_session = session_factory(http, _LIMITS, trace_configs=[tracing], timeout=limits)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, message: Message) -> Receipt:
        """Post the message; receipt data `{"ts", "channel"}` from the Web API, none from a webhook."""
        try:
            async with asyncio.timeout(_PATIENCE * self._timeout):
                return await self._send(message)
        except TimeoutError:  # of several requests each was in time
            raise TransportError("Slack did not answer in time", ambiguous=True, timed_out=True) from None

    async def _send(self, message: Message) -> Receipt:
        subscription = message.subscription
        assert isinstance(subscription, SlackSubscription)
        if not subscription.threads:
            return await self._by_webhook(subscription, message)
        if message.uncertain and (found := await self._find(subscription, message)):
            return found
        return await self._by_api(subscription, message)

    async def close(self) -> None:
        """Let the connections go."""
        await self._poster.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _by_webhook(self, subscription: SlackSubscription, message: Message) -> Receipt:
        secret = subscription.webhook_url.get_secret_value()
        try:
            url = httpx.URL(secret)
        except httpx.InvalidURL:
            raise TransportError("webhook_url is not a valid address") from None

        async def post(payload: dict[str, Any]) -> Receipt:
            body = json.dumps(payload).encode()
            try:
                posted = await self._poster.post(url, [("Content-Type", "application/json")], body)
            except PostError as error:
                raise _failed(error) from None
            said = excerpt_of(posted.body, secrets_of(secret))
            refused = read_webhook(posted.status, said, posted.headers.get("retry-after"))
            if refused is None:
                return Receipt(said)
            raise refused

        return await _or_plain(post, render(message), message)

    async def _by_api(self, subscription: SlackSubscription, message: Message) -> Receipt:
        client = self._client(subscription)
        named = {"event_type": METADATA, "event_payload": {"id": message.id}}
        thread = (message.thread or {}).get("ts")

        async def post(payload: dict[str, Any]) -> Receipt:
            body = {"channel": subscription.channel_id, "metadata": named, **payload}
            answer = await self._call(client, "chat.postMessage", json=body)
            data = {"ts": answer.get("ts"), "channel": answer.get("channel") or subscription.channel_id}
            return Receipt(f"ts {data['ts']}", data)

        payload = render(message)
        try:
            return await _or_plain(post, {**payload, "thread_ts": thread} if thread else payload, message)
        except SlackError as error:
            if thread and error.word in THREAD_GONE:  # somebody deleted the message above
                return await _or_plain(post, payload, message)
            raise

    async def _find(self, subscription: SlackSubscription, message: Message) -> Receipt | None:
        """Look for the message in the channel (or its thread); None where it is not there."""
        thread = (message.thread or {}).get("ts")
        query = {
            "channel": subscription.channel_id,
            "oldest": f"{(message.created_at - _CLOCKS).timestamp():.6f}",
            "include_all_metadata": "true",
            "limit": "200",
            **({"ts": thread} if thread else {}),
        }
        method = "conversations.replies" if thread else "conversations.history"
        client, cursor = self._client(subscription), ""
        try:
            for _ in range(_PAGES):
                answer = await self._call(
                    client, method, data={**query, **({"cursor": cursor} if cursor else {})}
                )
                for each in answer.get("messages") or ():
                    if _is_ours(each, message.id):
                        data = {"ts": each["ts"], "channel": subscription.channel_id}
                        return Receipt(f"ts {each['ts']}, found in the channel", data)
                cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
                if not cursor:
                    return None
        except SlackError as error:
            if not error.word or error.ambiguous or error.retry_after:
                raise  # throttled or away: ask again later rather than post twice
            _note("slack history cannot be read", error, message)
        return None

    def _client(self, subscription: SlackSubscription) -> AsyncWebClient:
        client = AsyncWebClient(
            subscription.token.get_secret_value(),
            base_url=subscription.api_url,
            session=self._open_session(),
            logger=_QUIET,
            retry_handlers=[],
        )
        client.proxy = None
        return client

    def _open_session(self) -> aiohttp.ClientSession:
        """Made at the first send: a session belongs to the loop that runs then."""
        if self._session is None:
            self._session = self._make_session()
        return self._session

    async def _call(self, client: AsyncWebClient, method: str, **arguments: Any) -> Mapping[str, Any]:
        """Call one Web API method; TransportError with its error code where the answer is not ok."""
        unreadable = "Slack's API answered with something else; check api_url"
        try:
            answer = await client.api_call(method, **arguments)
        except SlackApiError as error:
            raise _from_api(error.response, client.token or "") from None
        except _Redirected as error:
            raise TransportError(f"Slack's API redirects ({error}); check api_url") from None
        except (aiohttp.ClientError, OSError) as error:
            raise _failed(post_error(translated(error), self._timeout)) from None
        except (AttributeError, ValueError):  # the SDK on an answer that is not a JSON object
            raise TransportError(unreadable, ambiguous=True) from None
        if not isinstance(answer.data, Mapping):
            raise TransportError(unreadable, ambiguous=True)
        return answer.data


def open_transport(settings: Settings, home: Path) -> SlackTransport:  # noqa: ARG001 - nothing on disk
    """Open the channel for one job. OutboundError: [http] cannot be used."""
    return SlackTransport(settings.http, settings.delivery.request_timeout)


async def _refuse_redirect(_session: object, _context: object, given: Any) -> None:
    raise _Redirected(str(given.response.status))


def _failed(error: PostError) -> TransportError:
    return TransportError(f"Slack {error}", ambiguous=error.may_have_arrived, timed_out=error.timed_out)


def _from_api(response: Any, token: str) -> SlackError:
    """Read a refusal; the SDK hands over its own response, or aiohttp's where there was no JSON."""
    data = getattr(response, "data", None)
    word = masked(str(data.get("error") or ""), [token]) if isinstance(data, Mapping) else ""
    status = getattr(response, "status_code", None) or getattr(response, "status", None)
    return read_api(status or 0, word, _retry_after(response.headers))


async def _or_plain(
    post: Callable[[dict[str, Any]], Awaitable[Receipt]], payload: dict[str, Any], message: Message
) -> Receipt:
    """Post; where Slack refuses the blocks, nothing was posted, and the message goes out as plain text."""
    try:
        return await post(payload)
    except SlackError as error:
        if error.word not in BLOCKS_REFUSED:
            raise
        _note("slack refused the blocks", error, message)
        kept = {key: value for key, value in payload.items() if key != "blocks"}
        return await post({**kept, "text": render_plain(message)})


def _note(what: str, error: TransportError, message: Message) -> None:
    log.warning(what, error=str(error), message_id=message.id)


def _is_ours(found: Mapping[str, Any], message_id: str) -> bool:
    metadata = found.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return metadata.get("event_type") == METADATA and payload.get("id") == message_id


def _retry_after(headers: Any) -> str | None:
    found = next((value for name, value in dict(headers).items() if str(name).lower() == "retry-after"), None)
    return found[0] if isinstance(found, list) else found
