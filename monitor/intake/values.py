"""What an intake is given, what it reads of a page, and what comes of it. Plain values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from monitor.formats.phones import blank_phones
from monitor.formats.stable_content import StableContent
from monitor.incidents import WELL
from monitor.intake.decide.detection import Reader, Reading
from monitor.record.bodies import Body
from monitor.record.settings import Source
from monitor.record.values import Capture, Format, Notice, Outcome, Page, Recommendation

_STAMP_TOLERANCE = timedelta(hours=1)

Lasting = Body | Iterable[bytes]  # the bytes of a page that are kept: gone through, never put together


class LastPage(NamedTuple):
    """The page that a source showed last, as its row keeps it; None where it was forgotten."""

    key: str | None
    layout: bytes | None


@dataclass(frozen=True, slots=True)
class PollColumns:
    """Columns of the source's row that the poller has committed together with the capture.

    The validators are written only if the capture is believed: those of a stale copy would be confirmed by
    the cache that it came from, for ever. `ends_lease_of`: the lease ends with the commit, if this holder
    still has it.
    """

    last_polled_at: datetime
    next_poll_at: datetime
    validators: Mapping[str, str | None] = field(default_factory=dict)  # etag, last_modified, marks_url
    ends_lease_of: str | None = None

    def values(self, *, believed: bool) -> dict[str, Any]:
        """What to write: the lease's end apart."""
        schedule = {"last_polled_at": self.last_polled_at, "next_poll_at": self.next_poll_at}
        return {**schedule, **self.validators} if believed else schedule


@dataclass(frozen=True, slots=True)
class IntakeOptions:
    """How a capture is to be taken in.

    `format`: what the page must be; None: it is recognised. `silent`: imported history, no notifications.
    `released`: a person has vouched for it and the gate is not asked. `fetched`: it comes from a site, so a
    page that keeps programs out is BLOCKED, and nothing is written. `short_cuts`: off, everything is read
    (for tests). `last_page`: the source's, where the caller has it at hand, to save work. `columns`: what is
    committed with the capture.
    """

    format: Format | None = None
    silent: bool = False
    released: bool = False
    fetched: bool = False
    short_cuts: bool = True
    last_page: LastPage | None = None
    columns: PollColumns | None = None


class PageIdentity(NamedTuple):
    """What a page is recognised by: `key` covers all that decides how it is read.

    `content` is None for a page that is never recognised by its body, only by its site's word for it.
    """

    key: str
    content: StableContent | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A page, the source that it is of, when it is taken in, and how. `identity`: see short_cuts."""

    source: Source
    page: Page
    now: datetime
    options: IntakeOptions = IntakeOptions()
    identity: PageIdentity | None = None

    @property
    def captured_at(self) -> datetime:
        """When the page was captured; a clock that ran ahead dates nothing into the future."""
        return min(self.page.captured_at, self.now)

    @property
    def is_saved_copy(self) -> bool:
        """Whether it is a saved file of a source that also fetches: no news of the site's health."""
        return bool(self.source.url) and not self.page.headers

    def without_phones(self) -> "Arrival":
        """The same with telephone numbers blanked, which is how a page may be kept."""
        return replace(self, page=replace(self.page, body=blank_phones(self.page.body)))


class RememberedPage(NamedTuple):
    """What the store has of a page that is recognised: its subject, and the last copy's marks of age.

    `troubled`: an incident of its source is open.
    """

    troubled: bool
    format: str
    subject: str
    seen: int
    stamp: datetime | None
    modified_at: datetime | None
    served_at: datetime | None


@dataclass(frozen=True, slots=True)
class UnreadRows:
    """Rows of an export that are, to the letter, those of its source's last readings.

    `ids`: the recommendations that they are. `readings`: the source's last readings of all others.
    `owners`: the recommendations whose keys the other rows bear.
    """

    ids: frozenset[int]
    readings: dict[int, Reading]
    owners: dict[str, int]


@dataclass(frozen=True, slots=True)
class ReadCapture:
    """What was read of a page.

    `rows`: one for each key. `row_hashes`: those of unparsed rows, by key, where a row can be recognised the
    next time. `unread`: of an export, the rows that were recognised instead. `lasting`: the bytes to keep.
    """

    capture: Capture
    rows: list[Recommendation]
    lasting: Lasting
    row_hashes: Mapping[str, bytes] = field(default_factory=dict)
    unread: UnreadRows | None = None

    @property
    def seen(self) -> int:
        """How many recommendations the page has."""
        return len(self.rows) + (len(self.unread.ids) if self.unread else 0)

    @property
    def subject(self) -> str:
        """The report or agency that the page is about; empty for the export."""
        return self.capture.subject or ""

    def reader(self, source: Source) -> Reader:
        """Whose readings these are."""
        return Reader(source.id, self.capture.format)


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a page. `seen` counts its rows, the rest events by kind; `events` are their ids.

    `stale`: it was an older copy than the last believed one, and nothing was read from it. `left`: something
    that its source showed before is missing from it.
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

    @property
    def is_believed(self) -> bool:
        """Whether the page was believed as its source's newest."""
        return self.outcome in WELL and not self.stale


@dataclass(frozen=True, slots=True)
class AgeMarks:
    """What a copy itself says of its age; None where it says nothing, or a time in the future."""

    stamp: datetime | None
    modified_at: datetime | None
    served_at: datetime | None

    @classmethod
    def of(cls, arrival: Arrival, stamp: datetime | None) -> "AgeMarks":
        """The marks of a page; `stamp` is its own "status as of"."""
        headers = arrival.page.headers
        served = _http_time(headers.get("date"))
        age = headers.get("age", "")
        if served and age.isdigit():
            served -= timedelta(seconds=min(int(age), 10**9))
        modified = _http_time(headers.get("last-modified"))
        return cls(*(mark if mark and mark <= arrival.now else None for mark in (stamp, modified, served)))

    def older_than(self, last: Any) -> str | None:
        """Which mark shows that this copy is older than the last believed one."""
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
