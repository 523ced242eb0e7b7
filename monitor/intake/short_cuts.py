"""The short cut past a page that is, but for what differs in every response, the one last believed.

It ends an intake before the page is read. What makes it exact:

- What is remembered is the hash of the page's stable content (monitor/formats/stable_content.py), of how it
  was asked for, and of the code that reads pages: a new extractor, folding or gate remembers nothing of the
  old one's.
- Only the page that its source showed last is remembered, only where it was believed without a person's word
  for it, with nothing missing from it and nobody waiting for its answer.
- Whoever moves a recommendation on makes every source forget the page on which it stands (`forget`).

So reading the page again would find each of its rows as it was found before, and write nothing. What the
page's headers and stamp say about its age is held against the last copy's all the same.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import selectolax
from sqlalchemy import Connection, and_, bindparam, select, update

from monitor.formats.stable_content import StableContent, stable_content, stable_content_along
from monitor.record import folding
from monitor.record.store.prepared import Prepared
from monitor.record.store.schema import coverage, readings, sources
from monitor.record.values import Capture, Format, Page

_READERS = ("formats", "intake", "record/damage.py", "record/folding.py")
_CHUNK = 500


class Memory(NamedTuple):
    """A page as it can be remembered: `key` holds all that decides how it is read.

    `settled` is None for a page that is never recognised again by its body, only by its site's word for it.
    """

    key: str
    settled: StableContent | None


class Last(NamedTuple):
    """The page that its source showed last: key and layout, where it is remembered."""

    key: str | None
    layout: bytes | None


def of(page: Page, wanted: Format | None, last: Last | None = None) -> Memory:
    """How a page is remembered. `wanted`: what it must be, or None. `last`: the one before, to save work."""
    if last and last.key and last.layout and (along := stable_content_along(page.body, last.layout)):
        found = _memory(page, wanted, along)
        if found.key == last.key:
            return found
    settled = stable_content(page.body)
    return _memory(page, wanted, settled) if settled else Memory(_version(), None)


def _memory(page: Page, wanted: Format | None, settled: StableContent) -> Memory:
    asked = page.origin if page.origin.startswith("http") else ""
    parts = (wanted or "", page.content_type or "", asked, settled.digest)
    return Memory(_version() + sha256("\x00".join(parts).encode()).hexdigest(), settled)


def is_current(key: str | None) -> bool:
    """Whether the page last believed is still remembered, as today's code would read it."""
    return key is not None and key.startswith(_version())


def salt() -> bytes:
    """What goes into the hashes of rows: the version of the code that reads them."""
    return _version().encode()


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


class Known(NamedTuple):
    """What the store has of a remembered page: its source's incident, and the last copy's marks of age."""

    troubled: bool
    format: str
    subject: str
    seen: int
    stamp: datetime | None
    modified_at: datetime | None
    served_at: datetime | None


def recall(connection: Connection, source_id: str, memory: Memory) -> Known | None:
    """The page, if it is the one that the source showed last and that is still remembered."""
    if memory.settled is None:
        return None
    row = _RECALL.row(connection, {"source": source_id, "key": memory.key})
    return Known(bool(row[0] or row[1] or row[2]), *row[3:]) if row else None


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
    .with_for_update(of=sources)  # whoever makes it forgotten comes before or after
)


def remember(connection: Connection, source_id: str, memory: Memory | None, capture: Capture) -> None:
    """Keep the page that a source has just shown, or nothing in its place."""
    key = memory.key if memory else None
    layout = memory.settled.layout if memory and memory.settled else b""
    values: dict[str, Any] = {"body_sha256": key, "body_layout": layout or None}
    values |= {"body_format": capture.format, "body_subject": capture.subject or ""}
    connection.execute(update(sources).where(sources.c.id == source_id).values(values))


def forget(connection: Connection, ids: Collection[int]) -> None:
    """Let every source forget the pages and the rows on which these recommendations stand."""
    listed = list(ids)
    for start in range(0, len(listed), _CHUNK):
        some = readings.c.recommendation_id.in_(listed[start : start + _CHUNK])
        theirs = sources.c.id.in_(select(readings.c.source_id).where(some))
        connection.execute(update(sources).where(theirs).values(body_sha256=None))
        connection.execute(update(readings).where(some).values(row_hash=None))
