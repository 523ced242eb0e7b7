"""The short cut past an export's rows that are, to the letter, those of its source's last readings.

Such a row says what it said: it is neither resolved, folded nor compared. What makes it exact:

- A row is remembered only where it alone stands under its key and names its report; with the version of the
  code that read it; and only while nobody has moved its recommendation on (`short_cuts.forget`).
- A recommendation that was missing meanwhile has its row read.
- All other rows are read. Where one of them is unseen, or bears the key of one that is not read, the whole
  export is: who is who is then decided among all of them.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from monitor.formats import NotAPage, extract
from monitor.formats.export_rows import RawRows, only
from monitor.formats.phones import blank_phones
from monitor.intake import loading
from monitor.intake.changesets import Draft, Unread
from monitor.intake.decide.detection import Reader
from monitor.intake.writing import Pen
from monitor.record.settings import Source
from monitor.record.values import Capture, Format, Page


@dataclass(frozen=True, slots=True)
class Part:
    """An export of which only some rows were read, in `places`; the others are `unread`."""

    capture: Capture
    places: tuple[int, ...]
    unread: Unread


def read(
    connection: Connection, source: Source, page: Page, raw: RawRows, stamp: datetime | None
) -> Part | None:
    """Read what is not remembered of an export; None where it is to be read whole. `stamp` is the page's."""
    reader = Reader(source.id, Format.CSV)
    hashes = loading.load_row_hashes(connection, reader)
    known = {found: one for one, found in hashes.items() if found}
    places = tuple(place for place, found in enumerate(raw.hashes) if found not in known)
    if len(places) * 2 > len(raw.hashes):
        return None
    same = frozenset(known[found] for found in raw.hashes if found in known)
    capture = _capture(page, raw, places, stamp)
    if (
        capture is None
        or len(same) + len(places) != len(raw.hashes)
        or capture.places != tuple(range(len(places)))
    ):
        return None
    owners = loading.load_owners(connection, [row.key for row in capture.recommendations])
    theirs = set(owners.values())
    if len(theirs) != len(places) or theirs & same:
        return None
    others = loading.load_readings(connection, reader, hashes.keys() - same)
    return Part(capture, places, Unread(same, others, owners))


def _capture(page: Page, raw: RawRows, places: tuple[int, ...], stamp: datetime | None) -> Capture | None:
    if not places:
        return Capture(Format.CSV, (), complete=True, stamp=stamp)
    try:
        some = blank_phones(only(page.body, raw, places))
        return extract(some, format=Format.CSV, content_type=page.content_type, url=page.origin)
    except NotAPage:
        return None


def note_hashes(pen: Pen, made: Draft, capture: Capture, raw: RawRows | None, part: Part | None) -> None:
    """Give the pen the hash of every row that can be remembered."""
    if raw is None or not capture.places:
        return
    places = part.places if part else range(len(raw.hashes))
    hashes = {
        row.key: raw.hashes[places[at]]
        for row, at in zip(capture.recommendations, capture.places, strict=True)
        if at >= 0 and row.product
    }
    pen.unseen_hashes.update(hashes)
    pen.row_hashes.update((one, hashes[row.key]) for one, row in made.rows.items() if row.key in hashes)
