"""Indexes of some rows alone, in each database's words."""

from sqlalchemy import Connection, Table, event, text


def only_where(table: Table, index: str, **words: str) -> None:
    """Let a table's index hold only the rows of which this is true; `words` by the name of the database.

    Said as it is made: in the index itself, it imports PostgreSQL's dialect for whoever uses SQLite, a
    twentieth of a poller's start.
    """

    @event.listens_for(table, "before_create")
    def say(_table: Table, connection: Connection, **_: object) -> None:
        name = connection.dialect.name
        mine = next(one for one in table.indexes if one.name == index)
        mine.dialect_options[name]["where"] = text(words[name])
