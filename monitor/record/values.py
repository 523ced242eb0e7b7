"""The product's values: immutable, without behaviour of their own."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.record.bodies import Body


class Format(StrEnum):
    """The formats of pages; each has an extractor in monitor/formats/."""

    CSV = "gao-csv"
    PRODUCT = "gao-product"
    AGENCY = "gao-agency"
    TEXT = "gao-text"


class Kind(StrEnum):
    """A recommendation to an agency, or a matter for Congress."""

    RECOMMENDATION = "recommendation"
    MATTER = "matter"


class Status(StrEnum):
    """The site's status words, folded. Any other word is kept as the page has it."""

    OPEN = "open"
    PARTIAL = "open-partially-addressed"
    IMPLEMENTED = "closed-implemented"
    NOT_IMPLEMENTED = "closed-not-implemented"


def is_closed(status: str) -> bool:
    """Whether a status word, known or the page's own, says that the recommendation is closed."""
    return status.casefold().startswith("closed")


class EventType(StrEnum):
    """Types of events about recommendations."""

    OPENED = "recommendation.opened"
    UPDATED = "recommendation.updated"
    CLOSED = "recommendation.closed"
    REOPENED = "recommendation.reopened"
    VANISHED = "recommendation.vanished"
    OVERDUE = "recommendation.overdue"
    STALLED = "recommendation.stalled"


class NoticeType(StrEnum):
    """Types of notices to operators."""

    FAILING = "source.failing"
    BLOCKED = "source.blocked"
    QUARANTINED = "source.quarantined"
    STALE = "source.stale"
    RECOVERED = "source.recovered"
    PAUSED = "subscription.paused"
    DEAD = "delivery.dead"


class Outcome(StrEnum):
    """The result of polling one source once."""

    BASELINE = "baseline"
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    BLOCKED = "blocked"
    FAILING = "failing"
    QUARANTINED = "quarantined"
    DISALLOWED = "disallowed"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One row of a page, verbatim except for markup, entities and surrounding white space.

    `key` is the identity that the page alone allows (see folding.key); `fingerprint` the hash of
    the folded narrative. `product`, `number` and `url` are None where the page does not say.
    """

    key: str
    product: str | None
    kind: Kind
    number: str | None
    agency: str
    title: str
    text: str
    status: str
    priority: bool
    narrative: str
    url: str | None
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Capture:
    """What was extracted from one page, and what it is evidence of.

    `complete`: absence from it means something (the export: no longer open; a report's page: not
    of that report). `subject` is the report's number or the agency that the page is about, None for
    the export. `announced` is the total that the page states. `stamp` is the page's own "status as
    of" time, with its zone. `notes` are findings for operators, such as an unknown status word. `open_ended`:
    nothing on the page shows that its last row is complete. `illegible`: keys of rows that lack a status,
    which are not compared and yet not absent; an empty key where that is unknown too. `without_priority`:
    keys of rows that do not say whether they are priority. `places`: of the export, the row that each
    recommendation was read from, -1 where several rows have one key.
    """

    format: Format
    recommendations: tuple[Recommendation, ...]
    complete: bool
    url: str | None = None
    subject: str | None = None
    announced: int | None = None
    stamp: datetime | None = None
    notes: tuple[str, ...] = ()
    open_ended: bool = False
    illegible: tuple[str, ...] = ()
    without_priority: frozenset[str] = frozenset()
    places: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page's bytes, and where and when they were captured; a large body is compressed (bodies.py).

    `origin` is the address requested, or the file's name. `headers` are the response's, names in lower
    case. `captured_at` has a zone.
    """

    body: Body
    origin: str
    captured_at: datetime
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """One side of an event: the recommendation at a revision."""

    status: str
    priority: bool
    narrative: str
    fingerprint: str
    text: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Subject:
    """The recommendation that an event is about, as of when the event was stored."""

    key: str
    product: str | None
    kind: Kind
    number: str | None
    agency: str
    title: str
    text: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Reminder:
    """What an overdue or stalled event reminds of.

    `date`: the promised one as signals write it (`2024-05`), or the day of the last change (`2024-03-03`).
    `text`: the words of the promise; empty for stalled.
    """

    date: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a recommendation. Never changes once stored.

    `revision` orders the events of one recommendation. `changed` names fields out of narrative,
    status, priority, text; empty for opened, vanished, overdue and stalled. `reminder` is given for the
    last two. `seen_after`: when the source was last read without it, where that is known.
    """

    id: str
    type: EventType
    source: str
    at: datetime
    recommendation_id: int
    revision: int
    subject: Subject
    changed: tuple[str, ...]
    old: State | None
    new: State | None
    capture_id: int | None = None
    reminder: Reminder | None = None
    seen_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to operators about a source, a subscription or a message."""

    id: str
    type: NoticeType
    at: datetime
    concerns: str
    outcome: str
    message: str
    since: datetime
