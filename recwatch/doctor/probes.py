"""Checks whether sources and channels can be reached, without sending a message."""

import asyncio
import smtplib
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from monitor.fetching import Asker, NotModified, Refusal, Request, fetch
from monitor.formats import NotAPage, extract
from monitor.record.clock import Clock
from monitor.record.durations import format_duration
from monitor.record.http import errors, outbound
from monitor.record.masking import masked_url
from monitor.record.settings import Http, Settings, Source, Subscription
from monitor.record.values import Page
from recwatch.cli.output import counted
from recwatch.configuration import Loaded
from recwatch.queries.scratch import scratch
from workers.channels.email.answers import judge
from workers.channels.email.settings import EmailSubscription
from workers.channels.email.smtp import Server
from workers.channels.email.transport import folder_below
from workers.channels.slack.settings import SlackSubscription
from workers.channels.teams.settings import TeamsSubscription
from workers.channels.webhook.settings import WebhookSubscription

_PATIENCE = 20.0  # seconds for one answer
_CLOCKS_DIFFER = timedelta(minutes=10)


class Trouble(Exception):
    """Something cannot be reached; `advice` says what to do about it."""

    def __init__(self, message: str, advice: str) -> None:
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Warned:
    """It works, but something about it will cause trouble."""

    message: str
    advice: str


def ask_source(settings: Settings, source: Source) -> str | Warned:
    """Fetch the source's page for real and read it; nothing is stored."""
    result, shown = asyncio.run(_fetch(settings, source)), masked_url(source.url)
    if isinstance(result, Refusal):
        by_hand = f"open {shown} in a browser and save it"
        place = (
            f"in {source.path}" if source.path else f"for `recwatch poll --source {source.id} --from FILE`"
        )
        raise Trouble(result.message, f"{by_hand} {place}")
    try:
        capture = extract(result.body, content_type=result.content_type, url=result.origin)
    except NotAPage as error:
        raise Trouble(f"{shown} answered with a page that cannot be read: {error}", "check its url") from None
    if capture.format != source.format:
        raise Trouble(f"{shown} is {capture.format}, not {source.format}", f'set format = "{capture.format}"')
    read = f"{counted(len(capture.recommendations), 'recommendation')} read from {shown}"
    if off := clock_off(result.headers, result.captured_at):
        return Warned(f"{read}, but {off}", "set this machine's clock; everything is planned by it")
    return read


def clock_off(headers: Mapping[str, str], now: datetime) -> str | None:
    """By how much our clock and the site's differ, where that is more than a cache explains."""
    try:
        theirs = parsedate_to_datetime(headers["date"]) + timedelta(seconds=int(headers.get("age", "0")))
        ahead = now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
    except (KeyError, ValueError, OverflowError):
        return None
    if abs(ahead) < _CLOCKS_DIFFER:
        return None
    way = "ahead of" if ahead > timedelta() else "behind"
    return f"this machine's clock is {format_duration(_rounded(abs(ahead)))} {way} the site's"


def _rounded(span: timedelta) -> timedelta:
    unit = timedelta(days=1) if span >= timedelta(days=2) else timedelta(minutes=1)
    return round(span / unit) * unit


async def _fetch(settings: Settings, source: Source) -> Page | Refusal:
    request = Request(source.url, source.every, obey_robots=source.robots == "obey")
    with scratch() as store:
        async with outbound.client(settings.http) as client:
            result = await fetch(Asker(client, store, settings.http, Clock()), request)
    assert not isinstance(result, NotModified)  # nothing was asked for conditionally
    return result


def ask_channel(loaded: Loaded, subscription: Subscription) -> str:
    """Check that a channel's server answers. No message is sent."""
    settings = loaded.configuration
    if isinstance(subscription, WebhookSubscription):
        status = asyncio.run(_head(settings.http, subscription.url))
        return f"{subscription.address} answers (status {status} to HEAD)"
    if isinstance(subscription, SlackSubscription):
        return asyncio.run(_slack(settings.http, subscription))
    if isinstance(subscription, TeamsSubscription):
        asyncio.run(_head(settings.http, subscription.webhook_url.get_secret_value()))
        return "Teams' workflow can be reached"
    if isinstance(subscription, EmailSubscription):
        return _email(loaded)
    return "standard output" + (", a terminal" if sys.stdout.isatty() else "")


async def _head(http: Http, url: str) -> int:
    """The status of any answer: it shows that name, address, certificate and proxy work."""
    try:
        async with outbound.client(http) as client:
            return (await client.head(url, timeout=_PATIENCE)).status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        advice = "check the url"
        if isinstance(error, errors.AddressRefused):
            advice = "set allow_private_networks in [http] if it is meant to be there"
        raise Trouble(f"cannot be reached: {errors.reason(error)}", advice) from None


async def _slack(http: Http, subscription: SlackSubscription) -> str:
    if not subscription.token.get_secret_value():
        await _head(http, subscription.webhook_url.get_secret_value())
        return (
            "Slack can be reached; by webhook there are no threads, and a message whose outcome is "
            "unknown may come twice: token and channel_id avoid both"
        )
    answer = await _auth_test(http, subscription)
    if not answer.get("ok"):
        raise Trouble(f"Slack refuses the token: {answer.get('error', 'no reason given')}", "check token")
    return f"Slack knows the token: {answer.get('user', 'a bot')} in {answer.get('team', 'a workspace')}"


async def _auth_test(http: Http, subscription: SlackSubscription) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {subscription.token.get_secret_value()}"}
    try:
        async with outbound.client(http) as client:
            response = await client.post(
                f"{subscription.api_url}auth.test", headers=headers, timeout=_PATIENCE
            )
            answer = response.json()
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Trouble(f"Slack cannot be reached: {errors.reason(error)}", "check the network") from None
    except ValueError:
        raise Trouble("Slack's API answered with something else", "check api_url") from None
    return answer if isinstance(answer, dict) else {}


def _email(loaded: Loaded) -> str:
    email = loaded.configuration.email
    url = email.smtp_url.get_secret_value()
    if not url or not email.sender:
        missing = "smtp_url" if not url else "from"
        raise Trouble(f"[email] {missing} is empty", "set it; mail cannot be sent without")
    if url.startswith("file:"):
        return f"mail is written into {folder_below(loaded.home, url)}"
    server = Server.parse(url)
    try:
        _greet(server, loaded.configuration.http.ca_file)
    except (smtplib.SMTPException, OSError) as error:
        # The message that a failed mail would have.
        raise Trouble(judge(error, f"{server.host}:{server.port}").message, "check smtp_url") from None
    return f"{server.host}:{server.port} answers" + (" and knows the user" if server.user else "")


def _greet(server: Server, ca_file: str) -> None:
    """Connect, with TLS and login as a delivery would, and quit."""
    trust = ssl.create_default_context()
    if ca_file:
        trust.load_verify_locations(ca_file)
    if server.implicit_tls:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE, context=trust)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=_PATIENCE)
    with smtp:
        smtp.ehlo_or_helo_if_needed()
        if server.starttls:
            smtp.starttls(context=trust)
            smtp.ehlo()
        if server.user:
            smtp.login(server.user, server.password)
        smtp.noop()
