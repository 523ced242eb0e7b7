"""What became of a page, and how old a copy says that it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from monitor.record.settings import Source
from monitor.record.values import Notice, Outcome, Page

_STAMP_TOLERANCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a page. `seen` counts its rows, the rest events by kind; `events` are their ids.

    `stale`: it was an older copy than the last believed one, and said nothing. `left`: something is missing
    from it that its source showed before.
    """

    outcome: Outcome
    message: str = ""
    seen: int = 0
    opened: int = 0
    updated: int = 0
    closed: int = 0
    reopened: int = 0
    vanished: int = 0
    events: tuple[str, ...] = ()
    outbox_id: int | None = None
    capture_id: int | None = None
    notices: tuple[Notice, ...] = ()
    notes: tuple[str, ...] = ()
    stale: bool = False
    left: bool = False


ENDED_BY = "ended_by"  # beside columns' values: whose lease ends with the intake


class Also(Protocol):
    """Says what else is written into a source's row, in the transaction of the intake."""

    def __call__(self, intake: Intake) -> dict[str, Any]:
        """Values of columns of `sources`, and ENDED_BY."""


@dataclass(frozen=True, slots=True)
class Marks:
    """A copy's own marks of age; None where it bears none or one that lies in the future."""

    stamp: datetime | None
    modified_at: datetime | None
    served_at: datetime | None

    @classmethod
    def of(cls, page: Page, stamp: datetime | None, now: datetime) -> "Marks":
        """The marks of a page; `stamp` is what it says itself of when it was made."""
        served = _http_time(page.headers.get("date"))
        age = page.headers.get("age", "")
        if served and age.isdigit():
            served -= timedelta(seconds=min(int(age), 10**9))
        modified = _http_time(page.headers.get("last-modified"))
        return cls(*(mark if mark and mark <= now else None for mark in (stamp, modified, served)))

    def older_than(self, last: Any) -> str | None:
        """Which mark says that this copy is older than the last believed one."""
        if self.stamp and last.stamp and self.stamp < last.stamp - _STAMP_TOLERANCE:
            return f"its own stamp is {self.stamp:%Y-%m-%d %H:%M} UTC"
        if self.modified_at and last.modified_at and self.modified_at < last.modified_at:
            return f"it was last modified {self.modified_at:%Y-%m-%d %H:%M} UTC"
        if self.served_at and last.served_at and self.served_at < last.served_at:
            return f"it was served {self.served_at:%Y-%m-%d %H:%M:%S} UTC"
        return None


def _http_time(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def is_aside(source: Source, page: Page) -> bool:
    """Whether the page is a saved file of a source that also fetches: no news about the site's health."""
    return bool(source.url) and not page.headers
