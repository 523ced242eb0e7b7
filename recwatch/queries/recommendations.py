"""Queries about recommendations and agencies; what a KEY means."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, func, or_, select

from monitor.record.folding import Query, fold_agency, normalize_product, normalize_status, parse_query, slug
from monitor.record.store.schema import aliases, recommendations
from monitor.record.values import Status, is_closed
from recwatch.errors import Exit, Failure
from workers.channels.text.words import agency_in_short

# What `list --json` prints of a recommendation: the keys of extract, then those of the store alone.
KEYS = (
    "key",
    "product",
    "kind",
    "number",
    "agency",
    "title",
    "text",
    "status",
    "priority",
    "narrative",
    "url",
    "fingerprint",
    "revision",
    "present",
    "first_seen_at",
    "changed_at",
    "seen_at",
)


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter of `--agency --product --status --priority`."""

    agency: str | None = None
    product: str | None = None
    status: str | None = None
    priority: bool = False


def clauses(connection: Connection, wanted: Filter) -> list[ColumnElement[bool]]:
    """The filter as conditions; Failure names the nearest agencies where none matches."""
    found: list[ColumnElement[bool]] = []
    if wanted.agency:
        found.append(recommendations.c.agency_folded == _agency(connection, wanted.agency))
    if wanted.product:
        found.append(recommendations.c.product == _product(wanted.product))
    if wanted.status:
        found.append(recommendations.c.status == normalize_status(wanted.status))
    if wanted.priority:
        found.append(recommendations.c.priority)
    return found


def _product(text: str) -> str:
    if product := normalize_product(text):
        return product
    raise Failure(f'"{text}" is not a report number; write one like GAO-24-106148', Exit.CONFIGURATION)


def _agency(connection: Connection, name: str) -> str:
    """The folded name of an agency, given as its name, its short name or the slug of its page."""
    names: dict[str, str] = {row.folded: row.agency for row in agency_names(connection)}
    folded = fold_agency(name)
    if folded in names:
        return folded
    for each, written in names.items():
        if slug(each) == slug(name) or agency_in_short(written).casefold() == name.strip().casefold():
            return each
    near = nearest_agencies(name, names.values())
    hint = f"; nearest: {'; '.join(near)}" if near else "; `recwatch agencies` lists them"
    raise Failure(f'no recommendation is addressed to "{name}"{hint}')


def agency_names(connection: Connection) -> list[Row[Any]]:
    """Each agency once, as the site writes it."""
    folded = recommendations.c.agency_folded.label("folded")
    query = select(folded, func.min(recommendations.c.agency).label("agency")).group_by(folded)
    return list(connection.execute(query))


def nearest_agencies(name: str, known: Iterable[str]) -> list[str]:
    """Up to three agencies that may have been meant: containing the words, or spelled alike."""
    from difflib import get_close_matches

    by_folded = {fold_agency(each): each for each in known}
    wanted = fold_agency(name)
    containing = [each for folded, each in by_folded.items() if wanted and wanted in folded]
    close = [by_folded[folded] for folded in get_close_matches(wanted, by_folded, n=3, cutoff=0.6)]
    initials = [each for each in by_folded.values() if _initials(each) == name.upper()]
    return list(dict.fromkeys([*initials, *containing, *close]))[:3]


def _initials(name: str) -> str:
    small = {"and", "of", "the", "for", "on", "united", "states"}
    return "".join(word[0] for word in name.replace("-", " ").split() if word.lower() not in small).upper()


def listed(connection: Connection, wanted: Filter) -> list[dict[str, Any]]:
    """Recommendations as they are now, by report, number and agency."""
    query = select(recommendations).where(*clauses(connection, wanted))
    rows = [dict(row._mapping) for row in connection.execute(query)]
    return sorted(rows, key=_order)


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    digits = "".join(letter if letter.isdigit() else " " for letter in row["number"] or "").split()
    return (
        row["product"] is None,
        row["product"] or row["title"],
        row["kind"] == "matter",
        [int(digit) for digit in digits] or [1 << 30],
        row["key"],
    )


def short_keys(connection: Connection) -> dict[str, str]:
    """Short keys by key: without the agency where that is unique, `GAO-24-106148#4`.

    Keys without a report number (`~5f00ba27d6fc#4`), too: with the agency they would fill the line.
    """
    by_head: dict[str, list[str]] = {}
    for key in connection.execute(select(recommendations.c.key)).scalars():
        by_head.setdefault(key.partition("@")[0], []).append(key)
    return {key: head if len(keys) == 1 else key for head, keys in by_head.items() for key in keys}


_COUNTED = ("open", "partial", "priority", "closed")


def agencies(connection: Connection) -> list[dict[str, Any]]:
    """Agencies with counts, the one with most open ones first."""
    counts: dict[str, dict[str, Any]] = {}
    columns = recommendations.c
    query = select(columns.agency_folded, columns.agency, columns.status, columns.priority, columns.present)
    for folded, agency, status, priority, present in connection.execute(query):
        count = counts.setdefault(
            folded, {"agency": agency, "open": 0, "partial": 0, "priority": 0, "closed": 0}
        )
        is_open = present and not is_closed(status)
        count["open"] += is_open
        count["partial"] += is_open and status == Status.PARTIAL
        count["priority"] += is_open and priority
        count["closed"] += not is_open
    return sorted(counts.values(), key=lambda count: (-count["open"], count["agency"]))


def resolve(connection: Connection, text: str) -> list[Row[Any]]:
    """The recommendations that a KEY means; Failure where it is not one, or matches nothing."""
    if rows := _exactly(connection, text.strip()):
        return rows
    try:
        query = parse_query(text)
    except ValueError as error:
        raise Failure(str(error), Exit.CONFIGURATION) from None
    if rows := _meant(connection, query):
        return rows
    raise Failure(f"nothing is known of {text}; `recwatch list` shows what is")


def _exactly(connection: Connection, key: str) -> list[Row[Any]]:
    """By key, by an earlier key, or by a key without its agency."""
    joined = recommendations.outerjoin(aliases, aliases.c.recommendation_id == recommendations.c.id)
    by_name = or_(recommendations.c.key == key, aliases.c.key == key)
    query = select(recommendations).select_from(joined).where(by_name).distinct()
    if rows := list(connection.execute(query)):
        return rows
    if "#" not in key or "@" in key:
        return []
    begins = [
        column.startswith(f"{key}@", autoescape=True) for column in (recommendations.c.key, aliases.c.key)
    ]
    query = select(recommendations).select_from(joined).where(or_(*begins)).distinct()
    return list(connection.execute(query.order_by(recommendations.c.key)))


def _meant(connection: Connection, query: Query) -> list[Row[Any]]:
    if query.key:
        return _exactly(connection, query.key)
    columns = recommendations.c
    if query.agency:
        rows = list(connection.execute(select(recommendations)))
        found = [row for row in rows if slug(row.agency_folded) == query.agency]
        return sorted(found, key=lambda row: _order(dict(row._mapping)))
    condition = columns.product == query.product
    if query.number:
        head = f"{query.product}#{query.number}"
        # A provisional key that was joined has no report number: the columns have.
        number = query.number.removeprefix("M")
        kind = "matter" if query.number.startswith("M") else "recommendation"
        by_columns = and_(columns.number == number, columns.kind == kind)
        condition = and_(condition, or_(columns.key.startswith(f"{head}@", autoescape=True), by_columns))
    rows = list(connection.execute(select(recommendations).where(condition)))
    return sorted(rows, key=lambda row: _order(dict(row._mapping)))
