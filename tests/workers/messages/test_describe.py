"""What is stored of an event's difference and meaning."""

import pytest
from sqlalchemy import Connection, text

from monitor.record.store import queries
from monitor.record.store.schema import descriptions
from monitor.record.store.store import Store, StoreError
from monitor.record.store.upgrade import open_store
from tests.workers.seeding import capture, happen, rows
from workers.messages.describe import (
    decode,
    describe_event,
    describe_plainly,
    described_events,
    encode,
    stored,
)


def test_what_is_stored_comes_back_as_it_was(any_store: Store) -> None:
    """A description survives the store, marks and all."""
    with any_store.write() as connection:
        event_id = happen(
            connection, 1, 2, capture(connection), side={"narrative": "It’s “done”\n\n§ 12 – by 2026."}
        )
        [event] = queries.load_events(connection, ids=[event_id])
        described = describe_event(event)
        connection.execute(descriptions.insert(), encode(described))
        assert stored(connection, [event_id]) == {event_id: (described.difference, described.significance)}
        assert described_events(connection, [event]) == (described,)
    assert decode(rows(any_store, descriptions)[0]) == (described.difference, described.significance)


def test_a_plain_telling_loses_no_word(store: Store) -> None:
    """Without a difference, the old and the new stand whole, in the runs' own grammar."""
    with store.write() as connection:
        event_id = happen(connection, 1, 2, capture(connection))
        [event] = queries.load_events(connection, ids=[event_id])
    plain = describe_plainly(event)
    assert event.old is not None
    assert event.new is not None
    assert plain.difference.narrative == (("delete", event.old.narrative), ("insert", event.new.narrative))
    assert (plain.significance.level, plain.significance.signals) == ("substantive", ())


def test_history_is_what_was_there_before(store: Store) -> None:
    """An event's meaning may rest on its recommendation's earlier narratives, described in bulk or alone."""
    with store.write() as connection:
        for revision in (2, 3):
            event_id = happen(connection, 1, revision, capture(connection))
        [event] = queries.load_events(connection, ids=[event_id])
        [described] = described_events(connection, [event])
        history = queries.narratives_before(connection, 1, 3)
    assert len(history) == 2
    assert described == describe_event(event, history)


def test_a_database_that_goes_says_nothing_against_an_event(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be told as one that could not be described, without its meaning."""

    def cut_off(connection: Connection, *_: object) -> list[str]:
        return list(connection.scalars(text("SELECT pg_terminate_backend(pg_backend_pid())::text")))

    with open_store(postgres_url) as store:
        with store.write() as connection:
            event_id = happen(connection, 1, 2, capture(connection))
            [event] = queries.load_events(connection, ids=[event_id])
        monkeypatch.setattr(queries, "narratives_before", cut_off)
        with pytest.raises(StoreError, match="cannot be used"), store.read() as connection:
            described_events(connection, [event])
