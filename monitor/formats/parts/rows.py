"""Makes recommendations with keys of a page's rows. Pure; shared by all formats."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from monitor.formats.page.markup import one_line, tidy
from monitor.record import folding
from monitor.record.values import Kind, Recommendation, Status

_CONGRESS = frozenset(("congress", "united-states-congress", "the-congress"))
_KNOWN = frozenset(str(status) for status in Status)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a page, entities and markup resolved.

    `keyed_by_title`: the page's report number is not relied on, even where there is one.
    """

    agency: str
    text: str
    status: str
    priority: bool
    narrative: str
    title: str
    product: str | None
    kind: Kind = Kind.RECOMMENDATION
    keyed_by_title: bool = False


def recommendation(row: Row) -> Recommendation:
    """A row with its key and fingerprint, tidied."""
    agency, title, text, narrative = (
        one_line(row.agency),
        one_line(row.title),
        tidy(row.text),
        tidy(row.narrative),
    )
    stated_kind, number = folding.stated_number(text)
    matter = Kind.MATTER in (row.kind, stated_kind) or folding.slug(agency) in _CONGRESS
    kind = Kind.MATTER if matter else Kind.RECOMMENDATION
    product = None if row.keyed_by_title else row.product
    return Recommendation(
        key=folding.key(product or folding.title_report(title), kind, number, agency, text),
        product=row.product,
        kind=kind,
        number=number,
        agency=agency,
        title=title,
        text=text,
        status=_status(row.status),
        priority=row.priority,
        narrative=narrative,
        url=folding.product_url(row.product) if row.product else None,
        fingerprint=_fingerprint(narrative),
    )


_status = lru_cache(maxsize=1000)(folding.normalize_status)
_fingerprint = lru_cache(maxsize=1000)(folding.fingerprint)  # hundreds have the same boilerplate


def assemble(rows: Iterable[Row]) -> tuple[tuple[Recommendation, ...], tuple[str, ...]]:
    """The recommendations of a page in order, each with a unique key, and notes for operators."""
    unique, notes, _ = assemble_placed(rows)
    return unique, notes


def assemble_placed(
    rows: Iterable[Row],
) -> tuple[tuple[Recommendation, ...], tuple[str, ...], tuple[int, ...]]:
    """Like `assemble`, and each one's position in `rows`; -1 where several rows have one key."""
    found = [recommendation(row) for row in rows]
    by_key: dict[str, list[Recommendation]] = defaultdict(list)
    for one in found:
        by_key[one.key].append(one)
    notes: dict[str, None] = {}
    at = {one.key: place for place, one in enumerate(found)}
    unique: list[Recommendation] = []
    places: list[int] = []
    for key, group in by_key.items():
        kept = _told_apart(key, group, notes)
        unique += kept
        places += [at[key] if len(group) == 1 else -1] * len(kept)
    for word in sorted({one.status for one in unique} - _KNOWN):
        notes[f'unknown status "{word}"'] = None
    return tuple(unique), tuple(notes), tuple(places)


def _told_apart(key: str, group: list[Recommendation], notes: dict[str, None]) -> list[Recommendation]:
    """Make one key's rows unique: repeats are dropped, different texts get keys of their own."""
    if len(group) == 1:
        return group
    by_text: dict[str, list[Recommendation]] = defaultdict(list)
    for one in group:
        by_text[folding.text_fingerprint(one.text)].append(one)
    kept = [_first(key, same, notes) for same in by_text.values()]
    if len(kept) == 1:
        return kept
    notes[f"{key} stands for {len(kept)} different texts; they are told apart by the text"] = None
    return [replace(one, key=folding.key_apart(key, one.text)) for one in kept]


def _first(key: str, same: list[Recommendation], notes: dict[str, None]) -> Recommendation:
    """Of repeats that disagree, the one whose words come first in order: the page's order means nothing."""
    readings = {(one.fingerprint, one.status, one.priority) for one in same}
    if len(readings) > 1:
        notes[f"{key} is listed {len(same)} times with different words; one is kept"] = None
    return min(same, key=lambda one: (one.fingerprint, one.status, one.priority))
