"""Scores files of labelled pairs against what `assess` says, by signal.

A file is of the table (pairs/*.toml) or in the fresh format: with `seen`, `allowed`, and a second labeller's
file beside it (A.labels.toml beside A.toml). What only one of two labellers asserts, or either allows, is
neither right nor wrong when claimed, and not missed when not claimed.

Run from the project's root: python -m tests.workers.meaning.significance.score FILE… [--faults]
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.workers.meaning.significance.table import Pair, Sign, as_labelled, read_file, run, signs_of
from workers.meaning.significance.reading.dates import find_dates

_DATES = ("deadline_set", "deadline_moved")
_NAMED = "date_named"


@dataclass
class Tally:
    """Counts of one kind of signal; `half`: missed deadlines whose date is at least named."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    half: int = 0

    @property
    def precision(self) -> float:
        """1.0 where nothing was claimed."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """A date that is named in place of a missed deadline counts half; 1.0 where there was nothing."""
        every = self.right + self.missed
        return (self.right + self.half / 2) / every if every else 1.0


@dataclass
class Report:
    """All counts of a set, by kind of signal, and what went wrong in which pair.

    `facts`: dates that are named rightly, though no label asks for them; they are in no other count.
    """

    pairs: int = 0
    levels: int = 0
    facts: int = 0
    kinds: dict[str, Tally] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def total(self) -> Tally:
        """Over all kinds."""
        every = self.kinds.values()
        return Tally(
            sum(one.right for one in every),
            sum(one.wrong for one in every),
            sum(one.missed for one in every),
            sum(one.half for one in every),
        )

    def add(self, other: "Report") -> None:
        """Take in the counts of another set."""
        self.pairs += other.pairs
        self.levels += other.levels
        self.facts += other.facts
        self.faults += other.faults
        for kind, tally in other.kinds.items():
            mine = self.tally(kind)
            mine.right, mine.wrong = mine.right + tally.right, mine.wrong + tally.wrong
            mine.missed, mine.half = mine.missed + tally.missed, mine.half + tally.half

    def tally(self, kind: str) -> Tally:
        """The counts of a kind."""
        return self.kinds.setdefault(kind, Tally())


def score_pairs(pairs: Iterable[Pair]) -> Report:
    """Assess every pair and count."""
    report = Report()
    for pair in pairs:
        _count(pair, report)
    return report


def _count(pair: Pair, report: Report) -> None:
    said = run(pair)
    claimed = as_labelled(signs_of(said), pair)
    report.pairs += 1
    right_level = said.level in {pair.level, *pair.allowed_levels}
    report.levels += right_level
    if not right_level:
        report.faults.append(f"{pair.rule}: level {said.level}, not {pair.level}")
    asserted = _asserted(pair)
    for sign in sorted(claimed, key=str):
        _count_claim(sign, pair, asserted, report)
    named = {new for kind, _, new in claimed if kind == _NAMED}
    for sign in sorted(asserted - claimed, key=str):
        report.tally(sign[0]).missed += 1
        report.tally(sign[0]).half += sign[0] in _DATES and sign[2] in named
        report.faults.append(f"{pair.rule}: missed {_words(sign)}")


def _asserted(pair: Pair) -> frozenset[Sign]:
    return frozenset(sign for sign in pair.signals if not _is_allowed(sign, pair.allowed))


def _is_allowed(sign: Sign, allowed: frozenset[Sign]) -> bool:
    return sign in allowed or (sign[0], None, None) in allowed


def _count_claim(sign: Sign, pair: Pair, asserted: frozenset[Sign], report: Report) -> None:
    if sign in asserted:
        report.tally(sign[0]).right += 1
    elif _is_allowed(sign, pair.allowed):
        return
    elif sign[0] == _NAMED and _is_fact(sign[2] or "", pair):
        report.facts += 1
    else:
        report.tally(sign[0]).wrong += 1
        report.faults.append(f"{pair.rule}: wrong {_words(sign)}")


def _is_fact(name: str, pair: Pair) -> bool:
    """Whether a date is ahead of the day of reading and stands in the new narrative alone."""
    old, new = pair.event.old, pair.event.new
    assert old
    assert new
    seen = pair.event.at.date()
    stood = {mention.name for mention in find_dates(old.narrative)}
    return name not in stood and any(
        mention.name == name and mention.last > seen for mention in find_dates(new.narrative)
    )


def _words(sign: Sign) -> str:
    kind, old, new = sign
    return f"{kind} {old or '-'} {new or '-'}" if new or old else kind


def print_report(report: Report) -> None:
    """The figures alone."""
    print(f"{'':<18}{'right':>7}{'wrong':>7}{'missed':>8}{'precision':>11}{'recall':>8}")
    for kind, tally in (*sorted(report.kinds.items()), ("all", report.total)):
        counts = f"{tally.right:>7}{tally.wrong:>7}{tally.missed:>8}"
        print(f"{kind:<18}{counts}{tally.precision:>11.1%}{tally.recall:>8.1%}")
    print(
        f"pairs {report.pairs}, level right {report.levels / report.pairs:.1%}, other dates: {report.facts}"
    )


def main(arguments: Sequence[str]) -> None:
    """Score all files as one set."""
    files = [Path(name) for name in arguments if not name.startswith("--")]
    report = score_pairs(pair for file in files for pair in read_file(file))
    print_report(report)
    if "--faults" in arguments:
        print(*report.faults, sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
