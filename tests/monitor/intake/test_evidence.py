"""How long the bytes of captures are kept, and which go first."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from monitor.formats.phones import blank_phones
from monitor.intake import evidence as keeping
from monitor.intake import load_evidence, prune_evidence
from monitor.record import bodies
from monitor.record.settings import StoreSettings
from monitor.record.store.schema import captures, evidence
from tests.fakes.pages import Row, export, report, rows
from tests.monitor.intake.conftest import START, Scene

LATER = "The Bureau agreed. It ordered the lamps in June 2030."
BASELINE, HELD, SILENT, EVENT = 1, 2, 3, 4


@pytest.fixture
def kept(any_scene: Scene) -> Scene:
    """Four captures with bytes: a baseline, one held back, one that only added silently, one of an event."""
    scene = any_scene
    scene.take(export([*rows(30), Row()]))
    scene.take(b"<html><body>Access Denied</body></html>")
    scene.take(report(rows(1, product="GAO-29-700001", number="7")), source="reports")
    scene.take(export([*rows(30), Row(narrative=LATER)]))
    assert left(scene) == {BASELINE, HELD, SILENT, EVENT}
    return scene


def left(scene: Scene) -> set[int]:
    """The captures whose bytes are there."""
    with scene.store.read() as connection:
        ids = list(connection.scalars(select(captures.c.id)))
        return {one for one in ids if load_evidence(connection, one)}


def prune(scene: Scene, *, days: int = 0, most: int = 10**9) -> int:
    """Prune so many days after the start; `most` bytes may stay."""
    settings = StoreSettings().model_copy(update={"max_evidence": most, "keep_evidence": timedelta(days=30)})
    with scene.store.write() as connection:
        return prune_evidence(connection, settings, START + timedelta(days=days))


def sizes(scene: Scene) -> dict[int, int]:
    """Bytes in the store by capture."""
    with scene.store.read() as connection:
        query = select(captures.c.id, evidence.c.stored_size).join(
            evidence, evidence.c.sha256 == captures.c.sha256
        )
        return {row[0]: row[1] for row in connection.execute(query)}


def test_nothing_young_and_small_goes(kept: Scene) -> None:
    """Within both limits everything stays."""
    assert prune(kept, days=29) == 0
    assert len(left(kept)) == 4


def test_bytes_go_when_they_are_old_but_not_what_waits_for_a_decision(kept: Scene) -> None:
    """Whatever rests on them; a held capture is of no use without."""
    assert prune(kept, days=31) == 3
    assert left(kept) == {HELD}


def test_under_a_limit_of_size_what_no_event_rests_on_goes_first(kept: Scene) -> None:
    """Both sides of an event, and what is held back, stay longer than an addition that nobody heard of."""
    size = sizes(kept)
    assert prune(kept, most=sum(size.values()) - 1) == 1
    assert left(kept) == {BASELINE, HELD, EVENT}
    assert prune(kept, most=size[EVENT]) == 2
    assert left(kept) == {EVENT}


def test_the_same_bytes_seen_again_are_kept_as_long_as_the_newer_capture(kept: Scene) -> None:
    """There and back: the page that ended it is the page that began it, and counts from its second time."""
    with kept.store.write() as connection:
        connection.execute(update(evidence).values(created_at=START))
    kept.now = START + timedelta(days=20)
    assert len(kept.take(export([*rows(30), Row()])).events) == 1
    prune(kept, days=40)
    assert left(kept) == {BASELINE, HELD, 5}


def test_what_is_long_is_written_in_pieces_and_kept_once(
    any_scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On either database; no telephone number is in it, and the same bytes again are the same row."""
    monkeypatch.setattr(keeping, "_BULKY", 0)
    monkeypatch.setattr(bodies, "STEP", 300)
    monkeypatch.setattr(bodies, "PLAIN", 300)
    listed = [*rows(30), Row()]
    changed = [*rows(30), Row(narrative=LATER)]
    for page in (listed, changed, listed, changed):
        any_scene.take(bodies.filled([export(page)]))
    with any_scene.store.read() as connection:
        kept = {one: load_evidence(connection, one) for one in connection.scalars(select(captures.c.id))}
    assert [page and bodies.whole(page.body) for page in kept.values()] == [
        blank_phones(export(page)) for page in (listed, changed, listed, changed)
    ]
    assert any_scene.count(evidence) == 2
