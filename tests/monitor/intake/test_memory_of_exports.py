"""How often over an export is in memory while it is received and taken in, beside its own size."""

import random
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from monitor.record import bodies
from monitor.record.bodies import Body
from monitor.record.values import Outcome
from tests.fakes.pages import Row, export, rows
from tests.monitor.intake.conftest import Scene

_MB = 2**20
_PIECE = 128 * 1024  # as they come from the network


@contextmanager
def _peak(body: bytes) -> Iterator[Callable[[], float]]:
    """How many times over a body's size is allocated at most in the block."""
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1] / len(body)
    finally:
        tracemalloc.stop()


def _received(body: bytes) -> Body:
    return bodies.filled(body[at : at + _PIECE] for at in range(0, len(body), _PIECE))


def _listed(size: int) -> list[Row]:
    """Rows of 10 kB, so that reading them takes less time than holding them takes room."""
    dice = random.Random(size)
    said = [f"{dice.choice('ABC')} lamp was {dice.getrandbits(60):x} at pier {n}." for n in range(2000)]
    return [row.but(narrative=" ".join(dice.choices(said, k=270))) for row in rows(size // 10_000)]


def _changed(listed: list[Row]) -> list[Row]:
    return [row.but(narrative=f"{row.narrative} It was lit.") for row in listed[:9]] + listed[9:]


def test_a_large_export_is_never_held_whole(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not where nothing has changed; where a few rows have, what is kept of it is packed once more."""
    monkeypatch.setattr(bodies, "PLAIN", _MB)
    listed = _listed(12 * _MB)
    first, second = export(listed), export(_changed(listed))
    scene.take(_received(first))
    with _peak(first) as unchanged:
        assert scene.take(_received(first)).outcome is Outcome.UNCHANGED
        assert unchanged() < 0.5
    with _peak(second) as changed:
        assert scene.take(_received(second)).updated == 9
        assert changed() < 0.93


def test_rows_that_say_what_they_said_are_no_objects(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each there are its hash, as it was and as it is, its place and its id."""
    monkeypatch.setattr(bodies, "STEP", 8192)
    listed = rows(3000)
    second = export(_changed(listed))
    scene.take(export(listed))
    scene.take(export(listed))
    with _peak(second) as changed:
        assert scene.take(second).updated == 9
        assert changed() * len(second) / 3000 < 600  # bytes


def test_an_export_of_the_usual_size_is_held_twice_at_most(scene: Scene) -> None:
    """While its pieces are joined; read for the first time, what is read is as long as it once more."""
    listed = _listed(5 * _MB)
    first, second = export(listed), export(_changed(listed))
    with _peak(first) as baseline:
        scene.take(_received(first))
        assert baseline() < 3
    with _peak(first) as unchanged:
        assert scene.take(_received(first)).outcome is Outcome.UNCHANGED
        assert unchanged() < 2.1
    with _peak(second) as changed:
        assert scene.take(_received(second)).updated == 9
        assert changed() < 2.1
