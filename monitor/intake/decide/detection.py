"""Decides what one row of a capture means for a known recommendation. Pure.

Each source's own last reading is kept beside the stored state. Only a row that differs from both can be
an event: a source that still shows what it showed before reports nothing new, whatever other sources have
reported since. A row that equals a revision newer than the source's last reading is a source catching up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from monitor.record import folding
from monitor.record.values import EventType, Recommendation, is_closed


class ComparedFields(NamedTuple):
    """The fields of a recommendation in which a difference is a change."""

    fingerprint: str
    status: str
    priority: bool
    text_fingerprint: str

    @classmethod
    def of(cls, row: Recommendation) -> "ComparedFields":
        """Take them from a row of a page."""
        return cls(row.fingerprint, row.status, row.priority, folding.text_fingerprint(row.text))


class Reader(NamedTuple):
    """A source and the format it was read in: each format of a source keeps readings of its own."""

    source: str
    format: str


@dataclass(frozen=True, slots=True)
class KnownRecommendation:
    """The stored state of a recommendation, which source last changed it, and when."""

    id: int
    fields: ComparedFields
    revision: int
    present: bool
    observed_at: datetime
    reader: Reader

    @property
    def is_open(self) -> bool:
        """Whether it is listed, and not closed."""
        return self.present and not is_closed(self.fields.status)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source showed last of a recommendation.

    `revision`: the newest one that the source has shown. `misses`: captures in a row that lacked it.
    `row_hash`: the hash of the export's unparsed row.
    """

    fields: ComparedFields
    revision: int
    misses: int = 0
    row_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier revision."""

    number: int
    fields: ComparedFields


class FieldChange(Enum):
    """What a row means for the stored state."""

    SAME = auto()
    LAG = auto()  # new for this source, not for the state
    REBASE = auto()  # the folding changed: take a new baseline silently
    EVENT = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a row. `confirmed`: the revision that it shows; `type`, `changed`: of an event."""

    finding: FieldChange
    confirmed: int
    type: EventType | None = None
    changed: tuple[str, ...] = ()


def differs(shown: ComparedFields, known: KnownRecommendation, reading: Reading | None) -> bool:
    """Whether a row differs from the state and from the source's last reading: the cheap first test."""
    if shown == known.fields and known.present:
        return False
    return reading is None or reading.misses > 0 or shown != reading.fields


def decide(
    shown: ComparedFields,
    known: KnownRecommendation,
    reading: Reading | None,
    earlier: Iterable[Earlier],
    *,
    reader: Reader,
    captured_at: datetime,
) -> Decision:
    """Say what a row of a known recommendation means (see the module's docstring)."""
    if not is_comparable(known.fields):
        return _rebase(shown, known)
    if not differs(shown, known, reading):
        same = reading if reading and shown == reading.fields else known
        return Decision(FieldChange.SAME, same.revision)
    confirmed = reading.revision if reading else 0
    passed = [
        one.number for one in earlier if confirmed < one.number < known.revision and one.fields == shown
    ]
    if passed:
        return Decision(FieldChange.LAG, max(passed))
    if reader != known.reader and captured_at < known.observed_at:
        # The page is older than what another source has shown since.
        return Decision(FieldChange.LAG, confirmed)
    return Decision(
        FieldChange.EVENT,
        known.revision + 1,
        type_of_change(shown, known),
        changed_fields(shown, known.fields),
    )


def closing(shown: ComparedFields, known: KnownRecommendation, captured_at: datetime) -> Decision | None:
    """Decide about an answer to a look-up; None unless it closes the recommendation.

    The recommendation has just left its source, so a closed row is compared with the state alone: the same
    words may have closed it before, and the report's page may have been read last at that time.
    """
    if not is_closed(shown.status) or is_closed(known.fields.status) or captured_at < known.observed_at:
        return None
    old = known.fields if is_comparable(known.fields) else shown._replace(status=known.fields.status)
    return Decision(FieldChange.EVENT, known.revision + 1, EventType.CLOSED, changed_fields(shown, old))


def is_comparable(fields: ComparedFields) -> bool:
    """Whether fingerprints were made by the present folding."""
    return fields.fingerprint.startswith(folding.VERSION)


def _rebase(shown: ComparedFields, known: KnownRecommendation) -> Decision:
    """Narrative and text cannot be compared across foldings; status and priority can."""
    comparable = known.fields._replace(fingerprint=shown.fingerprint, text_fingerprint=shown.text_fingerprint)
    if shown == comparable and known.present:
        return Decision(FieldChange.REBASE, known.revision)
    changed = changed_fields(shown, comparable)
    return Decision(FieldChange.EVENT, known.revision + 1, type_of_change(shown, known), changed)


def type_of_change(shown: ComparedFields, known: KnownRecommendation) -> EventType:
    """The type of the event that leads from the stored state to these fields."""
    if is_closed(shown.status):
        return EventType.UPDATED if is_closed(known.fields.status) else EventType.CLOSED
    return EventType.UPDATED if known.is_open else EventType.REOPENED


def changed_fields(new: ComparedFields, old: ComparedFields) -> tuple[str, ...]:
    """Which of narrative, status, priority and text differ, in that order."""
    pairs = {
        "narrative": (old.fingerprint, new.fingerprint),
        "status": (old.status, new.status),
        "priority": (old.priority, new.priority),
        "text": (old.text_fingerprint, new.text_fingerprint),
    }
    return tuple(name for name, (before, after) in pairs.items() if before != after)
