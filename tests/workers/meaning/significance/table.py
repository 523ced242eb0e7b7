"""The table of made-up pairs: how it is read, run and scored."""

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor.record.folding import fingerprint
from monitor.record.values import Event, EventType, Kind, State, Subject, is_closed
from workers.meaning.difference import narrative_runs
from workers.meaning.significance import assess
from workers.values import Level, Significance

PAIRS = Path(__file__).parent / "pairs"
_WHEN = datetime(2026, 3, 1, tzinfo=UTC)

Sign = tuple[str, str | None, str | None]


@dataclass(frozen=True)
class Pair:
    """One change and what an analyst would say of it."""

    rule: str
    event: Event
    level: Level
    signals: frozenset[Sign]


@dataclass
class Score:
    """How often the rules and the analyst agree."""

    right: int = 0
    extra: int = 0
    missed: int = 0
    levels: int = 0
    pairs: int = 0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.extra)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed)

    @property
    def level_accuracy(self) -> float:
        return self.levels / self.pairs


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


def read_pairs(name: str) -> list[Pair]:
    """Read one file of the table."""
    rows = tomllib.loads((PAIRS / name).read_text(encoding="utf-8"))["pair"]
    return [_read(row) for row in rows]


def _read(row: dict[str, object]) -> Pair:
    def text(key: str, default: str) -> str:
        return str(row.get(key, default))

    event = make_event(
        text("old", ""),
        text("new", ""),
        text("agency", "United States Customs and Border Protection"),
        statuses=(text("old_status", "open"), text("new_status", "open")),
        priorities=(bool(row.get("old_priority")), bool(row.get("new_priority"))),
    )
    signs = row["signals"]
    assert isinstance(signs, list)
    return Pair(
        text("rule", ""), event, Level(text("level", "")), frozenset(_sign(str(sign)) for sign in signs)
    )


def _sign(text: str) -> Sign:
    kind, *rest = text.split()
    old, new = (None if word == "-" else word for word in (rest or ("-", "-")))
    return kind, old, new


def run(pair: Pair) -> Significance:
    """What the rules say."""
    assert pair.event.old
    assert pair.event.new
    return assess(pair.event, narrative_runs(pair.event.old.narrative, pair.event.new.narrative))


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
    if ("agency_position", None, None) not in pair.signals:
        return signs
    return frozenset(
        ("agency_position", None, None) if sign[0] == "agency_position" else sign for sign in signs
    )


def score(pairs: list[Pair]) -> Score:
    """Run the rules over pairs and count."""
    total = Score()
    for pair in pairs:
        said = run(pair)
        signs = as_labelled(signs_of(said), pair)
        total.pairs += 1
        total.levels += said.level is pair.level
        total.right += len(signs & pair.signals)
        total.extra += len(signs - pair.signals)
        total.missed += len(pair.signals - signs)
    return total
