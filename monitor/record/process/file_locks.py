"""Files that are locked with flock, and whose locks a forked child does not hold on to.

The kernel releases a lock however its holder ends, but only once every copy of the descriptor is closed. A
fork copies descriptors, so the child closes its copies at once.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_open: set[int] = set()  # descriptors of this process


@contextmanager
def lock_file(path: Path) -> Iterator[int]:
    """Open a file to lock; closed at the end, and in any child that is forked meanwhile."""
    owner = os.getpid()
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    _open.add(handle)
    try:
        yield handle
    finally:
        if os.getpid() == owner:
            _open.discard(handle)
            os.close(handle)


def try_lock(handle: int) -> bool:
    """Lock exclusively without waiting; False where another holds the lock."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(handle: int) -> None:
    """Release at once, even while a child that was just forked has not closed its copy yet."""
    fcntl.flock(handle, fcntl.LOCK_UN)


def _close_in_child() -> None:
    for handle in _open:
        with suppress(OSError):
            os.close(handle)
    _open.clear()


os.register_at_fork(after_in_child=_close_in_child)
