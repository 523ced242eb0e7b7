"""Validates a document and collects every mistake in it."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from pydantic import BaseModel, ValidationError

from monitor.record.settings import Subscription
from recwatch.configuration.errors import Mistake
from recwatch.configuration.locating import Path, line_of
from recwatch.configuration.references import Resolved
from recwatch.configuration.shape import Shape, nearest
from recwatch.configuration.wording import words

_ROUNDS = 4
_UNKNOWN = "unknown key"
_LISTS = ("sources", "subscriptions")


class Checker:
    """Finds the mistakes of one document; file name and lines are only for the messages."""

    def __init__(self, model: type[BaseModel], resolved: Resolved, file: str, lines: dict[Path, int]) -> None:
        self._model = model
        self._resolved = resolved
        self._file = file
        self._lines = lines
        self._shape = Shape(model)
        self._found: dict[Path, str] = {}

    def mistakes(self, *, forgive_missing: bool = False) -> list[Mistake]:
        """Everything that is wrong; with `forgive_missing` but for unresolved references."""
        document = deepcopy(self._resolved.document)
        # The model does not validate a table further that has an unknown key or channel: those are taken out,
        # and it validates again, until it finds nothing new.
        for _ in range(_ROUNDS):
            if not (errors := self._ask(document)):
                break
            repaired = [self._take(document, error) for error in errors]
            if not any(repaired):
                break
        self._found |= dict(_repeated_ids(self._resolved.document))
        self._add_missing()
        forgiven = self._resolved.missing if forgive_missing else {}
        return [self._mistake(path, text) for path, text in self._found.items() if path not in forgiven]

    def _add_missing(self) -> None:
        """Replace what the model says of a reference's own text, unless its key is unknown."""
        for path, message in self._resolved.missing.items():
            for found in [key for key in self._found if key[: len(path)] == path]:
                if not self._found[found].startswith(_UNKNOWN):
                    del self._found[found]
            self._found.setdefault(path, message)

    def _ask(self, document: dict[str, Any]) -> list[Any]:
        try:
            self._model.model_validate(document)
        except ValidationError as error:
            return list(error.errors(include_url=False))
        return []

    def _take(self, document: dict[str, Any], error: Any) -> bool:
        """Note one error; true where the document was repaired so that another round may find more."""
        path = plain_path(self._resolved.document, error)
        if not path:
            return False  # repeated ids: _repeated_ids finds them, with their places
        if error["type"] == "extra_forbidden":
            self._found.setdefault(path, f"{_UNKNOWN}; {self._shape.suggest(self._resolved.document, path)}")
            return _remove(document, path)
        if error["type"].startswith("union_tag"):
            path = (*path, "channel")
            self._found.setdefault(path, words(error))
            return self._mend_channel(document, path, error)
        if not self._is_explained(path):
            self._found.setdefault(path, words(error))
        return False

    def _is_explained(self, path: Path) -> bool:
        """Whether a known key inside this table is wrong: an error of the whole table adds nothing then."""
        return any(
            len(found) > len(path)
            and found[: len(path)] == path
            and self._shape.is_known(self._resolved.document, found)
            for found in self._found
        )

    def _mend_channel(self, document: dict[str, Any], path: Path, error: Any) -> bool:
        tags = error.get("ctx", {}).get("expected_tags", "").split("'")[1::2]
        near = nearest(str(error.get("ctx", {}).get("tag", "")), tags)
        table = _at(document, path[:-1])
        if near is None or not isinstance(table, dict):
            return False
        table["channel"] = near
        return True

    def _mistake(self, path: Path, message: str) -> Mistake:
        return Mistake(self._file, line_of(self._lines, path), written(path), self._masked(path, message))

    def _masked(self, path: Path, message: str) -> str:
        for secret, reference in self._resolved.secrets.items():
            message = message.replace(secret, reference)
        value = _at(self._resolved.document, path)
        if isinstance(value, str) and value and self._is_secret(path):
            message = message.replace(f'"{value}"', "what is given")
        return message

    def _is_secret(self, path: Path) -> bool:
        return any(word in str(path[-1]) for word in ("secret", "token", "url", "proxy"))


def written(path: Path) -> str:
    """A path as `sources[0].every`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def plain_path(document: Any, error: Any) -> Path:
    """The error's path in the document, without the channel's tag that the model adds."""
    path: list[str | int] = []
    value = document
    steps = error["loc"]
    for position, step in enumerate(steps):
        inside = _step(value, step)
        is_named = isinstance(step, int) or not isinstance(value, dict) or step in value
        is_last = position == len(steps) - 1
        if not is_named and not (is_last and error["type"] == "missing"):
            continue  # of the model alone: a channel's name, or the field of [operators]
        path.append(step)
        value = inside
    return tuple(path)


def _step(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def _at(document: Any, path: Path) -> Any:
    for step in path:
        document = _step(document, step)
    return document


def _remove(document: Any, path: Path) -> bool:
    table = _at(document, path[:-1])
    if isinstance(table, dict) and path[-1] in table:
        del table[path[-1]]
        return True
    return False


def _repeated_ids(document: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for name in _LISTS:
        seen: dict[str, int] = {}
        tables = document.get(name)
        for index, table in enumerate(tables if isinstance(tables, list) else []):
            key = table.get("id") if isinstance(table, dict) else None
            if not isinstance(key, str):
                continue
            if name == "subscriptions" and key == Subscription.OPERATORS:
                yield (name, index, "id"), f'"{key}" belongs to [operators]; give the subscription another'
            if key in seen:
                yield (
                    (name, index, "id"),
                    f'"{key}" is the id of {name}[{seen[key]}] too; ids are used once',
                )
            seen.setdefault(key, index)
