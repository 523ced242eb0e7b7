"""How many pairs are run, and what was in them. `make soak` sets RECWATCH_SOAK to the pairs in all."""

import os
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import HealthCheck, Phase, settings

T = TypeVar("T", bound=Callable[..., object])
SOAK = int(os.environ.get("RECWATCH_SOAK", "0"))
CAPTURES = 5  # of one history: four pairs
PARTS = 4 if SOAK else 1  # a test is cut into parts, so that processes end together
_FEW = 320  # pairs in the suite


def pairs(share: float) -> Callable[[T], T]:
    """Run a property of histories on its share of all the pairs."""
    histories = (SOAK or _FEW) * share / (CAPTURES - 1) / PARTS
    return settings(
        max_examples=max(1, round(histories)),
        deadline=None,
        database=None,
        phases=(Phase.explicit, Phase.generate),  # shrinking a whole history takes minutes
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class Tally:
    """Pairs of captures by format, edits by kind, pages held back."""

    formats: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    held: int = 0

    def add(self, form: str, kinds: Mapping[str, int], *, held: bool = False) -> None:
        """Count one pair."""
        self.formats[str(form)] += 1
        self.kinds.update(kinds)
        self.held += held
