"""Makes recommendations with keys of a page's rows. Pure; shared by all formats."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from monitor.formats.page.markup import one_line, tidy
from monitor.record import folding
from monitor.record.values import Kind, Recommendation, Status, is_closed

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
    """Make one key's rows unique: repeats are merged, different texts and offices get keys of their own."""
    if len(group) == 1:
        return group
    offices: dict[str, list[Recommendation]] = defaultdict(list)
    for one in group:
        offices[folding.agency_with_parent(one.agency)].append(one)
    if len(offices) > 1 and all(map(folding.has_parent, (some[0].agency for some in offices.values()))):
        return [
            one
            for name, some in offices.items()
            for one in _by_text(folding.key_of_office(key, name), some, notes)
        ]
    return _by_text(key, group, notes)


def _by_text(key: str, group: list[Recommendation], notes: dict[str, None]) -> list[Recommendation]:
    by_text: dict[str, list[Recommendation]] = defaultdict(list)
    for one in group:
        by_text[folding.text_fingerprint(one.text)].append(one)
    kept = [replace(_merged(key, same, notes), key=key) for same in by_text.values()]
    if len(kept) == 1:
        return kept
    notes[f"{key} stands for {len(kept)} different texts; they are told apart by the text"] = None
    return [replace(one, key=folding.key_apart(key, one.text)) for one in kept]


def _merged(key: str, same: list[Recommendation], notes: dict[str, None]) -> Recommendation:
    """Repeats as one. Where they disagree, all their narratives in a fixed order: a change of any one shows.

    The page's order means nothing. An open status goes before a closed one, a priority before none.
    """
    readings = {(one.fingerprint, one.status, one.priority) for one in same}
    if len(readings) == 1:
        return same[0]
    notes[f"{key} is listed {len(same)} times with different words; they are joined"] = None
    told = {one.fingerprint: one.narrative for one in same if not folding.is_boilerplate(one.narrative)}
    narratives = sorted(told.values() or [same[0].narrative], key=folding.fold)
    narrative = "\n\n".join(text for text in narratives if text)
    return replace(
        same[0],
        narrative=narrative,
        fingerprint=_fingerprint(narrative),
        status=min((one.status for one in same), key=lambda status: (is_closed(status), status)),
        priority=any(one.priority for one in same),
    )
