"""Every message says when the words were seen, why one gets it, and whom to ask."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.workers.channels.email.sending import by_mail, mailed, part
from tests.workers.channels.made_up import (
    AT,
    WATCH,
    described,
    event,
    message,
    notice,
    several,
    state,
    subject,
)
from tests.workers.channels.slack.sending import to_slack
from workers.channels.console.render import render as on_console
from workers.channels.console.settings import ConsoleSubscription
from workers.channels.email.settings import EmailSubscription
from workers.channels.slack.render import render as in_slack
from workers.channels.slack.render import render_plain
from workers.channels.text.provenance import provenance, scope, seen, whom_to_ask, why
from workers.values import Cause, DescribedEvent, Message


def seen_after(
    moment: datetime | None, at: datetime = datetime(2026, 10, 5, 12, tzinfo=UTC)
) -> DescribedEvent:
    """A change that was seen at a time, its source last read before at another."""
    made = described()
    return replace(
        made, event=event(at=at, seen_after=moment, old=state(observed_at=datetime(2024, 5, 20, tzinfo=UTC)))
    )


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (datetime(2026, 9, 28, 6, tzinfo=UTC), "Seen between Sep 28 and Oct 5, 2026."),
        (datetime(2025, 12, 28, tzinfo=UTC), "Seen between Dec 28, 2025 and Oct 5, 2026."),
        (datetime(2026, 10, 5, 1, tzinfo=UTC), "Seen on Oct 5, 2026."),
        (None, "Seen between May 20, 2024 and Oct 5, 2026."),
    ],
)
def test_when_the_words_were_seen(after: datetime | None, expected: str) -> None:
    """Between the last reading without them and the first with them; each year is said once."""
    assert seen(message(seen_after(after))) == expected


def test_days_are_the_subscriptions() -> None:
    """Two in the morning in UTC is the evening before in Washington."""
    made = seen_after(datetime(2026, 9, 28, 2, tzinfo=UTC), at=datetime(2026, 10, 5, 2, tzinfo=UTC))
    there = ConsoleSubscription(id="cbp-team", timezone="America/New_York")
    assert seen(message(made, subscription=there)) == "Seen between Sep 27 and Oct 4, 2026."


def subscribed(**match: Any) -> ConsoleSubscription:
    return ConsoleSubscription.model_validate({"id": "cbp-team", "match": match})


@pytest.mark.parametrize(
    ("match", "covers"),
    [
        ({}, "all recommendations"),
        ({"agencies": ["CBP"]}, "recommendations to CBP"),
        (
            {"agencies": ["CBP", "TSA", "FEMA"], "priority": True},
            "priority recommendations to CBP, TSA or FEMA",
        ),
        ({"products": ["GAO-23-105607"]}, "recommendations in GAO-23-105607"),
        ({"keywords": ["scanner"]}, 'recommendations with the words "scanner"'),
    ],
)
def test_why_one_gets_it(match: dict[str, Any], covers: str) -> None:
    """The subscription's name and what it covers."""
    made = message(described(), subscription=subscribed(**match))
    assert why(made) == f"You get this because subscription cbp-team covers {covers}."


def test_why_operators_and_testers_get_it() -> None:
    """A notice, a test and a replay have reasons of their own."""
    operators = ConsoleSubscription(id="operators")
    assert "you operate" in why(message(notice=notice(), cause=Cause.NOTICE, subscription=operators))
    assert "tested" in why(message(described(), cause=Cause.TEST))
    assert "sent again on request" in why(message(described(), cause=Cause.REPLAY))


def test_whom_to_ask() -> None:
    """The contact, else the operators; a mail at least has its sender."""
    assert whom_to_ask(message(contact="audit@example.org")) == "Questions: audit@example.org"
    assert whom_to_ask(message(operators_address="ops@example.org")) == "Questions: ops@example.org"
    assert whom_to_ask(message()) == ""
    alone = part(mailed(by_mail(described(), operators_address="")), "plain")
    assert "Questions: watch@agency.example" in alone


WEEKLY = {"id": "weekly", "channel": "email", "to": ["a@example.org"], "timezone": "America/New_York"}


@pytest.mark.parametrize(
    ("digest", "slot", "period"),
    [
        ("weekly mon 08:00", "2026-10-12T12:00:00Z", "week of Oct 5"),
        ("daily 08:00", "2026-10-12T12:00:00Z", "Oct 12"),
        ("daily 23:00", "2026-10-13T03:00:00Z", "Oct 12"),
        ("monthly 1 08:00", "2026-11-01T12:00:00Z", "month of Oct 1"),
        ("monthly 31 08:00", "2026-10-31T12:00:00Z", "month of Sep 30"),
        ("weekly mon 08:00", "not a time", "week of Feb 22"),
    ],
)
def test_a_digest_is_named_by_its_period(digest: str, slot: str, period: str) -> None:
    """The week, month or day that its schedule covers, where its readers are."""
    made = EmailSubscription.model_validate({**WEEKLY, "digest": digest})
    named = scope(
        message(described(), subscription=made, watch=replace(WATCH, slot=slot), cause=Cause.DIGEST)
    )
    assert named == f"GAO, CBP, {period}"


def test_many_agencies_are_counted() -> None:
    """A subject has no room for more than three."""
    made = [
        replace(each, event=replace(each.event, subject=subject(agency=f"Agency {number}")))
        for number, each in enumerate(several(4))
    ]
    assert scope(message(*made[:3])) == "GAO, Agency 0, Agency 1, Agency 2, Mar 1"
    assert scope(message(*made)) == "GAO, 4 agencies, Mar 1"


def channels(make: dict[str, Message]) -> dict[str, str]:
    """Everything that a reader sees, by channel."""
    return {
        "mail": part(mailed(make["mail"]), "plain"),
        "html": part(mailed(make["mail"]), "html"),
        "slack": json.dumps(in_slack(make["slack"])["blocks"], ensure_ascii=False),
        "plain": render_plain(make["slack"]),
        "console": on_console(make["console"]),
    }


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.parametrize("digest", [True, False])
def test_every_message_says_all_of_it(number: int, digest: bool) -> None:
    """One change, several, and a digest, in every channel."""
    how: dict[str, Any] = {"contact": "audit@example.org"}
    how |= {"cause": Cause.DIGEST, "watch": WATCH} if digest else {}
    made = several(number)
    seen_by = channels(
        {"mail": by_mail(*made, **how), "slack": to_slack(*made, **how), "console": message(*made, **how)}
    )
    for channel, text in seen_by.items():
        flat = " ".join(text.split())
        for said in (
            "Seen on Mar 1, 2026.",
            "You get this because subscription",
            "Questions: audit@example.org",
        ):
            assert said in flat, channel
        assert made[0].event.id in flat, channel


def test_a_test_was_not_seen_anywhere() -> None:
    """Its words are made up."""
    assert seen(message(described(), cause=Cause.TEST)) == ""
    assert len(provenance(message(described(at=AT), contact="x"))) == 3
