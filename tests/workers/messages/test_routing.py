"""Who hears of an event: each key of a match by itself, and all together."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.record.settings import Match
from monitor.record.values import Event, EventType, Kind, State, Subject
from tests.workers.seeding import CBP, NOW
from workers.messages.routing import OpenRecommendation, covers, matches
from workers.values import Difference, Level, Signal, Significance

TEXT = "The Commissioner should keep a list of the lanes and of the ICE offices nearby. (Recommendation 4)"
OLD = State("open", False, "The agency plans a pilot.", "1a", TEXT, NOW)
NEW = State("open-partially-addressed", True, "The agency began its radiation-portal tests.", "1b", TEXT, NOW)
SUBJECT = Subject("GAO-24-100000#4@x", "GAO-24-100000", Kind.RECOMMENDATION, "4", CBP, "Lanes", TEXT, None)
EVENT = Event(
    id="evt_1",
    type=EventType.UPDATED,
    source="gao-open",
    at=NOW,
    recommendation_id=1,
    revision=2,
    subject=SUBJECT,
    changed=("narrative", "status", "priority"),
    old=OLD,
    new=NEW,
)
MEANING = Significance(Level.REDATED, (Signal("status_moved"),))
DIFFERENCE = Difference(
    (("equal", "The agency "), ("delete", "plans a pilot."), ("insert", "began its radiation-portal tests."))
)


def matched(event: Event = EVENT, **keys: Any) -> bool:
    return matches(Match.model_validate(keys), event, MEANING, DIFFERENCE).matched


def test_an_empty_match_matches_everything() -> None:
    """Empty or absent keys rule nothing out."""
    assert matched()
    assert matched(agencies=[], products=[], keywords=[])


@pytest.mark.parametrize(
    ("key", "met", "unmet"),
    [
        ("agencies", "U.S. Customs and Border Protection", "Coast Guard"),
        ("agencies", "Department of Homeland Security: U.S. Customs & Border Protection", "Customs"),
        ("products", "gao-24-100000", "GAO-24-100001"),
        ("products", "https://www.gao.gov/products/gao-24-100000", "24-100000"),
        ("sources", "gao-open", "other"),
        ("kinds", "recommendation", "matter"),
        ("events", "recommendation.updated", "recommendation.closed"),
        ("fields", "status", "text"),
        ("statuses", "Open – Partially Addressed", "Open"),
        ("signals", "status_moved", "closed"),
        ("keywords", "lanes", "harbour"),
        ("keywords", "radiation-portal", "radiation portals"),
    ],
)
def test_each_key_is_any_of_its_values(key: str, met: str, unmet: str) -> None:
    """A list is met by one of its values, and not met by others; folded where people write freely."""
    both: dict[str, Any] = {key: [met, unmet]}
    other: dict[str, Any] = {key: [unmet]}
    assert matched(**both)
    assert not matched(**other)


def test_all_given_keys_must_match() -> None:
    """One unmet key is enough, and each unmet one is a reason."""
    match = Match.model_validate({"sources": ["other"], "kinds": ["matter"], "fields": ["status"]})
    verdict = matches(match, EVENT, MEANING)
    assert not verdict.matched
    assert verdict.reasons == ("kind recommendation is none of matter", "source gao-open is none of other")


@pytest.mark.parametrize(("least", "heard"), [("cosmetic", True), ("redated", True), ("substantive", False)])
def test_significance_is_at_least(least: str, heard: bool) -> None:
    """cosmetic < redated < substantive."""
    assert matched(significance=least) is heard


def test_priority_is_true_of_either_side() -> None:
    """Who watches priorities hears that one became a priority, and that one stopped being one."""
    plain = replace(EVENT, old=OLD, new=replace(NEW, priority=False))
    cleared = replace(EVENT, old=replace(OLD, priority=True), new=replace(NEW, priority=False))
    gone = replace(EVENT, type=EventType.VANISHED, old=replace(OLD, priority=True), new=None)
    assert [matched(each, priority=True) for each in (EVENT, plain, cleared, gone)] == [
        True,
        False,
        True,
        True,
    ]
    assert [matched(each, priority=False) for each in (EVENT, plain, gone)] == [True, True, False]


def test_a_status_is_the_new_one() -> None:
    """What vanished has no new status."""
    assert not matched(replace(EVENT, new=None), statuses=["open"])
    assert matched(
        replace(EVENT, new=replace(NEW, status="Closed - Implemented")), statuses=["closed-implemented"]
    )


@pytest.mark.parametrize(
    ("keyword", "found"),
    [
        ("ice", True),  # in "ICE offices", not in "offices"
        ("ICE", True),
        ("offi", False),
        ("offi*", True),
        ("office", True),
        ("lane", True),
        ("radiation", True),
        ("pilot", False),  # in the old narrative only
        ("old:pilot", True),
        ("OLD: Pilot", True),
        ("old:radiation", False),
        ("added:began", True),
        ("added:agency", False),
        ("added:lanes", False),
        ("the lanes and of", True),
        ("", False),
        ("*", False),
        ("old:", False),
    ],
)
def test_keywords(keyword: str, found: bool) -> None:
    """Whole words, plurals included, without case; in the text or the new narrative, unless a prefix says."""
    assert matched(keywords=[keyword]) is found


def test_all_of_a_new_narrative_is_added() -> None:
    """What was not there before has only added words."""
    opened = replace(EVENT, type=EventType.OPENED, old=None, changed=())
    assert matches(Match(keywords=("added:agency",)), opened, MEANING).matched


def test_no_field_changed_where_nothing_stood_before() -> None:
    """A match on fields is for updates: opened and vanished change none."""
    assert not matched(replace(EVENT, changed=()), fields=["narrative"])


def recommendation(**values: Any) -> OpenRecommendation:
    row: dict[str, Any] = {
        "agency": CBP,
        "product": "GAO-24-100000",
        "kind": "recommendation",
        "status": "open",
        "priority": True,
        "text": TEXT,
        "narrative": NEW.narrative,
        "sources": ("gao-open",),
    }
    return OpenRecommendation(**(row | values))


@pytest.mark.parametrize(
    ("keys", "covered"),
    [
        ({}, True),
        ({"agencies": ["U.S. Customs and Border Protection"], "priority": True}, True),
        ({"priority": False}, False),
        ({"sources": ["other"]}, False),
        ({"kinds": ["matter"]}, False),
        ({"products": ["GAO-24-100001"]}, False),
        (
            {"statuses": ["closed-implemented"], "events": ["recommendation.closed"], "signals": ["closed"]},
            True,
        ),
        ({"keywords": ["lanes"]}, True),
        ({"keywords": ["harbour"]}, False),
        ({"keywords": ["harbour", "added:x"]}, True),
    ],
)
def test_covers_asks_only_what_stands_now(keys: dict[str, Any], covered: bool) -> None:
    """What only a change can have rules no recommendation out of a subscription's count."""
    assert covers(Match.model_validate(keys), recommendation()) is covered
