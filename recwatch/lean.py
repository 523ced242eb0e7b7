"""Imports libraries without others that they look for and use only if they are there.

httpx has a command line of its own, structlog prints tracebacks in colour; both import rich for it, which is
a tenth of what a poller's start costs, and neither is used here.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

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
