"""One cycle over files: read before the site is asked, oldest first, each once, whole."""

from datetime import timedelta
from pathlib import Path

from monitor.intake import Arrival, Intake
from monitor.poller import page_of
from monitor.poller.files import read_files
from monitor.poller.session import open_session
from monitor.record.settings import Settings
from monitor.record.store.schema import drops
from monitor.record.store.store import Store
from monitor.record.values import Page
from tests.fakes.clock import NOON
from tests.fakes.pages import export
from tests.fakes.site import Answer
from tests.monitor.poller.world import CHANGED, FIVE, PATH, World, in_world, piers

BOTH = piers(path="drop/")
FOLDER = {"id": "piers", "format": "gao-csv", "path": "drop/"}


def test_a_file_written_to_between_look_and_reading_waits(store: Store, tmp_path: Path) -> None:
    """Half of the new content must not be taken for the whole."""

    async def check(world: World) -> None:
        path = world.drop("a.csv", export(FIVE, NOON - timedelta(hours=1)))
        async with open_session(world.poller) as session:
            drop = session.drops["piers"]
            drop.load = lambda found: Page(b"half", found.name, found.captured_at)  # type: ignore[method-assign]
            assert await read_files(session, world.poller.settings.sources[0]) == []
        assert path.exists()
        assert world.all(drops) == []

    in_world(store, tmp_path, check, FOLDER)


def test_files_are_read_before_the_site_is_asked(store: Store, tmp_path: Path) -> None:
    """A file believed makes the source well although the site refuses."""

    async def check(world: World) -> None:
        world.site.answers(PATH, Answer(403))
        world.drop("a.csv", export(FIVE, NOON - timedelta(hours=2)))
        (reading,) = await world.poll()
        assert (reading.outcome, reading.seen, reading.failed) == ("baseline", 5, False)
        world.drop("b.csv", export(CHANGED, NOON - timedelta(hours=1)))
        assert await world.outcome() == "changed"
        assert await world.outcome() == "blocked"
        assert world.told() == ["source.blocked"]

    in_world(store, tmp_path, check, BOTH)


def test_files_are_taken_in_oldest_first_and_once(store: Store, tmp_path: Path) -> None:
    """Whatever their names."""

    async def check(world: World) -> None:
        world.drop("1-newer.csv", export(CHANGED, NOON - timedelta(hours=1)))
        world.drop("2-older.csv", export(FIVE, NOON - timedelta(hours=9)))
        (reading,) = await world.poll()
        assert (reading.outcome, reading.updated) == ("changed", 1)
        assert [row.outcome for row in sorted(world.all(drops), key=lambda row: row.read_at)]
        (reading,) = await world.poll()
        assert (reading.outcome, reading.seen, reading.failed) == ("unchanged", 0, False)

    in_world(store, tmp_path, check, FOLDER)


def test_a_file_that_is_no_page_is_remembered_and_fails_the_cycle_once(store: Store, tmp_path: Path) -> None:
    """Its trouble is told; it is not read again and again."""

    async def check(world: World) -> None:
        world.drop("notes.txt", b"buy milk")
        (reading,) = await world.poll()
        assert (reading.outcome, reading.failed) == ("quarantined", True)
        assert await world.outcome() == "unchanged"
        assert [row.outcome for row in world.all(drops)] == ["quarantined"]
        assert world.told() == ["source.quarantined"]

    in_world(store, tmp_path, check, FOLDER)


def test_a_file_that_breaks_the_reader_does_not_stop_those_after_it(store: Store, tmp_path: Path) -> None:
    """A fault of ours is reported as one, once."""

    async def check(world: World) -> None:
        real = world.poller.take_in

        def breaking(store: Store, settings: Settings, arrival: Arrival) -> Intake:
            if arrival.page.origin == "bad.csv":
                raise RuntimeError("a fault")
            return real(store, settings, arrival)

        world.poller = world.make_poller(take_in=breaking)
        world.drop("bad.csv", b"bad", age=timedelta(days=2))
        world.drop("good.csv", export(FIVE, NOON - timedelta(hours=1)))
        assert await world.outcome() == "baseline"
        assert {row.name: row.outcome for row in world.all(drops)} == {
            "bad.csv": "failing",
            "good.csv": "baseline",
        }

    in_world(store, tmp_path, check, FOLDER)


def test_a_file_being_written_is_waited_for(store: Store, tmp_path: Path) -> None:
    """A cycle by hand comes seconds after the file was saved."""

    async def check(world: World) -> None:
        world.drop("a.csv", export(FIVE, NOON - timedelta(hours=1)), age=timedelta(0))
        assert await world.outcome() == "baseline"

    in_world(store, tmp_path, check, FOLDER)


def test_a_path_without_a_file_is_a_failure(store: Store, tmp_path: Path) -> None:
    """A misspelt name must not look like a page that never changes."""

    async def check(world: World) -> None:
        (reading,) = await world.poll()
        assert reading.outcome == "failing"
        assert str(tmp_path / "exprot.csv") in reading.message

    in_world(store, tmp_path, check, FOLDER | {"path": "exprot.csv"})


def test_a_folder_that_cannot_be_looked_into_is_a_failure(store: Store, tmp_path: Path) -> None:
    """With the folder's name."""

    async def check(world: World) -> None:
        (tmp_path / "drop").write_text("in the way")
        (reading,) = await world.poll()
        assert reading.outcome == "failing"
        assert str(tmp_path / "drop") in reading.message

    in_world(store, tmp_path, check, FOLDER)


def test_a_page_handed_over_is_read_in_place_of_the_site(store: Store, tmp_path: Path) -> None:
    """Taken when its own stamp says."""

    async def check(world: World) -> None:
        stamp = NOON - timedelta(hours=3)
        page = page_of(export(FIVE, stamp), "saved.csv", NOON)
        assert page.captured_at == stamp
        assert await world.outcome("piers", given=page) == "baseline"
        assert world.site.asked == []

    in_world(store, tmp_path, check)
