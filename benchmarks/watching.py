"""Watching agency pages and the export: the first reading, what changed, and what did not, beside others.

Each run takes every watcher through the same turns, one after the other, in folders of their own: the first
reading, a round with changes, the same round again (nothing changed but what differs in every response), and
the same once more from a site that answers with ETags. Mistakes are held against what was really changed.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.frame import Bound, Options, Row, middle
from benchmarks.peers import Missing, installed
from benchmarks.processes import Late
from benchmarks.sites import Site, open_site
from benchmarks.watchers import (
    Changedetection,
    Cycle,
    Floor,
    Recwatch,
    Targets,
    Urlwatch,
    Watcher,
    Webchanges,
    Work,
)

_PEERS = {"urlwatch": Urlwatch, "webchanges": Webchanges, "changedetection.io": Changedetection}
_FEW_PAGES, _FEW_ROWS = 10, 25
_WHOLE = "the whole export"  # what a program reports that names no rows


def pages(options: Options) -> Iterator[Row | Bound]:
    """Agency pages of 170 kB with 25 recommendations, ten pages changed."""
    for size in (20,) if options.quick else (50, 200, 1000):
        work = Work("pages", size, _FEW_PAGES if size > 20 else 3)
        rows = _measured(work, options, peers=_fitting(size))
        yield from rows
        yield from _page_bounds(size, rows)


def export(options: Options) -> Iterator[Row | Bound]:
    """The export of the whole government, 25 rows changed."""
    found: dict[int, list[Row]] = {}
    for size in (300,) if options.quick else (5400, 54000):
        work = Work("export", size, _FEW_ROWS if size > 300 else 5)
        found[size] = _measured(
            work, options, peers=list(_PEERS) if size < 54000 else ["urlwatch", "webchanges"]
        )
        yield from found[size]
        if size == 5400:
            yield from _export_bounds(found[size])
    if len(found) == 2:
        yield from _growth(found[5400], found[54000])


def _fitting(size: int) -> list[str]:
    # changedetection.io takes its addresses on the command line and seconds for each: the smallest size only.
    return list(_PEERS) if size <= 50 else ["urlwatch", "webchanges"]


Make = Callable[[Work, Site, Path], Watcher]


def _measured(work: Work, options: Options, *, peers: list[str]) -> list[Row]:
    makers: dict[str, Make] = {"recwatch": Recwatch, "floor": Floor}
    silent: dict[str, str] = {}
    for name in peers if options.peers and not options.quick else []:
        try:
            makers[name] = _peer(name)
        except Missing as error:
            silent[name] = str(error)
    rows: dict[tuple[str, str], list[Row]] = {}
    with open_site() as site, tempfile.TemporaryDirectory() as folder:
        for number in range(1 if options.quick else options.runs):
            for name, make in list(makers.items()):
                if number and name in _PEERS and (work.size > 200 or name == "changedetection.io"):
                    continue  # once is enough for what takes minutes
                place = Path(folder) / f"{name}-{number}"
                place.mkdir()
                try:
                    for row in _turns(make(work, site, place), work, site, quick=options.quick):
                        rows.setdefault((row.workload, name), []).append(row)
                except (RuntimeError, Late) as error:
                    silent[name] = str(error).strip().splitlines()[-1][:100]
                    makers.pop(name)
                    if name not in _PEERS:
                        raise
    made = [middle(some) for some in rows.values()]
    order = list(dict.fromkeys(row.workload for row in made))
    made.sort(key=lambda row: order.index(row.workload))
    return made + [Row(order[0], name, note=why) for name, why in silent.items()]


def _peer(name: str) -> Make:
    peer = installed(name)
    return lambda work, site, folder: _PEERS[name](work, site, folder, peer)


_WITH_ETAGS = [(1, 1, ""), (1, 1, "unchanged, ETag")]


def _turns(watcher: Watcher, work: Work, site: Site, *, quick: bool) -> Iterator[Row]:
    named = f"{work.form} {work.size:,}"
    reported: Targets = Targets()
    turns = [(0, 0, "first"), (1, 0, f"{work.few} changed"), (1, 0, "unchanged")]
    for turn, etags, what in [*turns, *([] if quick else _WITH_ETAGS)]:
        size = {"pages": 0, "rows": 0, "pages" if work.form == "pages" else "rows": work.size}
        site.show(**size, turn=turn, etags=etags, few_pages=work.few, few_rows=work.few)
        before = site.usage()
        cycle = watcher.cycle()
        row = _row(f"{named}, {what}", watcher.name, cycle, site.usage() - before)
        row = _judged(row, cycle.reported, work.changed(turn), reported)
        reported += cycle.reported
        if what:
            yield row


def _row(workload: str, name: str, cycle: Cycle, other: float) -> Row:
    used = cycle.usage
    return Row(workload, name, used.cpu, cycle.inside, used.wall, used.peak, other=other)


def _judged(row: Row, reported: Targets, changed: set[str], before: Targets) -> Row:
    """What was missed, made up, said again; a program that reports the export as a whole names no rows."""
    if _WHOLE in reported or _WHOLE in before:
        return replace(row, note="says only that the export changed")
    due = changed - set(before)
    again = sum(count - 1 for count in reported.values()) + sum(one in before for one in reported)
    return replace(row, missed=len(due - set(reported)), false=len(set(reported) - changed), repeated=again)


# What recwatch holds itself to -----------------------------------------------------------------------


def _of(rows: list[Row], what: str, who: str) -> Row:
    return next(row for row in rows if row.workload.endswith(what) and row.subject == who)


def _mistakes(rows: list[Row]) -> int:
    ours = [row for row in rows if row.subject == "recwatch"]
    return sum((row.missed or 0) + (row.false or 0) + (row.repeated or 0) for row in ours)


def _page_bounds(size: int, rows: list[Row]) -> Iterator[Bound]:
    yield Bound(f"pages {size:,}: missed, false or repeated", _mistakes(rows), 0)
    if size < 1000:
        return
    ours, floor = _of(rows, f"{_FEW_PAGES} changed", "recwatch"), _of(rows, f"{_FEW_PAGES} changed", "floor")
    assert ours.cpu
    assert floor.cpu
    assert ours.peak
    yield Bound("pages 1,000: CPU of the whole process beside the floor", ours.cpu / floor.cpu, 1.5, "×")
    beside = [row for row in rows if row.subject == "urlwatch" and row.workload == ours.workload and row.cpu]
    for row in beside:
        yield Bound("pages 1,000: CPU beside urlwatch", ours.cpu / (row.cpu or 1), 1 / 3, "×")
    yield Bound("pages 1,000: peak memory", ours.peak, 120, " MB")


def _export_bounds(rows: list[Row]) -> Iterator[Bound]:
    yield Bound("export 5,400: missed, false or repeated", _mistakes(rows), 0)
    ours, floor = _of(rows, f"{_FEW_ROWS} changed", "recwatch"), _of(rows, f"{_FEW_ROWS} changed", "floor")
    first, same = _of(rows, "first", "recwatch"), _of(rows, "unchanged", "recwatch")
    assert ours.cpu
    assert ours.inside
    assert ours.peak
    assert floor.inside
    assert first.cpu
    assert same.inside
    yield Bound("export 5,400: CPU of the cycle beside the floor's", ours.inside / floor.inside, 2, "×")
    yield Bound("export 5,400: CPU of the whole process", ours.cpu, 1.5, " s")
    yield Bound("export 5,400: peak memory", ours.peak, 110, " MB")
    yield Bound("export 5,400: the first reading", first.cpu, 3, " s")


def _growth(few: list[Row], many: list[Row]) -> Iterator[Bound]:
    yield Bound("export 54,000: missed, false or repeated", _mistakes(many), 0)
    one, ten = (_of(rows, f"{_FEW_ROWS} changed", "recwatch").inside for rows in (few, many))
    assert one
    assert ten
    yield Bound("export: CPU of the cycle with ten times the rows", ten / one, 11, "×")
    for what, limit in (("first", 300), (f"{_FEW_ROWS} changed", 150), ("unchanged", 150)):
        peak = _of(many, what, "recwatch").peak
        assert peak
        yield Bound(f"export 54,000, {what}: peak memory", peak, limit, " MB")
