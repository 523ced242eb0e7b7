"""Statements that are executed for every page: composed once, then handed to SQLite's driver as they are.

SQLAlchemy's own way to a statement that it has composed before costs six times what SQLite needs for it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Dialect, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler

_Convert = Callable[[Any], Any]
_REQUIRED = object()


class _Text(NamedTuple):
    """A statement in SQLite's words: its parameters in order, and what makes values of what it returns."""

    sql: str
    named: int  # how many values have to be given
    given: tuple[tuple[str, Any, _Convert | None], ...]  # name, the statement's own value, conversion
    returned: tuple[tuple[int, _Convert], ...]  # only those that need one


class Prepared:
    """A select or an update whose values are all given by name: the same for SQLite as `Connection.execute`.

    Elsewhere, and where somebody listens to what is executed, SQLAlchemy executes it.
    """

    def __init__(self, statement: Select[Any] | Update) -> None:
        self.statement = statement
        self._text: _Text | None = None

    def row(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """The one row that it gives, or None. What gives more is a mistake."""
        if not _is_direct(connection):
            return connection.execute(self.statement, values).one_or_none()
        text = self._in_words_of(connection)
        rows = _driver(connection).execute(text.sql, _bound(text, values)).fetchall()
        if len(rows) > 1:
            raise ValueError(f"one row was expected, not {len(rows)}")
        return _converted(text, rows[0]) if rows else None

    def count(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """How many rows it wrote."""
        if not _is_direct(connection):
            return connection.execute(self.statement, values).rowcount
        text = self._in_words_of(connection)
        found: int = _driver(connection).execute(text.sql, _bound(text, values)).rowcount
        return found

    def _in_words_of(self, connection: Connection) -> _Text:
        if self._text is None:
            self._text = _compose(self.statement, connection.dialect)
        return self._text


def _is_direct(connection: Connection) -> bool:
    # Whoever listens (a test, a tracer) is to hear every statement.
    return connection.dialect.name == "sqlite" and not connection.engine.dispatch.before_cursor_execute


def _driver(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _bound(text: _Text, values: Mapping[str, Any]) -> list[Any]:
    if len(values) != text.named:
        raise ValueError(f"these are not the values of the statement: {sorted(values)}")
    bound = []
    for name, default, convert in text.given:
        value = values[name] if default is _REQUIRED else default
        bound.append(value if convert is None else convert(value))
    return bound


def _converted(text: _Text, row: tuple[Any, ...]) -> tuple[Any, ...]:
    if not text.returned:
        return row
    made = list(row)
    for place, convert in text.returned:
        made[place] = convert(made[place])
    return tuple(made)


def _compose(statement: Select[Any] | Update, dialect: Dialect) -> _Text:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    assert not compiled.prefetch, "a column that has a value of its own at every update"
    names = compiled.positiontup or []
    given = tuple(_parameter(name, compiled.binds[name], dialect) for name in names)
    converts = [_from_driver(column.type, dialect) for column in statement.exported_columns]
    returned = tuple((place, convert) for place, convert in enumerate(converts) if convert)
    named = {name for name, default, _ in given if default is _REQUIRED}
    return _Text(str(compiled), len(named), given, returned)


def _parameter(name: str, bind: BindParameter[Any], dialect: Dialect) -> tuple[str, Any, _Convert | None]:
    assert not bind.expanding, "a list has as many parameters as it has values"
    default = _REQUIRED if bind.required else bind.effective_value
    return name, default, bind.type.dialect_impl(dialect).bind_processor(dialect)


def _from_driver(type_: Any, dialect: Dialect) -> _Convert | None:
    found: _Convert | None = type_.dialect_impl(dialect).result_processor(dialect, None)
    return found
