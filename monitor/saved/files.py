"""Bodies out of files and streams, a block at a time."""

from functools import partial
from pathlib import Path
from typing import BinaryIO

from monitor.record.bodies import Body, filled

_BLOCK = 1024 * 1024


def read_body(handle: BinaryIO) -> Body:
    """All that is left in a file or a stream; OSError as it comes."""
    return filled(iter(partial(handle.read, _BLOCK), b""))


def body_of(path: Path) -> Body:
    """What a file holds; OSError where it cannot be read."""
    with path.open("rb") as handle:
        return read_body(handle)
