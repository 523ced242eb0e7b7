"""The store's beginning and its migrations."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from monitor.record.store import upgrade
from monitor.record.store.migrations import HEAD
from monitor.record.store.schema import metadata
from monitor.record.store.store import Store, StoreError, StoreMissing
from monitor.record.store.upgrade import open_existing, open_store


def test_migrations_make_the_tables_of_the_schema(any_store: Store) -> None:
    """What the migrations build is what the schema says, on both databases."""
    with any_store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_migration() -> None:
    """The version that is looked for is the last one in the folder."""
    scripts = ScriptDirectory(str(Path(upgrade.__file__).parent / "migrations"))
    assert scripts.get_current_head() == HEAD


def test_many_processes_may_start_at_once(store_url: str) -> None:
    """Whoever comes first migrates; the others wait and find it done."""
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(open_store, [store_url] * 6))
    for store in stores:
        with store.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
        store.close()


def test_a_reader_does_not_make_a_store(tmp_path: Path) -> None:
    """A verb that only reads says that nothing is there, and leaves nothing behind."""
    with pytest.raises(StoreMissing, match="recwatch once"):
        open_existing(f"sqlite:///{tmp_path / 'none.sqlite3'}")
    assert list(tmp_path.iterdir()) == []


def test_a_newer_store_is_not_touched(any_store: Store) -> None:
    """An older program refuses a store that a newer one wrote."""
    with any_store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="another version of recwatch"):
        open_store(any_store.url.render_as_string(hide_password=False))


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    """A store that is no database is an error with its path, not a traceback."""
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"this is no database, whatever its name says" * 40)
    with pytest.raises(StoreError, match=r"broken\.sqlite3"):
        open_store(f"sqlite:///{broken}")
