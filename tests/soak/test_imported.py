"""Random histories, imported and polled: the same is left behind."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from monitor.record.settings import Source
from monitor.record.store import queries
from monitor.record.store.schema import (
    aliases,
    coverage,
    events,
    outbox,
    readings,
    recommendations,
    revisions,
)
from monitor.record.values import Format
from tests.monitor.captures.test_importing import bring_in, save
from tests.monitor.intake.conftest import START, Scene
from tests.rendering import page
from tests.soak.arena import arena
from tests.soak.histories import History, in_order
from tests.soak.running import CAPTURES, Tally, pairs
from tests.worlds import Noise

ASKING_NOBODY = Source(id="export", format=Format.CSV, path="x/", confirm_closures=False)


def left_behind(scene: Scene) -> dict[str, list[tuple[object, ...]]]:
    """Everything in the store but what is for telling people, and what is drawn at random."""
    with scene.store.read() as connection:
        tables = {}
        for table in (recommendations, aliases, revisions, readings, coverage):
            columns = [column for column in table.c if column.name != "capture_id"]
            tables[table.name] = sorted(map(tuple, connection.execute(select(*columns))), key=repr)
        ids = list(connection.scalars(select(events.c.id)))
        told = [
            (one.type, one.source, one.at, one.revision, one.subject, one.changed, one.old, one.new)
            for one in queries.load_events(connection, ids=ids)
        ]
        tables["events"] = sorted(told, key=repr)  # type: ignore[assignment]
        return tables


def poll(scene: Scene, body: bytes, at: datetime) -> tuple[str, ...]:
    """Take a page in at the moment at which it was captured."""
    scene.now = at - timedelta(hours=1)
    return scene.take(body).events


@pytest.mark.timeout(0)  # so many histories take as long as the machine takes
@pytest.mark.parametrize("form", list(Format))
def test_imported_or_polled_a_history_leaves_the_same(form: Format, tmp_path: Path, tally: Tally) -> None:
    """State, revisions, events and readings, and what the next poll finds; only nobody is told."""

    @pairs(0.1)
    @given(seed=st.integers(0, 2**32), size=st.integers(1, 8), edits=st.integers(0, 4))
    def run(seed: int, size: int, edits: int) -> None:
        history, dice = History.of(form, seed, size), random.Random(seed)
        if not history.shown():
            return
        moments = [START + timedelta(hours=7 * number) for number in range(CAPTURES)]
        bodies = []
        for number, at in enumerate(moments):
            kinds = history.edit_some(edits if number else 0)
            listed = [history.shown()[one] for one in in_order(history.shown(), dice, set())]
            bodies.append(page(tuple(listed[:10]), form, Noise(seed + number), stamp=at))
            tally.add(f"{form}, imported", kinds if number else {})
        polled, imported = arena(0), arena(1)
        polled.sources["export"] = imported.sources["export"] = ASKING_NOBODY
        for body, at in zip(bodies[:-1], moments, strict=False):
            poll(polled, body, at)
        saved = zip(range(CAPTURES - 1), bodies, moments, strict=False)
        paths = [save(tmp_path, *one) for one in saved]
        bring_in(imported, dice.sample(paths, len(paths)), moments[-1])
        assert left_behind(imported) == left_behind(polled)
        assert imported.count(outbox) == 0
        found = [len(poll(scene, bodies[-1], moments[-1])) for scene in (imported, polled)]
        assert found[0] == found[1]
        assert left_behind(imported) == left_behind(polled)
        assert imported.count(outbox) == (1 if found[0] else 0)

    run()
