"""The edge to Teams: posts a card to a Workflows webhook."""

from datetime import UTC, datetime
from pathlib import Path

import httpx

from monitor.record.http.posting import Poster, PostError, open_poster
from monitor.record.settings import Settings
from workers.channels.teams.answers import judge
from workers.channels.teams.cards import encode
from workers.channels.teams.render import render
from workers.channels.teams.settings import TeamsSubscription
from workers.channels.text.secrets import excerpt_of, secrets_of
from workers.values import Message, Receipt, TransportError


class TeamsTransport:
    """One poster a job."""

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    async def send(self, message: Message) -> Receipt:
        """Post one card; TransportError unless the workflow took it."""
        subscription = message.subscription
        assert isinstance(subscription, TeamsSubscription)
        secret = subscription.webhook_url.get_secret_value()
        try:
            url = httpx.URL(secret)
        except httpx.InvalidURL:
            raise TransportError("webhook_url is not a valid address") from None
        try:
            posted = await self._poster.post(
                url, [("Content-Type", "application/json")], encode(render(message))
            )
        except PostError as error:
            words, sent = f"Teams {error}", error.may_have_arrived
            raise TransportError(words, ambiguous=sent, timed_out=error.timed_out) from None
        said = excerpt_of(posted.body, secrets_of(secret))
        wait = posted.headers.get("retry-after", "")
        if refused := judge(posted.status, said, wait, datetime.now(UTC)):
            raise refused
        return Receipt(f"{posted.status} {said}".strip())

    async def close(self) -> None:
        """Let the connections go."""
        await self._poster.close()


def open_transport(settings: Settings, home: Path) -> TeamsTransport:  # noqa: ARG001 - nothing on disk
    """Open the channel for one job. OutboundError: [http] cannot be used."""
    return TeamsTransport(open_poster(settings.http, settings.delivery.request_timeout))
