"""Temporary folders for sockets, whose paths may have a hundred bytes and no more."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LONGEST = 60  # bytes of the system's own folder for such; TMPDIR may be anything


@contextmanager
def short(prefix: str) -> Iterator[Path]:
    """A new folder with a short path, removed at the end."""
    usual = tempfile.gettempdir()
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=usual if len(usual.encode()) <= _LONGEST else "/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
