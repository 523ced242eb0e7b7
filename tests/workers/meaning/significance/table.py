"""The table of made-up pairs: how it is read, run and scored."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path

from monitor.record.folding import fingerprint
from monitor.record.values import Event, EventType, Kind, State, Subject, is_closed
from workers.meaning.significance import assess
from workers.meaning.significance.reading.actors import make_cast
from workers.meaning.significance.reading.clauses import read_sentences
from workers.values import Level, Significance

PAIRS = Path(__file__).parent / "pairs"
_WHEN = datetime(2020, 3, 1, tzinfo=UTC)  # before what the examples expect

Sign = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class Pair:
    """One change and what an analyst would say of it.

    `allowed`: signals that are neither wrong when claimed nor missed when not. `labels_dates`: whether its
    label names dates that no deadline claims (`date_named`); the table's older files do not.
    """

    rule: str
    event: Event
    level: Level
    signals: frozenset[Sign]
    allowed: frozenset[Sign] = frozenset()
    allowed_levels: frozenset[Level] = frozenset()
    labels_dates: bool = False


def make_event(
    old: str,
    new: str,
    agency: str = "United States Customs and Border Protection",
    *,
    statuses: tuple[str, str] = ("open", "open"),
    priorities: tuple[bool, bool] = (False, False),
    texts: tuple[str, str] = ("Keep a ledger.", "Keep a ledger."),
) -> Event:
    """An event of the type that such a change has."""
    sides = [
        State(status, priority, narrative, fingerprint(narrative), text, _WHEN)
        for status, priority, narrative, text in zip(statuses, priorities, (old, new), texts, strict=True)
    ]
    kind = EventType.UPDATED
    if is_closed(statuses[0]) != is_closed(statuses[1]):
        kind = EventType.CLOSED if is_closed(statuses[1]) else EventType.REOPENED
    subject = Subject("K", "GAO-26-1", Kind.RECOMMENDATION, "1", agency, "Ledgers", texts[1], None)
    return Event("evt_1", kind, "s", _WHEN, 1, 2, subject, ("narrative",), sides[0], sides[1])


@cache
def read_pairs(name: str) -> tuple[Pair, ...]:
    """Read one file of the table."""
    return read_file(PAIRS / name)


def read_file(file: Path) -> tuple[Pair, ...]:
    """Read a file of pairs; where a second labeller's file lies beside it, what the two agree on."""
    pairs = [_read(row) for row in _rows(file, "pair")]
    second = file.with_suffix(".labels.toml")
    if not second.exists():
        return tuple(pairs)
    labels = {str(row["id"]): row for row in _rows(second, "label")}
    return tuple(_agreed(pair, labels[pair.rule]) if pair.rule in labels else pair for pair in pairs)


def _rows(file: Path, key: str) -> list[dict[str, object]]:
    rows = tomllib.loads(file.read_text(encoding="utf-8"))[key]
    assert isinstance(rows, list)
    return rows


def _read(row: Mapping[str, object]) -> Pair:
    def text(key: str, default: str) -> str:
        return str(row.get(key, default))

    recommendation = text("recommendation", "Keep a ledger.")
    event = make_event(
        text("old", "").strip(),
        text("new", "").strip(),
        text("agency", "United States Customs and Border Protection"),
        statuses=(text("old_status", "open"), text("new_status", "open")),
        priorities=(bool(row.get("old_priority")), bool(row.get("new_priority"))),
        texts=(recommendation, recommendation),
    )
    signs = _signs(row, "signals")
    day = date.fromisoformat(text("seen", "")) if "seen" in row else _last_told(text("new", ""), signs)
    event = replace(event, at=datetime.combine(day, time(), UTC))
    return Pair(
        text("id", "") or text("rule", ""),
        event,
        Level(text("level", "")),
        signs,
        _signs(row, "allowed"),
        labels_dates="seen" in row,
    )


_PLANS = frozenset(("expects", "will", "would", "scheduled"))


def _last_told(narrative: str, signs: frozenset[Sign]) -> date:
    """When a pair without a day was read, at the earliest: after what it tells, before what is expected."""
    sentences = read_sentences(narrative, make_cast("", narrative))
    expected = {new for kind, _, new in signs if kind.startswith("deadline")}
    ahead = [m.last for one in sentences for m in one.dates if m.name in expected]
    days = [
        mention.first
        for one in sentences
        for mention in one.dates
        if mention in one.reviews
        or mention.start < _OPENS
        or _PLANS.isdisjoint(name for name, _ in one.spoken)
    ]
    return max((day for day in days if day < min(ahead, default=date.max)), default=date(2010, 1, 1))


_OPENS = 8  # characters ahead of a date that opens its sentence: "In May 2025,"


def _agreed(pair: Pair, label: Mapping[str, object]) -> Pair:
    """What only one of two labellers asserts is allowed."""
    signs, levels = _signs(label, "signals"), {pair.level, Level(str(label["level"]))}
    return replace(
        pair,
        signals=pair.signals & signs,
        allowed=pair.allowed | _signs(label, "allowed") | (pair.signals ^ signs),
        allowed_levels=frozenset(levels),
    )


def _signs(row: Mapping[str, object], key: str) -> frozenset[Sign]:
    signs = row.get(key, [])
    assert isinstance(signs, list)
    return frozenset(_sign(str(sign)) for sign in signs)


def _sign(text: str) -> Sign:
    kind, *rest = text.split()
    old, new = (None if word == "-" else word for word in (*rest, "-", "-")[:2])
    return kind, old, new


_SAID: dict[int, tuple[Pair, Significance]] = {}


def run(pair: Pair) -> Significance:
    """What the rules say; the table is run by several tests, each of its pairs once."""
    if id(pair) not in _SAID:
        _SAID[id(pair)] = (pair, assess_pair(pair))
    return _SAID[id(pair)][1]


def forget() -> None:
    """Compute all anew: other weights are in use."""
    _SAID.clear()


def assess_pair(pair: Pair) -> Significance:
    """What the rules say, computed anew."""
    assert pair.event.old
    assert pair.event.new
    return assess(pair.event)


def signs_of(significance: Significance) -> frozenset[Sign]:
    """Signals in the table's form."""
    return frozenset(
        (
            signal.kind,
            signal.old and signal.old.replace(" ", "_"),
            signal.new and signal.new.replace(" ", "_"),
        )
        for signal in significance.signals
    )


def as_labelled(signs: frozenset[Sign], pair: Pair) -> frozenset[Sign]:
    """Signals as the table has them: a position that is named there without its values fits any."""
    bare = ("agency_position", None, None)
    if bare not in pair.signals | pair.allowed and not pair.labels_dates:
        return signs
    return frozenset(bare if sign[0] == "agency_position" else sign for sign in signs)
