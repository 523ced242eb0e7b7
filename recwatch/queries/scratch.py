"""A temporary store, for verbs that compare or fetch and leave nothing behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from monitor.record.store.schema import metadata
from monitor.record.store.store import FILE, Store


@contextmanager
def scratch() -> Iterator[Store]:
    """An empty store, deleted afterwards."""
    with TemporaryDirectory(prefix="recwatch-") as folder, Store(f"sqlite:///{Path(folder) / FILE}") as store:
        store.create()
        with store.write() as connection:
            metadata.create_all(connection)
        yield store
