"""What imported history leaves behind is what polling at those times would have left."""

import os
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitor.captures.importing import import_saved, in_order
from monitor.formats import NotAPage
from monitor.record.store.schema import recommendations
from monitor.record.values import EventType, Outcome
from tests.fakes import pages
from tests.fakes.pages import Row, rows
from tests.monitor.intake.conftest import START, Scene


def save(folder: Path, number: int, body: bytes, at: datetime) -> Path:
    """A saved capture, under a name that says nothing, written when it was captured."""
    path = folder / f"{random.Random(number).getrandbits(32):x}.page"
    path.write_bytes(body)
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def bring_in(scene: Scene, paths: list[Path], now: datetime) -> list[Outcome]:
    """Import saved captures, in whatever order they are named."""
    source = scene.source("export")
    return [
        import_saved(scene.store, scene.settings, source, one, now=now).outcome
        for one in in_order(paths, None)
    ]


def test_history_is_imported_oldest_first_whatever_the_order(store: object, tmp_path: Path) -> None:
    """By its own stamp, for nobody's ears; the first poll then reports what changed since the newest."""
    scene = Scene(store)  # type: ignore[arg-type]
    words = ["The Bureau agreed.", "It ordered lamps.", "They came.", "They glow."]
    moments = [START + timedelta(days=day) for day in range(4)]
    exports = [
        pages.export([*rows(8), Row(narrative=one)], at) for one, at in zip(words, moments, strict=True)
    ]
    paths = [save(tmp_path, n, exports[n], START + timedelta(days=40 - n)) for n in (2, 0, 1)]
    assert [one.captured_at for one in in_order(paths, None)] == moments[:3]
    outcomes = bring_in(scene, paths, moments[3])
    assert outcomes == [Outcome.BASELINE, Outcome.CHANGED, Outcome.CHANGED]
    assert scene.waiting() == 0
    scene.now = moments[3]
    (event,) = scene.events(scene.take(exports[3]))
    assert event.type is EventType.UPDATED
    assert event.old is not None
    assert event.new is not None
    assert (event.old.narrative, event.new.narrative, event.revision) == (words[2], words[3], 4)
    assert event.old.observed_at == moments[2]
    assert scene.waiting() == 1


def test_what_left_in_imported_history_is_told_by_the_first_poll_that_confirms_it(
    store: object, tmp_path: Path
) -> None:
    """Missing from the last imported capture and the first poll: then its report's page is asked."""
    scene = Scene(store)  # type: ignore[arg-type]
    moments = [START + timedelta(days=day) for day in range(3)]
    bodies = [pages.export([*rows(8), Row()], moments[0]), pages.export(rows(8), moments[1])]
    paths = [save(tmp_path, n, body, moments[n]) for n, body in enumerate(bodies)]
    bring_in(scene, paths, moments[2])
    scene.now = moments[2]
    assert scene.take(pages.export(rows(8), moments[2])).events == ()
    closed = Row(status="Closed – Implemented", narrative="It was done.")
    (event,) = scene.events(scene.answer(pages.report([closed])))
    assert event.type is EventType.CLOSED


def test_nothing_is_imported_where_one_file_is_no_page(store: object, tmp_path: Path) -> None:
    """The file is named before anything is written."""
    scene = Scene(store)  # type: ignore[arg-type]
    good = save(tmp_path, 1, pages.export(rows(3)), START)
    bad = save(tmp_path, 2, b"<html><body>Access Denied</body></html>", START)
    with pytest.raises(NotAPage, match=bad.name):
        bring_in(scene, [good, bad], START)
    assert scene.count(recommendations) == 0
