"""Imports libraries at less cost: a quarter of what a poller's start would be without."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# httpx has a command line of its own, structlog prints tracebacks in colour; both look for these for it, and
# neither is used here.
_UNUSED = ("rich", "click", "pygments")


@contextmanager
def lean() -> Iterator[None]:
    """Within the block these libraries seem not to be installed, unless they have been imported before."""
    hidden = [name for name in _UNUSED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is Python's own sign for this
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def importing() -> Iterator[None]:
    """Within the block nothing is looked through for garbage, nor what it leaves at any later time.

    What is imported stays; while some hundred thousand objects come, Python would look through all of them
    again and again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()
