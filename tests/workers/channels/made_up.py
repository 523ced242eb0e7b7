"""Made-up events in the manner of the real ones, for the tests of every channel."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from monitor.record.folding import fingerprint
from monitor.record.settings import Subscription
from monitor.record.values import Event, EventType, Kind, Notice, NoticeType, State, Subject
from workers.channels.console.settings import ConsoleSubscription
from workers.values import Cause, DescribedEvent, Difference, Level, Message, Signal, Significance, Watch

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TEXT = (
    "The Commissioner of U.S. Customs and Border Protection should write down how field offices are to "
    "report broken scanners, and check once a year that they do. (Recommendation 5)"
)
OLD = (
    "CBP agreed with this recommendation. In March 2023, officials told us that a working group was drafting "
    "the guidance. As of January 2024, CBP anticipates completing these actions by May 2024."
)
NEW = (
    "CBP agreed with this recommendation. In March 2023, officials told us that a working group was drafting "
    "the guidance. As of February 2026, CBP anticipates completing these actions by September 2025. "
    "CBP issued an interim memo to field offices in December 2025."
)
RUNS = (
    ("equal", OLD[: OLD.index("January")]),
    ("delete", "January 2024"),
    ("insert", "February 2026"),
    ("equal", ", CBP anticipates completing these actions by "),
    ("delete", "May 2024."),
    ("insert", "September 2025. CBP issued an interim memo to field offices in December 2025."),
)
MOVED = Signal(
    "deadline_moved", "CBP anticipates completing these actions by September 2025", "2024-05", "2025-09", 2
)


def subject(**changes: Any) -> Subject:
    """Recommendation 5 of a report to CBP that does not exist."""
    given: dict[str, Any] = {
        "key": "GAO-23-105607#5@united-states-customs-and-border-protection",
        "product": "GAO-23-105607",
        "kind": Kind.RECOMMENDATION,
        "number": "5",
        "agency": "United States Customs and Border Protection",
        "title": "Border Inspection: Better Upkeep of Scanners Would Shorten the Wait",
        "text": TEXT,
        "url": "https://www.gao.gov/products/gao-23-105607",
    }
    return Subject(**{**given, **changes})


def state(narrative: str = OLD, **changes: Any) -> State:
    """How it stood."""
    given: dict[str, Any] = {"status": "open", "priority": False, "text": TEXT, "observed_at": AT}
    return State(narrative=narrative, fingerprint=fingerprint(narrative), **{**given, **changes})


def event(kind: EventType = EventType.UPDATED, **changes: Any) -> Event:
    """A narrative that changed, unless said otherwise."""
    given: dict[str, Any] = {
        "id": "evt_3vQ0cGm8T1xZk5LwYpR7hN",
        "type": kind,
        "source": "gao-open",
        "at": AT,
        "recommendation_id": 7,
        "revision": 3,
        "subject": subject(),
        "changed": ("narrative",) if kind == EventType.UPDATED else (),
        "old": None if kind == EventType.OPENED else state(),
        "new": None if kind == EventType.VANISHED else state(NEW),
    }
    return Event(**{**given, **changes})


def described(
    kind: EventType = EventType.UPDATED,
    *,
    signals: tuple[Signal, ...] = (MOVED,),
    level: Level = Level.SUBSTANTIVE,
    runs: Any = RUNS,
    record: dict[str, Any] | None = None,
    **changes: Any,
) -> DescribedEvent:
    """An event with its difference and what it means; `changes` are the event's."""
    both = kind not in (EventType.OPENED, EventType.VANISHED)
    difference = Difference(tuple(runs) if both else (), record or {})
    return DescribedEvent(event(kind, **changes), difference, Significance(level, signals))


def several(number: int) -> tuple[DescribedEvent, ...]:
    """As many changes, each of another recommendation of the same report."""
    return tuple(
        described(id=f"evt_{index:022d}", recommendation_id=index, subject=subject(number=str(index)))
        for index in range(1, number + 1)
    )


def notice(kind: NoticeType = NoticeType.BLOCKED, **changes: Any) -> Notice:
    """A source that was refused."""
    made = Notice(
        id="evt_9aaaaaaaaaaaaaaaaaaaaa",
        type=kind,
        at=AT,
        concerns="gao-open",
        outcome="blocked",
        message="www.example.org refused (403). Next try 14:10.",
        since=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    )
    return replace(made, **changes)


def message(*described_events: DescribedEvent, **changes: Any) -> Message:
    """To the console at once, unless said otherwise."""
    subscription: Subscription = ConsoleSubscription(id="cbp-team")
    given: dict[str, Any] = {
        "id": "msg_5kTq2VwJb8RrXn4HsLm6Zd",
        "subscription": subscription,
        "recipient": "",
        "cause": Cause.INSTANT,
        "created_at": AT,
        "described_events": described_events,
    }
    return Message(**{**given, **changes})


WATCH = Watch(watched=25, last_read_at=AT, slot="2026-03-02T08:00")
