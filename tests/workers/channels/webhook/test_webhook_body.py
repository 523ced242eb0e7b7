"""The body of a webhook as CONTRACT.md has it."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest

from monitor.record.values import EventType, NoticeType, Reminder
from tests.workers.channels.made_up import AT, NEW, OLD, TEXT, described, event, notice
from workers.channels.webhook.body import encode, event_body, notice_body, timestamp
from workers.values import DescribedEvent, Difference, Level, Significance


def body_of(made: DescribedEvent, **more: object) -> dict[str, object]:
    given = {"subscription": "tracker", "test": False, "replayed": False, **more}
    return event_body(made, **given)  # type: ignore[arg-type]


def test_the_body_is_the_contracts() -> None:
    """Every field of the contract is there under its name, and no other without a reason."""
    record = {"status": ["open", "closed-implemented"]}
    assert (
        body_of(described(record=record, changed=("narrative", "status")))
        == {
            "type": "recommendation.updated",
            "timestamp": "2026-03-01T12:00:00Z",
            "data": {
                "event_id": "evt_3vQ0cGm8T1xZk5LwYpR7hN",
                "source": "gao-open",
                "subscription": "tracker",
                "test": False,
                "replayed": False,
                "recommendation": {
                    "key": "GAO-23-105607#5@united-states-customs-and-border-protection",
                    "product": "GAO-23-105607",
                    "kind": "recommendation",
                    "number": "5",
                    "agency": "United States Customs and Border Protection",
                    "title": "Border Inspection: Better Upkeep of Scanners Would Shorten the Wait",
                    "text": TEXT,
                    "url": "https://www.gao.gov/products/gao-23-105607",
                },
                "changed": ["narrative", "status"],
                "old": {
                    "status": "open",
                    "priority": False,
                    "narrative": OLD,
                    "fingerprint": event().old.fingerprint,  # type: ignore[union-attr]
                    "observed_at": "2026-03-01T12:00:00Z",
                },
                "new": {
                    "status": "open",
                    "priority": False,
                    "narrative": NEW,
                    "fingerprint": event().new.fingerprint,  # type: ignore[union-attr]
                    "observed_at": "2026-03-01T12:00:00Z",
                },
                "diff": {
                    "narrative": [
                        ["equal", OLD[: OLD.index("January")]],
                        ["delete", "January 2024"],
                        ["insert", "February 2026"],
                        ["equal", ", CBP anticipates completing these actions by "],
                        ["delete", "May 2024."],
                        ["insert", NEW[NEW.index("September") :]],
                    ],
                    "record": record,
                },
                "significance": {
                    "level": "substantive",
                    "signals": [
                        {
                            "kind": "deadline_moved",
                            "old": "2024-05",
                            "new": "2025-09",
                            "text": "CBP anticipates completing these actions by September 2025",
                            "slips": 2,
                        }
                    ],
                },
                "truncated": False,
            },
        }
    )


@pytest.mark.parametrize(("kind", "side"), [(EventType.OPENED, "old"), (EventType.VANISHED, "new")])
def test_a_missing_side_is_null(kind: EventType, side: str) -> None:
    """`old` is null for opened and `new` for vanished; nothing is said to have changed."""
    data = body_of(described(kind))["data"]
    assert isinstance(data, dict)
    assert data[side] is None
    assert data["changed"] == []
    assert data["diff"] == {"narrative": [], "record": {}}


def test_a_reminder_says_what_it_is_of() -> None:
    """The promised date and its words; other events have no such field."""
    made = described(EventType.OVERDUE, signals=(), reminder=Reminder("2024-05", "By May 2024."))
    assert body_of(made)["data"]["reminder"] == {"date": "2024-05", "text": "By May 2024."}  # type: ignore[index]
    assert "reminder" not in body_of(described())["data"]  # type: ignore[operator]


def test_nobody_told_is_null() -> None:
    """`show` and `diff` print the body without a subscription."""
    assert '"subscription":null' in encode(body_of(described(), subscription=None)).decode()


def test_times_are_utc_to_the_second() -> None:
    """ISO 8601 with a Z, whatever the zone and the fraction of the value."""
    eastern = timezone(timedelta(hours=-5))
    assert timestamp(datetime(2026, 3, 1, 7, 0, 0, 999_999, tzinfo=eastern)) == "2026-03-01T12:00:00Z"
    assert timestamp(AT.astimezone(UTC)) == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize("kind", list(NoticeType))
def test_a_notice_names_its_source_or_its_subscription(kind: NoticeType) -> None:
    """Operators get the contract's shape: source for a source's trouble, subscription for the others."""
    data = notice_body(notice(kind))["data"]
    about = "source" if kind.startswith("source.") else "subscription"
    assert data == {
        "event_id": "evt_9aaaaaaaaaaaaaaaaaaaaa",
        about: "gao-open",
        "outcome": "blocked",
        "message": "www.example.org refused (403). Next try 14:10.",
        "since": "2026-03-01T09:30:00Z",
    }
    assert notice_body(notice(kind))["type"] == str(kind)


def test_texts_are_verbatim() -> None:
    """What a page says reaches the receiver to the letter, as UTF-8 and not as escapes."""
    text = "§ 1592 – “quoted” \u202e\x1b[31m\n\n中 \U0001f600"
    made = DescribedEvent(event(), Difference((("equal", text),)), Significance(Level.COSMETIC))
    sent = encode(body_of(made))
    assert json.loads(sent)["data"]["diff"]["narrative"] == [["equal", text]]
    assert "中 \U0001f600".encode() in sent


def test_a_lone_surrogate_does_not_stop_a_message() -> None:
    """Text that UTF-8 has no place for is sent as a question mark."""
    made = DescribedEvent(event(), Difference((("equal", "a\ud800b"),)), Significance(Level.COSMETIC))
    assert json.loads(encode(body_of(made)))["data"]["diff"]["narrative"] == [["equal", "a?b"]]
