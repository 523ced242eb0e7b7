"""Kill -9 at each step of taking a page in: run again, the events are the same, and once."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select

from monitor import incidents
from monitor.intake import Arrival, Intake, departures, pipeline, take_in, writing
from monitor.record.settings import Settings, Source
from monitor.record.store.schema import events, outbox, revisions
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from monitor.record.values import Format, Outcome, Page
from tests.fakes import pages
from tests.fakes.pages import Row, rows

NOW = datetime(2030, 4, 1, tzinfo=UTC)
SOURCE = Source(id="export", format=Format.CSV, path="drop/")
BEFORE = pages.export([*rows(8), Row()])
AFTER = pages.export(
    [*rows(7), rows(8)[7].but(narrative="It is done."), Row(number="2", text="Count the piers by night.")]
)
STEPS: dict[str, tuple[object, str]] = {
    "evidence": (pipeline, "keep_evidence"),
    "identities": (writing, "write_identities"),
    "unseen": (writing, "write_unseen"),
    "events": (writing, "write_events"),
    "changes": (writing, "write_changes"),
    "readings": (writing, "write_readings"),
    "gone": (departures, "write_departures"),
    "incidents": (incidents, "record"),
}


def take(url: str, body: bytes) -> Intake:
    """Take one page in, in a process's own store."""
    with open_store(url) as store:
        return take_in(store, Settings(), Arrival(SOURCE, Page(body, "x.csv", NOW), NOW))


def die(*_: object) -> None:
    """What a power failure does."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed(arrange: Callable[[], None], url: str) -> None:
    """Run an intake in a process that is arranged to die on its way."""

    def run() -> None:
        arrange()
        take(url, AFTER)

    process = get_context("fork").Process(target=run)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def written(url: str) -> list[tuple[str, int]]:
    """The events' types and revisions, and that each has its outbox row."""
    with open_store(url) as store, store.read() as connection:
        found = connection.execute(select(events.c.type, events.c.revision).order_by(events.c.type))
        boxes = connection.scalar(select(func.count()).select_from(outbox))
        assert boxes == 1
        return [(row[0], row[1]) for row in found]


EXPECTED = [("recommendation.opened", 1), ("recommendation.updated", 2)]


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_nothing_is_half_written(tmp_path: object, step: str, side: str) -> None:
    """State, revision, event and outbox row are committed together or not at all (invariant 1)."""
    url = f"sqlite:///{tmp_path}/s.sqlite3"
    take(url, BEFORE)
    module, name = STEPS[step]
    original = getattr(module, name)

    def dying(*args: object, **kwargs: object) -> object:
        result = original(*args, **kwargs) if side == "after" else None
        die()
        return result

    killed(lambda: setattr(module, name, dying), url)
    with open_store(url) as store, store.read() as connection:
        assert connection.scalar(select(func.count()).select_from(events)) == 0
        assert connection.scalar(select(func.max(revisions.c.number))) == 1
    assert take(url, AFTER).outcome is Outcome.CHANGED
    assert written(url) == EXPECTED


def test_killed_right_after_the_commit_nothing_is_written_twice(tmp_path: object) -> None:
    """What was committed is there, and the same page again says nothing."""
    url = f"sqlite:///{tmp_path}/s.sqlite3"
    take(url, BEFORE)
    original = Store.write

    def arrange() -> None:
        from contextlib import contextmanager

        @contextmanager
        def dying(self: Store, **options: bool):  # type: ignore[no-untyped-def]
            with original(self, **options) as connection:
                yield connection
                committing = connection.scalar(select(func.count()).select_from(outbox))
            if committing:
                die()

        Store.write = dying  # type: ignore[method-assign]

    killed(arrange, url)
    assert written(url) == EXPECTED
    assert take(url, AFTER).outcome is Outcome.UNCHANGED
    assert written(url) == EXPECTED


def test_two_pollers_with_the_same_page_at_once_make_each_event_once(store_url: str) -> None:
    """Whoever is second finds it done, on both databases."""
    take(store_url, BEFORE)
    with ThreadPoolExecutor(6) as pool:
        intakes = list(pool.map(lambda _: take(store_url, AFTER), range(6)))
    assert sorted(len(intake.events) for intake in intakes) == [0, 0, 0, 0, 0, 2]
    assert written(store_url) == EXPECTED


def test_pollers_with_different_pages_at_once_lose_no_revision(any_store: Store) -> None:
    """Sources that change the same recommendations at the same moment number their revisions one by one."""
    sources = [Source(id=f"s{n}", format=Format.CSV, path="x") for n in range(5)]
    for source in sources:
        take_in(any_store, Settings(), Arrival(source, Page(BEFORE, "x.csv", NOW), NOW))

    def change(number: int) -> Intake:
        page = pages.export([*rows(8), Row(narrative=f"Words of source {number}.")])
        return take_in(any_store, Settings(), Arrival(sources[number], Page(page, "x.csv", NOW), NOW))

    with ThreadPoolExecutor(5) as pool:
        intakes = list(pool.map(change, range(5)))
    assert [len(intake.events) for intake in intakes] == [1] * 5
    with any_store.read() as connection:
        numbers = connection.scalars(select(events.c.revision).order_by(events.c.revision))
        assert list(numbers) == [2, 3, 4, 5, 6]


def test_detection_runs_on_what_nobody_else_moves(any_store: Store) -> None:
    """The turn is taken before anything is read that is compared (invariant 1)."""
    statements: list[str] = []

    @sqlalchemy_event.listens_for(any_store.engine, "before_cursor_execute")
    def note(_conn, _cursor, statement, *_rest) -> None:  # type: ignore[no-untyped-def]
        statements.append(statement)

    @sqlalchemy_event.listens_for(any_store.engine, "checkout")
    def trace(driver, *_rest) -> None:  # type: ignore[no-untyped-def]
        if any_store.is_sqlite:  # transactions begin below SQLAlchemy there
            driver.set_trace_callback(
                lambda text: statements.append(text) if text.startswith("BEGIN") else None
            )

    take_in(any_store, Settings(), Arrival(SOURCE, Page(BEFORE, "x.csv", NOW), NOW))
    turn = next(i for i, text in enumerate(statements) if text.startswith("SELECT meta.value"))
    compared = next(i for i, text in enumerate(statements) if "FROM recommendations" in text)
    assert turn < compared
    locks = "FOR UPDATE" in statements[turn] or any("BEGIN IMMEDIATE" in text for text in statements[:turn])
    assert locks
