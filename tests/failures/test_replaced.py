"""A store that is deleted, or replaced by a copy, under a running `up`."""

import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitor.record.store.store import FILE
from tests.fakes import processes
from tests.recwatch.conftest import AFTER, BEFORE, Program
from tests.recwatch.runtime.test_up import Up, up
from tests.recwatch.verbs.test_doing import dated, save

PATIENCE = 60  # seconds for what takes one on an idle machine
pytestmark = pytest.mark.timeout(300)  # many processes on a machine that may be busy


def said_by_all(running: Up, words: str) -> bool:
    """By the dispatcher and the poller, in a line each."""
    lines = [line for line in running.err.splitlines() if words in line]
    parts = ("nothing can be dispatched", "nothing can be stored")
    return all(any(part in line for line in lines) for part in parts)


def baseline_and_copy(program: Program, running: Up) -> Path:
    """Have the first page read, and copy the store as one is told to."""
    copy = program.folder / "copy"
    running.await_ready()
    save(program, "one.csv", dated(BEFORE, 1))
    processes.until(lambda: "outcome=baseline" in running.err, PATIENCE)
    with closing(sqlite3.connect(program.home / FILE)) as connection:
        connection.execute("VACUUM INTO ?", [str(copy)])
    return copy


def test_up_notices_that_its_store_is_gone_and_goes_on_with_a_copy(program: Program) -> None:
    """Said at once, with what to do; parts that are started meanwhile make no empty one; changes are told."""
    store = program.home / FILE
    with up(program) as running:
        copy = baseline_and_copy(program, running)
        save(program, "two.csv", dated(AFTER, 2))
        processes.until(lambda: running.out.count("· subscription harbor ·") == 2, PATIENCE)
        store.unlink()
        processes.until(lambda: said_by_all(running, f"the store at {store} is gone: put it back"), PATIENCE)
        for pid in running.children():
            os.kill(pid, signal.SIGKILL)
        processes.until(lambda: running.err.count("nothing can be stored") == 2, PATIENCE)
        assert not store.exists()
        shutil.copy(copy, store)
        # The copy knows nothing of the second page, which is read again.
        processes.until(lambda: running.out.count("· subscription harbor ·") == 4, PATIENCE)
        assert running.stop() == 0
    assert "Traceback" not in running.err


def test_up_turns_to_a_copy_that_is_put_in_its_stores_place(program: Program) -> None:
    """A line says so; nothing of what came after is lost when it is started again."""
    store = program.home / FILE
    with up(program) as running:
        copy = baseline_and_copy(program, running)
        copy.replace(store)
        # By whichever of its parts begins the next transaction; each process says it to itself once.
        processes.until(lambda: f"the store at {store} was replaced" in running.err, PATIENCE)
        save(program, "two.csv", dated(AFTER, 2))
        processes.until(lambda: running.out.count("· subscription harbor ·") == 2, PATIENCE)
        assert running.stop() == 0
    assert "Traceback" not in running.err
    deliveries = program.apart("deliveries", "--state", "sent")
    assert deliveries.out.count("harbor") == 2
