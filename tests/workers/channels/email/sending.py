"""Mails, made up."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from tests.workers.channels.made_up import message
from workers.channels.email.render import render, wire
from workers.channels.email.settings import EmailSubscription
from workers.values import DescribedEvent, Message

WEEKLY = EmailSubscription.model_validate(
    {"id": "weekly", "channel": "email", "to": ["audit@example.org", "second@example.org"]}
)
SENDER = "Recommendations <watch@agency.example>"


def by_mail(*described_events: DescribedEvent, **changes: Any) -> Message:
    """A message by mail."""
    given: dict[str, Any] = {
        "subscription": WEEKLY,
        "recipient": "audit@example.org",
        "operators_address": "operators@agency.example",
        **changes,
    }
    return message(*described_events, **given)


def mailed(message: Message) -> EmailMessage:
    """The mail as a mail program reads it from the wire."""
    return cast("EmailMessage", message_from_bytes(wire(render(message, SENDER)), policy=default))


def part(mail: EmailMessage, subtype: str) -> str:
    """The text or the HTML."""
    found = mail.get_body((subtype,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")
