"""The pages that pictures are taken of: mails, and Slack messages as its client draws them."""

import hashlib
from dataclasses import dataclass

from tests.pictures import scenes
from workers.channels.email import html
from workers.channels.email.cards import compose
from workers.channels.slack.preview import preview
from workers.channels.slack.render import render
from workers.values import Message

MAIL, SLACK = "mail", "slack"


def page(message: Message, channel: str) -> str:
    """A message as a page of HTML."""
    return html.write(compose(message, scenes.SENDER)) if channel == MAIL else preview(render(message))


def pages() -> dict[tuple[str, str], str]:
    """Every scene's page, by channel and name."""
    return {
        (channel, name): page(message, channel)
        for channel in (MAIL, SLACK)
        for name, message in scenes.messages(slack=channel == SLACK).items()
    }


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the README: what it shows, how wide the window is, where it is cut off."""

    channel: str
    scene: str
    width: int
    dark: bool = False
    most: int = 2_000


PICTURES = {
    "email": Picture(MAIL, "moved", 680),
    "slack": Picture(SLACK, "moved", 760),
    "digest": Picture(MAIL, "digest", 680, most=900),
    "phone": Picture(MAIL, "overdue", 390, dark=True),
}


def fingerprints() -> dict[str, str]:
    """What each picture is taken of, in short; another one means that the picture is out of date."""
    made = pages()
    return {
        name: hashlib.sha256(made[picture.channel, picture.scene].encode()).hexdigest()
        for name, picture in PICTURES.items()
    }
