"""Adaptive Cards, and how they are posted to a workflow."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.record.http.posting import open_poster
from monitor.record.settings import Http
from monitor.record.values import EventType
from tests.fakes.receiver import HANGS, ODD_ACCEPTS, RESETS, Answer, Receiver, busy
from tests.workers.channels.made_up import WATCH, described, message, notice, several, state, subject
from workers.channels.teams.cards import encode
from workers.channels.teams.render import render
from workers.channels.teams.settings import TeamsSubscription
from workers.channels.teams.transport import TeamsTransport
from workers.values import Cause, DescribedEvent, Message, Receipt, TransportError

LIMIT = 28 * 1024
URL = "https://prod.example.org/workflows/abc123def456/triggers/manual/paths/invoke?sig=hunter2hunter2"


def to_teams(*described_events: DescribedEvent, url: str = URL, **changes: Any) -> Message:
    keys = {"id": "cbp-team", "channel": "teams", "webhook_url": url}
    return message(*described_events, subscription=TeamsSubscription.model_validate(keys), **changes)


def card(made: Message) -> dict[str, Any]:
    """The card, checked for what Teams would refuse."""
    payload = render(made)
    assert len(encode(payload)) < LIMIT
    (attachment,) = payload["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    found: dict[str, Any] = attachment["content"]
    for element in found["body"]:
        assert element["type"] == "RichTextBlock"
        assert element["inlines"]
        assert all(run["type"] == "TextRun" and run["text"] for run in element["inlines"])
    for action in found["actions"]:
        assert action["type"] == "Action.OpenUrl"
        assert action["url"].startswith("https://")
    return found


def words_in(found: dict[str, Any]) -> str:
    return "\n".join("".join(run["text"] for run in element["inlines"]) for element in found["body"])


def runs(found: dict[str, Any], **style: Any) -> list[str]:
    every = [run for element in found["body"] for run in element["inlines"]]
    return [run["text"] for run in every if all(run.get(key) == value for key, value in style.items())]


def test_a_change_says_what_slack_says() -> None:
    """Headline, meaning, status, agency, old and new, the link, and where it comes from."""
    found = card(to_teams(described(), contact="audit@example.org"))
    seen = words_in(found)
    for said in (
        "GAO-23-105607 rec. 5 (CBP): deadline moved, May 2024 → Sep 2025",
        "16 months later, moved a 2nd time",
        "Open",
        "United States Customs and Border Protection",
        "Seen on Mar 1, 2026.",
        "You get this because subscription cbp-team",
        "Questions: audit@example.org",
        "subscription cbp-team · event evt_3vQ0cGm8T1xZk5LwYpR7hN",
    ):
        assert said in seen
    assert "May 2024." in runs(found, strikethrough=True)
    assert any("September 2025." in text for text in runs(found, weight="Bolder"))
    assert found["actions"][0]["title"] == "View GAO-23-105607 on gao.gov"
    assert found["speak"].startswith("GAO-23-105607 rec. 5")


@pytest.mark.parametrize("kind", EventType)
def test_every_kind_of_event_is_a_card(kind: EventType) -> None:
    """Whichever side is missing."""
    assert "GAO-23-105607" in words_in(card(to_teams(described(kind, signals=()))))


def test_a_long_narrative_is_cut_and_says_so() -> None:
    """28 kB is what Teams takes; what has no room is counted, with where it is."""
    long = "Officials described a measure, née Größe. " * 5_000
    seen = words_in(
        card(to_teams(described(EventType.OPENED, signals=(), new=state(long), subject=subject(text=long))))
    )
    assert re.search(r"[\d,]+ words left out here. All of it: recwatch show evt_", seen)


@pytest.mark.parametrize("number", [2, 12, 500])
@pytest.mark.parametrize("cause", [Cause.SUMMARY, Cause.DIGEST])
def test_several_changes_are_one_card(number: int, cause: Cause) -> None:
    """Grouped by agency, each with its events and a link; what is not listed is counted."""
    made = several(number)
    seen = words_in(card(to_teams(*made, cause=cause, watch=WATCH if cause == Cause.DIGEST else None)))
    assert f"{number} deadlines moved." in seen
    shown = sum(each.event.id in seen for each in made)
    assert shown == number or f"{number - shown} more recommendations not shown here" in seen
    assert shown >= min(number, 12)
    assert "recwatch changes --since" in seen


def test_an_empty_digest_and_a_notice() -> None:
    """Each says what it is."""
    assert "Nothing changed. 25 recommendations watched" in words_in(
        card(to_teams(cause=Cause.DIGEST, watch=WATCH))
    )
    trouble = words_in(card(to_teams(notice=notice(message="no answer; " * 9_000), cause=Cause.NOTICE)))
    assert "recwatch: source gao-open is refused" in trouble
    assert "…" in trouble


def send(made: Message, http: Http | None = None) -> Receipt:
    async def one() -> Receipt:
        open_to = http or Http(allow_private_networks=True)
        transport = TeamsTransport(open_poster(open_to, timedelta(seconds=3)))
        try:
            return await transport.send(made)
        finally:
            await transport.close()

    return asyncio.run(one())


def failure(made: Message, http: Http | None = None) -> TransportError:
    with pytest.raises(TransportError) as caught:
        send(made, http)
    return caught.value


def test_a_card_is_posted_once() -> None:
    """As the JSON that a workflow reads; 202 is how it accepts."""
    with Receiver(otherwise=Answer(202, body=b"")) as receiver:
        assert send(to_teams(described(), url=receiver.url)).detail == "202"
        (request,) = receiver.requests
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body)["type"] == "message"


@pytest.mark.parametrize("name", ["204 with a body", "two lengths", "a reset after the status line"])
def test_accepted_is_accepted(name: str) -> None:
    """A final 2xx is success, whatever follows it."""
    with Receiver(otherwise=ODD_ACCEPTS[name]) as receiver:
        send(to_teams(described(), url=receiver.url))
        assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(400, body=b"bad card"), (True, False, False)),
        (Answer(413), (True, False, False)),
        (Answer(401), (True, True, False)),
        (Answer(404), (True, True, False)),
        (Answer(410), (True, True, False)),
        (Answer(307, (("Location", "https://elsewhere.example/"),)), (False, False, False)),
        (Answer(500), (False, False, True)),
        (Answer(502), (False, False, True)),
        (Answer(503), (False, False, False)),
        (RESETS, (False, False, True)),
        (HANGS, (False, False, True)),
    ],
)
def test_answers_are_judged(answer: Answer, expected: tuple[bool, bool, bool]) -> None:
    """Permanent, pausing, ambiguous; one post each."""
    with Receiver(otherwise=answer) as receiver:
        error = failure(to_teams(described(), url=receiver.url))
        assert len(receiver.requests) == 1
    assert (error.permanent, error.pauses, error.ambiguous) == expected


@pytest.mark.parametrize(("wait", "seconds"), [("120", 120.0), ("", 30.0), ("soon", 30.0)])
def test_throttling_says_when(wait: str, seconds: float) -> None:
    """It uses up no step of the schedule."""
    with Receiver(otherwise=busy(wait)) as receiver:
        assert failure(to_teams(described(), url=receiver.url)).retry_after == seconds


def test_private_addresses_are_refused_unless_allowed() -> None:
    """As for every channel."""
    with Receiver() as receiver:
        error = failure(to_teams(described(), url=receiver.url), Http())
        assert receiver.requests == []
    assert "allow_private_networks" in error.message
    assert not error.ambiguous


def test_the_address_is_a_secret() -> None:
    """Not in errors, though the workflow repeats it, nor in what is printed."""
    with Receiver() as receiver:
        url = f"{receiver.url}/abc123def456?sig=hunter2hunter2"
        receiver.otherwise = Answer(500, body=f"nothing at {url}".encode())
        made = to_teams(described(), url=url)
        said = failure(made).message + made.subscription.model_dump_json() + repr(made.subscription)
    assert "hunter2" not in said
    assert "abc123def456" not in said


@pytest.mark.parametrize("url", ["", "teams", "ftp://example.org/x"])
def test_what_is_not_an_address_is_refused_without_repeating_it(url: str) -> None:
    """It may be the secret."""
    with pytest.raises(ValidationError, match="not a web address"):
        to_teams(described(), url=url)
