"""The keys that a configuration may have, from its JSON Schema; suggestions for unknown ones."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from recwatch.configuration.locating import Path

Node = dict[str, Any]


class Shape:
    """The schema of a configuration model, by paths in a document."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._model = model

    @cached_property
    def root(self) -> Node:
        """The JSON Schema."""
        return self._model.model_json_schema()

    def keys(self, document: Any, path: Path) -> list[str]:
        """The keys that the table at this path may have, given its `channel`."""
        return list(self._table(document, path).get("properties", {}))

    def suggest(self, document: Any, path: Path) -> str:
        """What may have been meant by the unknown key that ends this path."""
        *table, key = path
        name = str(key)
        known = self.keys(document, tuple(table))
        if near := nearest(name, known):
            return f'did you mean "{near}"?'
        if places := [place for place, keys in self._all_tables() if name in keys]:
            return f"it belongs to {' or '.join(dict.fromkeys(places))}"
        return f"known here: {', '.join(known)}" if known else "nothing is known here"

    def is_known(self, document: Any, path: Path) -> bool:
        """Whether the model has the key that ends this path."""
        return bool(path) and path[-1] in self.keys(document, path[:-1])

    def _table(self, document: Any, path: Path) -> Node:
        node, value = self.root, document
        for step in path:
            value = _step(value, step)
            node = self._choose(self._child(node, step), value)
        return self._choose(node, value)

    def _child(self, node: Node, step: str | int) -> Node:
        child = node.get("items", {}) if isinstance(step, int) else node.get("properties", {}).get(step, {})
        return child if isinstance(child, dict) else {}

    def _choose(self, node: Node, value: Any) -> Node:
        """Follow a $ref, and of several possible tables take the one that the value's channel names."""
        while True:
            if "$ref" in node:
                node = self._named(node["$ref"])
            elif "discriminator" in node:
                mapping = node["discriminator"]["mapping"]
                tag = value.get(node["discriminator"]["propertyName"]) if isinstance(value, dict) else None
                node = self._named(mapping[tag]) if tag in mapping else self._common(mapping.values())
            elif options := [part for part in node.get("anyOf", ()) if part.get("type") != "null"]:
                node = _of_channel(options, value)
            else:
                return node

    def _common(self, references: Iterable[str]) -> Node:
        tables = [self._named(reference).get("properties", {}) for reference in references]
        first, *others = tables
        return {"properties": {key: first[key] for key in first if all(key in other for other in others)}}

    def _named(self, reference: str) -> Node:
        node: Node = self.root["$defs"][reference.rsplit("/", 1)[-1]]
        return node

    def _all_tables(self) -> Iterator[tuple[str, list[str]]]:
        """Every table with its keys, as it is written in the file."""
        for name, node in self.root.get("properties", {}).items():
            written = f"[[{name}]]" if node.get("type") == "array" else f"[{name}]"
            target = node.get("items", node)
            for channel, table in self._variants(target):
                suffix = f' with channel = "{channel}"' if channel else ""
                yield written + suffix, list(table.get("properties", {}))
                if "match" in table.get("properties", {}):
                    matches = self._choose(table["properties"]["match"], None)
                    yield f"[{name}.match]", list(matches.get("properties", {}))

    def _variants(self, node: Node) -> Iterator[tuple[str | None, Node]]:
        if "discriminator" not in node:
            yield None, self._choose(node, None)
            return
        mapping = node["discriminator"]["mapping"]
        common = self._common(mapping.values())
        yield None, common
        for channel, reference in mapping.items():
            own = {
                key: value
                for key, value in self._named(reference).get("properties", {}).items()
                if key not in common["properties"]
            }
            yield channel, {"properties": own}


def _of_channel(options: list[Node], value: Any) -> Node:
    """The table for the value's channel, the console's where none is named; else the first."""
    channel = value.get("channel", "console") if isinstance(value, dict) else None
    for option in options:
        if channel and option.get("properties", {}).get("channel", {}).get("const") == channel:
            return option
    return options[0]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word nearest to a mistyped one."""
    by_folded = {_fold(name): name for name in known}
    close = get_close_matches(_fold(word), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def _fold(word: str) -> str:
    return word.casefold().replace("-", "_")


def _step(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None
