"""What every benchmark gives: rows of the one table, and bounds that it holds itself to.

A benchmark is a module of this package with

    def measure(options: Options) -> Iterator[Row | Bound]

and a line in `benchmarks/__main__.py`. Ratios are worked out here, against the row of the same workload whose
subject is "floor" (or `Row.beside`), so that nobody compares figures of two machines or of two hours.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Options:
    """How thoroughly to measure. `quick`: the smallest sizes, once, without others' programs."""

    quick: bool = False
    runs: int = 3
    peers: bool = True


@dataclass(frozen=True)
class Row:
    """One subject at one workload; what was not measured is None.

    `cpu` and `wall` are seconds of the whole process and its children, `inside` the seconds of CPU of the
    work itself, starting aside; `peak` megabytes; `other` the CPU of the site or the receiver in its own
    process. `missed`, `false` and `repeated` are held against what was really changed or sent.
    """

    workload: str
    subject: str
    cpu: float | None = None
    inside: float | None = None
    wall: float | None = None
    peak: float | None = None
    missed: int | None = None
    false: int | None = None
    repeated: int | None = None
    other: float | None = None
    note: str = ""
    beside: str = "floor"


@dataclass(frozen=True)
class Bound:
    """A promise about a figure: at most `limit`, in `unit`."""

    what: str
    value: float
    limit: float
    unit: str = ""

    @property
    def kept(self) -> bool:
        """Whether it is kept."""
        return self.value <= self.limit


def middle(rows: Iterable[Row]) -> Row:
    """One row of several runs of one subject: the median of each figure, but the worst of the mistakes."""
    listed = list(rows)
    figures = {}
    for name in ("cpu", "inside", "wall", "peak", "other"):
        known = [value for row in listed if (value := getattr(row, name)) is not None]
        figures[name] = median(known) if known else None
    mistakes = {}
    for name in ("missed", "false", "repeated"):
        counts = [value for row in listed if (value := getattr(row, name)) is not None]
        mistakes[name] = max(counts) if counts else None
    first = listed[0]
    return Row(first.workload, first.subject, note=first.note, beside=first.beside, **figures, **mistakes)


_HEADS = (
    "workload",
    "who",
    "CPU s",
    "×floor",
    "work s",
    "×floor",
    "wall s",
    "peak MB",
    "missed/false/repeated",
    "server s",
    "",
)


def table(rows: Iterable[Row]) -> str:
    """The table, for a terminal and for a page."""
    listed = list(rows)
    known = {(row.workload, row.subject): row for row in listed}
    lines = [list(_HEADS)]
    last = ""
    for row in listed:
        beside = known.get((row.workload, row.beside))
        shown = row.workload if row.workload != last else ""
        last = row.workload
        lines.append([shown, row.subject, *_cells(row, beside), row.note])
    widths = [max(len(line[at]) for line in lines) for at in range(len(_HEADS))]
    made = []
    for line in lines:
        cells = [
            cell.ljust(width) if at in (0, 1, len(_HEADS) - 1) else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        made.append("  ".join(cells).rstrip())
    return "\n".join(made)


def _cells(row: Row, beside: Row | None) -> list[str]:
    mistakes = [row.missed, row.false, row.repeated]
    said = "/".join("–" if one is None else str(one) for one in mistakes) if any_of(mistakes) else ""
    return [
        _seconds(row.cpu),
        _ratio(row.cpu, beside and beside.cpu),
        _seconds(row.inside),
        _ratio(row.inside, beside and beside.inside),
        _seconds(row.wall),
        "" if row.peak is None else f"{row.peak:.0f}",
        said,
        _seconds(row.other),
    ]


def any_of(values: Iterable[object | None]) -> bool:
    """Whether anything was measured at all."""
    return any(value is not None for value in values)


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.2f}" if value >= 0.1 else f"{value:.4f}"


def _ratio(value: float | None, floor: float | None) -> str:
    return "" if value is None or not floor else f"{value / floor:.2f}"


def bounds(found: Iterable[Bound]) -> str:
    """The bounds, one a line, those that are passed marked."""
    lines = []
    for one in found:
        mark = "kept  " if one.kept else "PASSED"
        lines.append(f"{mark}  {one.what}: {one.value:.2f}{one.unit} (at most {one.limit:g}{one.unit})")
    return "\n".join(lines)
