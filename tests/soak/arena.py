"""A store in memory that is emptied for each history: the product's own transactions, no disk."""

from functools import cache

from sqlalchemy import select

from monitor.record.store.schema import metadata, recommendations
from monitor.record.store.store import Store
from tests.monitor.intake.conftest import Scene
from tests.soak.model import Known, facts


@cache
def _store(number: int) -> Store:
    """One a process and number. Its tables are the schema's; a test elsewhere holds migrations to that."""
    store = Store("sqlite://")
    metadata.create_all(store.engine)
    return store


def arena(number: int = 0) -> Scene:
    """An empty scene; scenes of different numbers are there at once."""
    store = _store(number)
    with store.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return Scene(store)


def standing(scene: Scene) -> dict[str, tuple[object, ...]]:
    """What the store says now, by key."""
    table = recommendations.c
    columns = (table.fingerprint, table.status, table.priority, table.text_fingerprint, table.present)
    with scene.store.read() as connection:
        return {row[0]: tuple(row[1:]) for row in connection.execute(select(table.key, *columns))}


def as_known(known: dict[int, Known]) -> dict[str, tuple[object, ...]]:
    """What the store has to say of them."""
    return {one.key: (*facts(one.item), one.present) for one in known.values()}
