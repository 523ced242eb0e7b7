"""Reads bodies from files and streams, a block at a time."""

from functools import partial
from pathlib import Path
from typing import BinaryIO

from monitor.record.bodies import Body, filled

_BLOCK = 1024 * 1024


def read_body(handle: BinaryIO) -> Body:
    """The rest of a file or a stream; OSError."""
    return filled(iter(partial(handle.read, _BLOCK), b""))


def body_of(path: Path) -> Body:
    """The content of a file; OSError where it cannot be read."""
    with path.open("rb") as handle:
        return read_body(handle)
