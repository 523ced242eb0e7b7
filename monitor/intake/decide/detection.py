"""Decides what a reading of a known recommendation means. Pure: values in, a decision out.

Each source's own last reading is kept beside the state. Only a look that differs from both can be an event:
a source that shows what it showed before has nothing new to say, whatever others have reported since. A look
that equals a revision newer than the source's last reading is a source catching up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import NamedTuple

from monitor.record import folding
from monitor.record.values import EventType, Recommendation, is_closed


class Look(NamedTuple):
    """What is compared of a recommendation."""

    fingerprint: str
    status: str
    priority: bool
    text_fingerprint: str

    @classmethod
    def of(cls, row: Recommendation) -> "Look":
        """The look of a page's row."""
        return cls(row.fingerprint, row.status, row.priority, folding.text_fingerprint(row.text))


class Reader(NamedTuple):
    """Who read: a source, and in which format (its formats are read apart)."""

    source: str
    format: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A recommendation as it stands: its look, and who saw it so, and when."""

    id: int
    look: Look
    revision: int
    present: bool
    observed_at: datetime
    reader: Reader

    @property
    def is_open(self) -> bool:
        """Whether it counts as open and listed."""
        return self.present and not is_closed(self.look.status)


@dataclass(frozen=True, slots=True)
class Reading:
    """A source's own last look, the newest revision it has confirmed, and captures in a row without it."""

    look: Look
    revision: int
    misses: int = 0
    row_hash: bytes | None = None  # of the row as it came


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier revision's look."""

    number: int
    look: Look


class Finding(Enum):
    """What a reading is."""

    SAME = auto()  # nothing new
    LAG = auto()  # news to this source only
    REBASE = auto()  # the folding changed: a new baseline, silently
    EVENT = auto()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a reading: `confirmed` is the revision that it shows; the rest is of an event."""

    finding: Finding
    confirmed: int
    type: EventType | None = None
    changed: tuple[str, ...] = ()


def differs(look: Look, standing: Standing, reading: Reading | None) -> bool:
    """Whether a look differs from the state and from the source's own last reading: the cheap first test."""
    if look == standing.look and standing.present:
        return False
    return reading is None or reading.misses > 0 or look != reading.look


def decide(
    look: Look,
    standing: Standing,
    reading: Reading | None,
    earlier: Iterable[Earlier],
    *,
    reader: Reader,
    captured_at: datetime,
) -> Decision:
    """Say what a look of a known recommendation means (see the module)."""
    if _other_folding(standing.look.fingerprint):
        return _rebase(look, standing)
    if not differs(look, standing, reading):
        shown = reading if reading and look == reading.look else standing
        return Decision(Finding.SAME, shown.revision)
    confirmed = reading.revision if reading else 0
    passed = [
        one.number for one in earlier if confirmed < one.number < standing.revision and one.look == look
    ]
    if passed:
        return Decision(Finding.LAG, max(passed))
    if reader != standing.reader and captured_at < standing.observed_at:
        # An old page of another source tells nothing about what came later.
        return Decision(Finding.LAG, confirmed)
    return Decision(
        Finding.EVENT,
        standing.revision + 1,
        type_of_change(look, standing),
        changed_fields(look, standing.look),
    )


def _other_folding(fingerprint: str) -> bool:
    return not fingerprint.startswith(folding.VERSION)


def _rebase(look: Look, standing: Standing) -> Decision:
    """Narrative and text cannot be compared across foldings; status and priority can."""
    comparable = standing.look._replace(fingerprint=look.fingerprint, text_fingerprint=look.text_fingerprint)
    if look == comparable and standing.present:
        return Decision(Finding.REBASE, standing.revision)
    changed = changed_fields(look, comparable)
    return Decision(Finding.EVENT, standing.revision + 1, type_of_change(look, standing), changed)


def type_of_change(look: Look, standing: Standing) -> EventType:
    """What the event is called that leads from what stood to this look."""
    if is_closed(look.status):
        return EventType.UPDATED if is_closed(standing.look.status) else EventType.CLOSED
    return EventType.UPDATED if standing.is_open else EventType.REOPENED


def changed_fields(new: Look, old: Look) -> tuple[str, ...]:
    """Which of narrative, status, priority and text differ between two looks, in that order."""
    pairs = {
        "narrative": (old.fingerprint, new.fingerprint),
        "status": (old.status, new.status),
        "priority": (old.priority, new.priority),
        "text": (old.text_fingerprint, new.text_fingerprint),
    }
    return tuple(name for name, (before, after) in pairs.items() if before != after)
