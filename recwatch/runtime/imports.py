"""Imports libraries at less cost: it saves three quarters of a poller's start."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# httpx has a command line of its own, structlog prints tracebacks in colour; both try to import these for it,
# and neither is used here.
_OPTIONAL = ("rich", "click", "pygments")


@contextmanager
def without_optional() -> Iterator[None]:
    """Within the block these libraries seem not to be installed, unless they have been imported before."""
    hidden = [name for name in _OPTIONAL if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None makes an import fail
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def importing() -> Iterator[None]:
    """Switch garbage collection off for the block, and never collect what it leaves behind.

    What is imported stays. While some hundred thousand objects are made, the collector would visit all of
    them again and again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
