"""What tests of a failing machine share: the program in a folder of its own, and disks that can be filled."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.recwatch.conftest import Program, polled, polled_home, program

__all__ = ["polled", "polled_home", "program"]


@dataclass(frozen=True)
class Disk:
    """A file system of its own below a folder."""

    folder: Path

    @property
    def ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Leave not one byte."""
        handle = os.open(self.ballast, os.O_WRONLY | os.O_CREAT)
        for size in (65536, 4096, 1):
            try:
                while True:
                    os.write(handle, bytes(size))
            except OSError:
                continue
        try:
            os.close(handle)
        except OSError:
            return

    def free(self) -> None:
        """Make room again."""
        self.ballast.unlink()

    def remount(self, how: str) -> None:
        """`ro` or `rw`."""
        subprocess.run(["mount", "-o", f"remount,{how}", self.folder], check=True)


@pytest.fixture
def disk(program: Program) -> Iterator[Disk]:
    """The program's home as a disk of three megabytes; skipped where none can be mounted."""
    if os.geteuid() != 0:
        pytest.skip("a disk of its own: needs root")
    program.home.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "none", program.home]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a disk of its own: nothing can be mounted here")
    try:
        yield Disk(program.home)
    finally:
        subprocess.run(["umount", "-l", program.home], check=False)
