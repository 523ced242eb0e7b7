"""How sure a claim is: named features, each with a weight, added up in plain Python.

The weights stand in weights.toml, fitted on labelled pairs by
`python -m tests.workers.meaning.significance.fit`.
A claim is made where the sum reaches the threshold beside them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights.toml"
Features = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scorer:
    """The weights of one kind of claim, and the sums from which on it is made."""

    weights: Mapping[str, float]
    thresholds: Mapping[str, float]

    def weigh(self, features: Features) -> float:
        """The sum of the weights of what holds; a feature without a weight counts nothing."""
        weights = self.weights
        return sum(weights.get(name, 0.0) * value for name, value in features.items())

    def parts(self, features: Features) -> list[tuple[str, float]]:
        """What each feature weighed, the heaviest first; those that weighed nothing are left out."""
        found = [(name, self.weights.get(name, 0.0) * value) for name, value in features.items()]
        return sorted(((name, part) for name, part in found if part), key=lambda one: -abs(one[1]))


@cache
def scorer(kind: str) -> Scorer:
    """The scorer of a kind: a table of weights.toml."""
    table = _tables.get(kind, {})
    return Scorer(table.get("weights", {}), table.get("thresholds", {}))


Tables = dict[str, dict[str, dict[str, float]]]
_tables: Tables = {}


def use(tables: Tables) -> None:
    """Weigh by these from now on: the fitting command tries weights before it writes them."""
    _tables.clear()
    _tables.update(tables)
    scorer.cache_clear()


use(tomllib.loads(WEIGHTS.read_text(encoding="utf-8")))
