"""All short cuts past what was read before: the page shown last, and the export's rows read last.

Reading is nearly all that a page costs, and most pages say what they said. What is recognised here is not
read again. The rule for each short cut: something is remembered exactly as long as reading it again would
write nothing.

A page is recognised as the one that its source showed last:

- Its key is the hash of its stable content (monitor/formats/stable_content.py), of how it was asked for, and
  of the code that reads pages: a new extractor, folding or gate recognises nothing of the old one's.
- It is remembered only if it was believed without a person's word for it, nothing is missing from it and
  no look-up waits for it.
- What its headers and stamp say of its age is compared with the last copy's all the same.

A row of the export is recognised as one of its source's last readings:

- It is remembered only if it alone has its key and names its report; with the version of the code, too.
- The row of a recommendation that was missing meanwhile is read.
- All other rows are read. If one of them is unseen, or bears the key of one that is not read, the whole
  export is: which row is which recommendation is then decided among all of them.

Whatever changes a recommendation makes every source forget the page and the rows that show it (`forget`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import selectolax
from sqlalchemy import Connection, and_, bindparam, select, update

from monitor.formats import NotAPage, extract
from monitor.formats.export_rows import RawRows, only, take_apart
from monitor.formats.phones import blank_phones
from monitor.formats.stable_content import StableContent, stable_content, stable_content_along
from monitor.intake import loading, source_rows
from monitor.intake.decide.detection import Reader
from monitor.intake.reading import lasting, once_each, row_hashes
from monitor.intake.values import (
    AgeMarks,
    Arrival,
    Intake,
    PageIdentity,
    ReadCapture,
    RememberedPage,
    UnreadRows,
)
from monitor.record import folding
from monitor.record.batches import batched
from monitor.record.store.prepared import Prepared
from monitor.record.store.schema import coverage, readings, sources
from monitor.record.store.store import Store, StoreBusy
from monitor.record.values import Capture, Format, Page

_READERS = ("formats", "intake", "record/damage.py", "record/folding.py")
_LARGE = 10**6  # bytes, from which hashing is no longer a matter of a millisecond


# The page shown last ---------------------------------------------------------------------------------


def identified(arrival: Arrival) -> Arrival:
    """The same with what its page is recognised by."""
    if not arrival.options.short_cuts:
        return arrival
    return replace(arrival, identity=_identify(arrival))


def _identify(arrival: Arrival) -> PageIdentity:
    page, wanted, last = arrival.page, arrival.options.format, arrival.options.last_page
    if last and last.key and last.layout and (along := stable_content_along(page.body, last.layout)):
        found = _identity(page, wanted, along)
        if found.key == last.key:
            return found
    content = stable_content(page.body)
    return _identity(page, wanted, content) if content else PageIdentity(_version(), None)


def _identity(page: Page, wanted: Format | None, content: StableContent) -> PageIdentity:
    asked = page.origin if page.origin.startswith("http") else ""
    parts = (wanted or "", page.content_type or "", asked, content.digest)
    return PageIdentity(_version() + sha256("\x00".join(parts).encode()).hexdigest(), content)


def is_current(key: str | None) -> bool:
    """Whether the page believed last is still remembered, as today's code would read it."""
    return key is not None and key.startswith(_version())


def _version() -> str:
    return sha256(f"{folding.VERSION}:{readers()}".encode()).hexdigest()[:16] + ":"


@lru_cache(maxsize=1)
def readers() -> str:
    """The hash of the code that reads pages and decides about them."""
    root = Path(__file__).parents[1]
    files = [file for name in _READERS for file in sorted(_files(root / name))]
    made = sha256(selectolax.__version__.encode())
    for file in files:
        made.update(file.read_bytes())
    return made.hexdigest()


def _files(path: Path) -> Iterable[Path]:
    return path.rglob("*.py") if path.is_dir() else [path]


def recognise_at_once(store: Store, arrival: Arrival) -> Intake | None:
    """End an intake at the page shown last, without waiting for another writer.

    None where it is another page, is large, or another writer is at work: then `take_in` decides.
    """
    if not store.is_sqlite or len(arrival.page.body) > _LARGE:
        return None
    try:
        return recognise_page(store, identified(arrival), wait=False)
    except StoreBusy:
        return None


