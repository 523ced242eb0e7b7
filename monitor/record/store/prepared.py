"""Statements executed for every page: compiled once, then passed straight to SQLite's driver.

To execute a statement that it has already compiled, SQLAlchemy takes six times as long as SQLite itself.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Dialect, Select, Update
from sqlalchemy.sql.compiler import SQLCompiler

_Convert = Callable[[Any], Any]
_REQUIRED = object()


class _Text(NamedTuple):
    """A compiled statement: its SQL, its parameters in order, and conversions of the columns it returns."""

    sql: str
    named: int  # how many values the caller has to give
    given: tuple[tuple[str, Any, _Convert | None], ...]  # name, the statement's own value, conversion
    returned: tuple[tuple[int, _Convert], ...]  # position and conversion, of columns that need one


class Prepared:
    """A select or an update whose values are all given by name; does what `Connection.execute` does.

    On other databases, and where a listener watches statements, SQLAlchemy executes it.
    """

    def __init__(self, statement: Select[Any] | Update) -> None:
        self.statement = statement
        self._text: _Text | None = None

    def row(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """Its row, or None; ValueError where it returns several."""
        if not _is_direct(connection):
            return connection.execute(self.statement, values).one_or_none()
        text = self._compiled(connection)
        rows = _driver(connection).execute(text.sql, _bound(text, values)).fetchall()
        if len(rows) > 1:
            raise ValueError(f"one row was expected, not {len(rows)}")
        return _converted(text, rows[0]) if rows else None

    def count(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Execute it; the number of rows written."""
        if not _is_direct(connection):
            return connection.execute(self.statement, values).rowcount
        text = self._compiled(connection)
        found: int = _driver(connection).execute(text.sql, _bound(text, values)).rowcount
        return found

    def _compiled(self, connection: Connection) -> _Text:
        if self._text is None:
            self._text = _compose(self.statement, connection.dialect)
        return self._text


def _is_direct(connection: Connection) -> bool:
    # A listener (a test, a tracer) must see every statement.
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
