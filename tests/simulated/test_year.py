"""A few weeks of polls, under a clock that jumps: what is held grows with what changed, not with time.

The whole year, with its figures: `make year`.
"""

import asyncio

import pytest

from tests.simulated.year import Holdings, Year, live, resident

KEYS = 20  # in the queue server, whatever happens: the epoch, and what RQ keeps of the last minutes
FIRST, QUIET, BUSY = 8, 8, 30  # polls; the first ones bring a day to its end


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> list[Holdings]:
    """After the first polls; after quiet ones; after busy weeks; after more of those."""
    found: list[Holdings] = []

    async def check(year: Year) -> None:
        for polls, quiet in ((FIRST, True), (QUIET, True), (BUSY, False), (BUSY, False)):
            await year.go(polls, quiet=quiet)
            found.append(year.holds())

    asyncio.run(live(tmp_path_factory.mktemp("year"), 40, check))
    return found


def test_polls_without_a_change_add_nothing(held: list[Holdings]) -> None:
    """Not a row in any table, not a page of the file, not a key."""
    first, quiet, *_ = held
    assert quiet.rows == first.rows
    assert quiet.store == first.store
    assert quiet.keys <= KEYS


def test_the_store_grows_with_what_changed(held: list[Holdings]) -> None:
    """Evidence for changes alone; a message, an attempt and an item for each that is told."""
    _, quiet, _, busy = held
    grown = {table: busy.rows[table] - count for table, count in quiet.rows.items()}
    captures_that_changed = BUSY * 2 // 5 + 2 * (BUSY * 2 // 20 + 1) + BUSY * 2 // 20 + 1
    assert 10 < grown["events"] < captures_that_changed
    assert grown["captures"] == grown["evidence"] <= captures_that_changed
    assert grown["revisions"] == grown["events"]
    assert grown["descriptions"] == grown["events"]
    assert grown["items"] == 2 * grown["events"]
    # One at once for each event and for each notice, and one for each day's digest that has something.
    assert grown["messages"] == grown["events"] + grown["notices"] + grown["digests"]
    assert grown["attempts"] == grown["messages"]
    assert 1 <= grown["notices"] <= 2 * (BUSY * 2 // 60 + 1)
    assert grown["digests"] < grown["events"]
    assert grown["lookups"] == BUSY * 2 // 20
    assert grown["paces"] <= 2
    assert grown["sources"] <= 1  # the lease of its look-ups
    assert [grown[name] for name in ("hosts", "coverage", "subscriptions")] == [0, 0, 0]
    assert grown["meta"] <= 1
    assert busy.store - quiet.store < 20_000 * grown["events"]


def test_the_queue_server_holds_no_more_after_more(held: list[Holdings]) -> None:
    """Jobs, results and registries go as they came."""
    _, _, busy, later = held
    assert later.keys <= KEYS
    assert later.keys <= busy.keys + 2
    assert later.queue < busy.queue + 200_000


@pytest.mark.skipif(not resident(), reason="this system does not say how much memory a process has")
def test_the_process_keeps_its_size(held: list[Holdings]) -> None:
    """Once everything was used once, polling and delivering need no more memory."""
    _, _, busy, later = held
    assert later.process < busy.process * 1.03


def test_what_has_happened_is_enough_to_say_so(held: list[Holdings]) -> None:
    """Recommendations left and came, a site failed and was well again: else the figures say nothing."""
    rows = held[-1].rows
    assert rows["lookups"] >= 3
    assert rows["notices"] >= 2
    assert rows["recommendations"] >= 43
