"""The bodies that docs/webhooks.md shows. Everything in them is made up."""

import json
from datetime import UTC, datetime

from monitor.record.folding import fingerprint, key
from monitor.record.values import Event, EventType, Kind, Notice, NoticeType, State, Subject
from workers.channels.webhook.body import Body, event_body, notice_body
from workers.channels.webhook.fitting import fit
from workers.values import DescribedEvent, Difference, Level, Signal, Significance

_SEEN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_BEFORE = datetime(2024, 5, 20, 6, 0, tzinfo=UTC)
_AGENCY = "United States Customs and Border Protection"
_TITLE = "Border Inspection: Better Upkeep of Scanners Would Shorten the Wait"
_TEXT = (
    "The Commissioner of CBP should write down how field offices report broken scanners. (Recommendation 5)"
)
_STANDS = "CBP agreed. It anticipates completing the guidance by "
_LONG = " ".join(f"In {year}, CBP told us that it was drafting it." for year in range(2008, 2024))
_LONG += f" {_STANDS}"


def examples() -> dict[str, Body]:
    """Bodies by the name under which the page shows them."""
    return {
        "updated": _change(_STANDS),
        "truncated": json.loads(fit(_change(_LONG), 2_000)),
        "notice": notice_body(_notice()),
    }


def _change(stands: str) -> Body:
    event = Event(
        id="evt_3vQ0cGm8T1xZk5LwYpR7hN",
        type=EventType.UPDATED,
        source="gao-open",
        at=_SEEN,
        recommendation_id=1,
        revision=2,
        subject=_subject(),
        changed=("narrative",),
        old=_state(f"{stands}May 2024.", _BEFORE),
        new=_state(f"{stands}September 2025.", _SEEN),
    )
    difference = Difference((("equal", stands), ("delete", "May 2024."), ("insert", "September 2025.")))
    quote = "It anticipates completing the guidance by September 2025."
    significance = Significance(
        Level.SUBSTANTIVE, (Signal("deadline_moved", quote, "2024-05", "2025-09", slips=1),)
    )
    return event_body(DescribedEvent(event, difference, significance), subscription="tracker")


def _subject() -> Subject:
    product, number, kind = "GAO-23-105607", "5", Kind.RECOMMENDATION
    return Subject(
        key=key(product, kind, number, _AGENCY, _TEXT),
        product=product,
        kind=kind,
        number=number,
        agency=_AGENCY,
        title=_TITLE,
        text=_TEXT,
        url="https://www.gao.gov/products/gao-23-105607",
    )


def _state(narrative: str, observed_at: datetime) -> State:
    return State(
        status="open",
        priority=False,
        narrative=narrative,
        fingerprint=fingerprint(narrative),
        text=_TEXT,
        observed_at=observed_at,
    )


def _notice() -> Notice:
    return Notice(
        id="evt_9dW2yLr4KsT0bNfXqJ6uMe",
        type=NoticeType.BLOCKED,
        at=_SEEN,
        concerns="gao-open",
        outcome="blocked",
        message="www.gao.gov refused (403). Open the address in a browser and save it in drop/.",
        since=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    )