def recognise_page(store: Store, arrival: Arrival, *, wait: bool = True) -> Intake | None:
    """End an intake at the page that its source showed last; None for any other."""
    identity = arrival.identity
    if identity is None or identity.content is None or arrival.options.released:
        return None
    with store.write(light=True, wait=wait) as connection:
        last = _recall(connection, arrival.source.id, identity)
        if last is None:
            return None
        marks = AgeMarks.of(arrival, identity.content.stamp)
        if why := marks.older_than(last):
            stale = source_rows.note_stale(connection, arrival, why, last.seen)
            return source_rows.write_columns(connection, arrival, stale)
        return source_rows.note_unchanged(connection, arrival, last, marks)


def _recall(connection: Connection, source_id: str, identity: PageIdentity) -> RememberedPage | None:
    row = _RECALL.row(connection, {"source": source_id, "key": identity.key})
    return RememberedPage(bool(row[0] or row[1] or row[2]), *row[3:]) if row else None


_JOIN = and_(
    coverage.c.source_id == sources.c.id,
    coverage.c.format == sources.c.body_format,
    coverage.c.subject == sources.c.body_subject,
)
_RECALL = Prepared(
    select(
        sources.c.failures,
        sources.c.troubled_since,
        sources.c.told,
        coverage.c.format,
        coverage.c.subject,
        coverage.c.seen,
        coverage.c.stamp,
        coverage.c.modified_at,
        coverage.c.served_at,
    )
    .select_from(sources.join(coverage, _JOIN))
    .where(sources.c.id == bindparam("source"), sources.c.body_sha256 == bindparam("key"))
    .with_for_update(of=sources)  # an intake that makes it forgotten comes before or after
)


def remember(connection: Connection, arrival: Arrival, read: ReadCapture, *, lasts: bool) -> None:
    """Remember the page that a source has just shown; or none, if reading it again could matter."""
    identity = arrival.identity if lasts else None
    layout = identity.content.layout if identity and identity.content else None
    values: dict[str, Any] = {
        "body_sha256": identity.key if identity else None,
        "body_layout": layout or None,
        "body_format": read.capture.format,
        "body_subject": read.subject,
    }
    connection.execute(update(sources).where(sources.c.id == arrival.source.id).values(values))


# The export's rows -----------------------------------------------------------------------------------


def split_rows(arrival: Arrival) -> RawRows | None:
    """An export's rows as they came, each with its hash; None for any other page."""
    options = arrival.options
    if not options.short_cuts or options.format not in (None, Format.CSV):
        return None
    return take_apart(arrival.page.body, _version().encode())


def recognise_rows(connection: Connection, arrival: Arrival, raw: RawRows) -> ReadCapture | None:
    """Read only those rows of an export that its source did not show last; None: it is to be read whole."""
    if arrival.options.released:
        return None
    reader = Reader(arrival.source.id, Format.CSV)
    hashes = loading.load_row_hashes(connection, reader)
    known = {found: one for one, found in hashes.items() if found}
    places = tuple(place for place, found in enumerate(raw.hashes) if found not in known)
    same = frozenset(known[found] for found in raw.hashes if found in known)
    # No row twice, and few enough others to be worth it.
    if len(same) + len(places) != len(raw.hashes) or len(places) * 2 > len(raw.hashes):
        return None
    capture = _read_some(arrival, raw, places)
    if capture is None or capture.places != tuple(range(len(places))):
        return None
    owners = loading.load_owners(connection, [row.key for row in capture.recommendations])
    theirs = set(owners.values())
    if len(theirs) != len(places) or theirs & same:
        return None
    others = loading.load_readings(connection, reader, hashes.keys() - same)
    return ReadCapture(
        capture,
        once_each(capture.recommendations),
        lasting(arrival, raw),
        row_hashes(capture, raw, places),
        UnreadRows(same, others, owners),
    )


def _read_some(arrival: Arrival, raw: RawRows, places: Sequence[int]) -> Capture | None:
    """Read some rows of an export; None where they cannot be read without the others."""
    page = arrival.page
    if not places:
        content = arrival.identity.content if arrival.identity else None
        stamp = content.stamp if content else None
        return Capture(Format.CSV, (), complete=True, stamp=stamp)
    try:
        some = blank_phones(only(page.body, raw, places))
        return extract(some, format=Format.CSV, content_type=page.content_type, url=page.origin)
    except NotAPage:
        return None


# What has changed ------------------------------------------------------------------------------------


def forget(connection: Connection, ids: Collection[int]) -> None:
    """Make every source forget the pages and the rows that show these recommendations."""
    for some in batched(ids):
        shown = readings.c.recommendation_id.in_(some)
        theirs = sources.c.id.in_(select(readings.c.source_id).where(shown))
        connection.execute(update(sources).where(theirs).values(body_sha256=None))
        connection.execute(update(readings).where(shown).values(row_hash=None))
