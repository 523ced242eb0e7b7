"""Locks on files, and forks."""

import os
from pathlib import Path

from monitor.record.process.file_locks import lock_file, try_lock, unlock


def test_a_forked_child_does_not_keep_its_parents_lock(tmp_path: Path) -> None:
    """As soon as the parent closes its file, another process can lock it, though the child lives on."""
    ready, done = os.pipe(), os.pipe()
    with lock_file(tmp_path / "lock") as handle:
        assert try_lock(handle)
        child = os.fork()
        if not child:
            os.write(ready[1], b"x")
            os.read(done[0], 1)
            os._exit(0)
        os.read(ready[0], 1)
    with lock_file(tmp_path / "lock") as again:
        free = try_lock(again)
    os.write(done[1], b"x")
    os.waitpid(child, 0)
    assert free


def test_of_two_only_one_has_the_lock(tmp_path: Path) -> None:
    """Until it is released, which takes effect at once."""
    with lock_file(tmp_path / "lock") as one, lock_file(tmp_path / "lock") as other:
        assert try_lock(one)
        assert not try_lock(other)
        unlock(one)
        assert try_lock(other)
