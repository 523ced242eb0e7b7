"""What is handed to SQLite's driver as it is does what SQLAlchemy would have done."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, event, insert, select, update

from monitor.fetching import hosts
from monitor.intake import short_cuts, source_rows
from monitor.poller import leases
from monitor.record.store import schema
from monitor.record.store.prepared import Prepared
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store

NOW = datetime(2024, 3, 4, 5, 6, 7, 80, tzinfo=UTC)
LATER = (NOW + timedelta(minutes=1)).astimezone(timezone(timedelta(hours=-5)))
FAR = NOW + timedelta(minutes=10)
TABLES = (schema.sources, schema.hosts, schema.coverage)

_NOTED = {
    "last_captured_at": NOW,
    "outcome": "unchanged",
    "message": "it's",
    "stale_copies": 3,
    "etag": None,
}
_ENDS = {"holder": "poller_1"}
_CLAIMED = {"holder": "poller_1", "now": NOW, "far": FAR, "until": LATER}
_TURN = {"name": "gao.gov", "now": LATER, "void": FAR, "next": FAR}
_SEEN = {"new_stamp": None, "new_modified_at": NOW, "new_served_at": LATER, "at": LATER}

# Each statement, with values that find their row and with some that do not.
CASES: list[tuple[str, Prepared, Mapping[str, Any]]] = [
    ("row", leases._CLAIM, {"source": "one", **_CLAIMED}),
    ("row", leases._CLAIM, {"source": "two", **_CLAIMED}),
    ("row", leases._CLAIM, {"source": "held", **_CLAIMED}),
    ("row", leases._CLAIM, {"source": "none", **_CLAIMED}),
    ("count", hosts._TAKE_TURN_OF, {"fetched": NOW, **_TURN}),
    ("count", hosts._TAKE_TURN_OF, {"fetched": LATER, **_TURN}),
    ("row", short_cuts._RECALL, {"source": "one", "key": "body"}),
    ("row", short_cuts._RECALL, {"source": "one", "key": "another"}),
    ("count", source_rows._SEEN_AGAIN, {"source": "one", "form": "gao-agency", "of": "A", **_SEEN}),
    (
        "count",
        source_rows._statement(tuple(_NOTED), ends_lease=True),
        {"source": "one", **_ENDS, **{f"new_{n}": v for n, v in _NOTED.items()}},
    ),
    (
        "count",
        source_rows._statement(("message",), ends_lease=False),
        {"source": "two", "new_message": "other"},
    ),
]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with sources, a host and a page that is remembered."""
    with open_store(f"sqlite:///{tmp_path}/store.sqlite3") as made, made.write() as connection:
        for row in (
            {"id": "one", "body_sha256": "body", "body_format": "gao-agency", "body_subject": "A"},
            {"id": "two", "failures": 2, "told": "blocked", "told_at": NOW, "last_polled_at": LATER},
            {"id": "held", "lease_holder": "poller_2", "lease_until": LATER},
        ):
            connection.execute(insert(schema.sources).values(row))
        connection.execute(
            insert(schema.hosts).values(
                host="gao.gov", refusals=0, next_allowed_at=NOW, robots_fetched_at=NOW
            )
        )
        page = {"source_id": "one", "format": "gao-agency", "subject": "A", "seen": 5, "stamp": NOW}
        connection.execute(
            insert(schema.coverage).values(**page, first_captured_at=NOW, last_captured_at=NOW)
        )
    with open_store(f"sqlite:///{tmp_path}/store.sqlite3") as opened:
        yield opened


@contextmanager
def _heard(store: Store) -> Iterator[list[str]]:
    """Hear what SQLAlchemy executes: then it executes all."""
    statements: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(store.engine, "before_cursor_execute", hear)
    try:
        yield statements
    finally:
        event.remove(store.engine, "before_cursor_execute", hear)


def _outcome(store: Store, way: str, statement: Prepared, values: Mapping[str, Any]) -> tuple[Any, Any]:
    """What a statement gives, and all that is in the tables after it; then it is undone."""
    with store.write() as connection:
        given = getattr(statement, way)(connection, values)
        after = _all(connection)
        connection.get_transaction().rollback()  # type: ignore[union-attr]  # it has one
    return (tuple(given) if way == "row" and given is not None else given), after


def _all(connection: Connection) -> list[Any]:
    return [list(connection.execute(select(table)).all()) for table in TABLES]


@pytest.mark.parametrize(("way", "statement", "values"), CASES)
def test_a_prepared_statement_does_what_sqlalchemy_does(
    store: Store, way: str, statement: Prepared, values: Mapping[str, Any]
) -> None:
    """The same rows with the same types come back, and the same is written."""
    direct = _outcome(store, way, statement, values)
    with _heard(store) as statements:
        slow = _outcome(store, way, statement, values)
    assert len(statements) == 1 + len(TABLES)
    assert direct == slow
    assert _types(direct[0]) == _types(slow[0])


def _types(given: Any) -> Any:
    return [type(value) for value in given] if isinstance(given, tuple) else type(given)


def test_some_of_the_cases_find_their_row_and_some_do_not(store: Store) -> None:
    """Else two ways that do nothing would be alike."""
    given = [_outcome(store, way, statement, values)[0] for way, statement, values in CASES]
    assert [bool(one) for one in given] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
        False,
        True,
        True,
        True,
    ]


@pytest.mark.parametrize("values", [{"of": 1}, {"of": 1, "to": 2, "more": 3}, {"of": 1, "too": 2}])
def test_values_that_are_not_the_statements_are_refused(store: Store, values: dict[str, int]) -> None:
    """One that is missing or too many is a mistake, not NULL."""
    change = Prepared(
        update(schema.hosts).values(refusals=bindparam("to")).where(schema.hosts.c.host == bindparam("of"))
    )
    with store.write() as connection, pytest.raises((KeyError, ValueError)):
        change.count(connection, values)


def test_a_mistake_of_ours_is_not_called_the_stores(store: Store) -> None:
    """What breaks a rule of the tables stays what it is, as where SQLAlchemy executes it."""
    change = Prepared(update(schema.hosts).values(refusals=bindparam("to")))
    with pytest.raises(sqlite3.IntegrityError), store.write() as connection:
        change.count(connection, {"to": None})
