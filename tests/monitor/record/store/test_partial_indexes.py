"""An index of some rows alone is made as such, from the tables as from the migrations."""

from typing import Any

import pytest
from sqlalchemy import create_mock_engine

from monitor.record.store.schema import metadata


@pytest.mark.parametrize(
    ("url", "only"), [("sqlite://", "WHERE pending = 1"), ("postgresql+psycopg://", "WHERE pending")]
)
def test_the_index_of_what_waits_holds_nothing_else(url: str, only: str) -> None:
    """With each receiver's years in it, it would grow with them."""
    made: list[str] = []

    def note(statement: Any, *_: object, **__: object) -> None:
        made.append(str(statement.compile(dialect=engine.dialect)))

    engine = create_mock_engine(url, note)
    metadata.create_all(engine, checkfirst=False)
    (index,) = [one for one in made if "INDEX ix_items_order" in one]
    assert index.endswith(only)
