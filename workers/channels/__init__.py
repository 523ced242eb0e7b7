"""The channels. A new one adds its folder, its line in CHANNELS, and its name in AnySubscription.

Transports are imported when one is opened: a verb that only reads pays for none of them.
"""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from monitor.record.settings import Settings
from workers.channels.channel import Channel
from workers.channels.console.settings import ConsoleSubscription
from workers.channels.email.settings import EmailSubscription
from workers.channels.slack.settings import SlackSubscription
from workers.channels.teams.settings import TeamsSubscription
from workers.channels.webhook.settings import WebhookSubscription
from workers.values import Transport

_TEAMS_PACE = timedelta(seconds=1)  # of four requests a second that are throttled
_SLACK_PACE = timedelta(seconds=1)  # reference: chat.postMessage, about one a second a channel


def _open_webhook(settings: Settings, home: Path) -> Transport:
    from workers.channels.webhook.transport import open_transport

    return open_transport(settings, home)


def _open_slack(settings: Settings, home: Path) -> Transport:
    from workers.channels.slack.transport import open_transport

    return open_transport(settings, home)


def _open_teams(settings: Settings, home: Path) -> Transport:
    from workers.channels.teams.transport import open_transport

    return open_transport(settings, home)


def _open_email(settings: Settings, home: Path) -> Transport:
    from workers.channels.email.transport import open_transport

    return open_transport(settings, home)


def _open_console(settings: Settings, home: Path) -> Transport:
    from workers.channels.console.transport import open_transport

    return open_transport(settings, home)


def _webhook_host(subscription: WebhookSubscription, _settings: Settings) -> str:
    """Host and port: two receivers on one machine do not wait for each other."""
    parts = urlsplit(subscription.url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{(parts.hostname or '').lower()}:{port}"


def _slack_host(subscription: SlackSubscription, _settings: Settings) -> str:
    """The Slack channel, or a hash of the incoming webhook's address, which itself is a secret."""
    if subscription.channel_id:
        return f"slack:{subscription.channel_id}"
    address = subscription.webhook_url.get_secret_value() if subscription.webhook_url else ""
    return f"slack:{sha256(address.encode()).hexdigest()[:16]}"


def _teams_host(subscription: TeamsSubscription, _settings: Settings) -> str:
    """A hash of the address, which is a secret."""
    return f"teams:{sha256(subscription.webhook_url.get_secret_value().encode()).hexdigest()[:16]}"


def _email_host(_subscription: EmailSubscription, settings: Settings) -> str:
    parts = urlsplit(settings.email.smtp_url.get_secret_value())
    return f"smtp:{parts.hostname}" if parts.hostname else "smtp:file"


def _console_host(_subscription: ConsoleSubscription, _settings: Settings) -> str:
    return "console"


def _unpaced(_settings: Settings) -> None:
    return None


CHANNELS: Mapping[str, Channel] = MappingProxyType(
    {
        channel.name: channel
        for channel in (
            Channel("slack", SlackSubscription, _open_slack, _slack_host, lambda _: _SLACK_PACE, 16, 1),
            Channel("teams", TeamsSubscription, _open_teams, _teams_host, lambda _: _TEAMS_PACE, 16, 1),
            Channel("email", EmailSubscription, _open_email, _email_host, _unpaced, 8, 2),
            Channel(
                "webhook",
                WebhookSubscription,
                _open_webhook,
                _webhook_host,
                lambda settings: settings.delivery.webhook_rate,
                32,
                2,
                256,
            ),
            Channel("console", ConsoleSubscription, _open_console, _console_host, _unpaced, 1, 1),
        )
    }
)
