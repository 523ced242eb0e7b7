"""The rehearsal: composes what jobs need, and leaves nothing behind."""

import os
import time

import pytest
from sqlalchemy import Connection, func, select, text
from structlog.testing import capture_logs

from monitor.record.store.schema import metadata
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import NOW, changes, configured, webhook
from workers.delivery.engine import deliver
from workers.messages.fanout import fan_out
from workers.queue.warm_up import compose_statements


def counts(store: Store) -> dict[str, int]:
    with store.read() as connection:
        tables = metadata.sorted_tables
        return {each.name: connection.scalar(select(func.count()).select_from(each)) or 0 for each in tables}


def composed(store: Store) -> int:
    cache = store.engine.get_execution_options().get("compiled_cache", store.engine._compiled_cache)
    return len(cache)


def test_nothing_of_a_rehearsal_reaches_the_store(any_store: Store) -> None:
    """Not a row, on either kind of store; real messages that wait are not touched."""
    world = context(any_store, configured(webhook()))
    fan_out(world, changes(any_store, [(1, 2)]), NOW)
    before = counts(any_store)
    compose_statements(any_store)
    compose_statements(any_store, fully=True)
    assert counts(any_store) == before
    assert before["messages"] == 1


def test_after_a_rehearsal_jobs_compose_next_to_nothing(store: Store) -> None:
    """What describing and delivering one change ask of the store was asked before."""
    compose_statements(store)
    known = composed(store)
    assert known > 20
    outbox = changes(store, [(1, 2)])
    seeded = composed(store)
    world = context(store, configured(webhook()), FakeTransport())
    fan_out(world, outbox, NOW)
    assert deliver(world, world.channels["webhook"]).sent == 1
    assert composed(store) - seeded <= 2


def test_a_rehearsal_without_tables_is_no_trouble(tmp_path: object) -> None:
    """A worker may be started before the store is made."""
    with Store("sqlite://") as empty:
        compose_statements(empty)


@pytest.mark.parametrize("fully", [False, True])
@pytest.mark.parametrize(
    "amid", ["workers.messages.fanout.describe_each", "workers.delivery.loading.described_events"]
)
def test_a_rehearsal_whose_database_goes_is_over_without_a_word(
    amid: str, fully: bool, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is nobody's change and nobody's message: what a job would say of those does not apply."""
    told = []

    def cut_off(connection: Connection, events: object) -> object:
        told.append(1)
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        raise AssertionError("still connected")

    with open_store(postgres_url) as store, capture_logs() as said:
        monkeypatch.setattr(amid, cut_off)
        began = time.monotonic()
        compose_statements(store, fully=fully)
        assert time.monotonic() - began < 45  # a lease is 60 s
    assert told
    assert [line for line in said if line["log_level"] != "debug"] == []


def test_a_fork_inherits_what_was_composed_and_no_connection(store: Store) -> None:
    """The child's store has its parent's engine, and a connection of its own."""
    with store.read() as connection:
        connection.execute(select(1))
        parents = connection.connection.dbapi_connection
    url = store.url.render_as_string(hide_password=False)
    child = os.fork()
    if not child:
        mine = Store(url)
        with mine.read() as connection:
            other = connection.connection.dbapi_connection is not parents
        os._exit(0 if mine.engine is store.engine and other else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with Store(url) as beside:
        assert beside.engine is not store.engine
