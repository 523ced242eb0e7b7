"""`once` and `poll --once`, stopped at work: nothing that they held stays behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from monitor.poller import leases
from monitor.record.store.schema import sources
from monitor.record.store.upgrade import open_existing
from recwatch.configuration import load
from recwatch.runtime import contexts, polling
from recwatch.runtime.stopping import run_until_stopped, stop_signals
from tests.recwatch.conftest import ROOT, Program
from workers.queue import dispatcher as dispatching

STOPPED = 128 + signal.SIGTERM


@pytest.fixture(autouse=True)
def _tests_are_not_ended() -> Iterator[None]:
    """A stop that nobody handles fails the test, and not all of them."""

    def unheard(*_: object) -> None:
        raise AssertionError("nobody heard the stop")

    before = signal.signal(signal.SIGTERM, unheard)
    yield
    signal.signal(signal.SIGTERM, before)


def holder(program: Program) -> str | None:
    """Who has the lease of the only source."""
    with open_existing(f"sqlite:///{program.home}/recwatch.sqlite3") as store, store.read() as connection:
        return connection.scalars(select(sources.c.lease_holder)).one()


def stop() -> None:
    """Send the signal to this very process: its handler runs before the next line."""
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("verb", [("once",), ("poll", "--once")], ids=" ".join)
def test_a_stop_as_a_lease_is_given_back_leaves_no_lease(
    verb: tuple[str, ...], polled: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handler that raised there would end it half-way, and whoever comes next would wait for a minute."""
    release = leases.release

    def stopped(*arguments: Any) -> None:
        stop()
        release(*arguments)

    monkeypatch.setattr(leases, "release", stopped)
    assert polled(*verb).status == STOPPED
    assert holder(polled) is None


def test_poll_once_that_is_stopped_amid_a_fetch_leaves_no_lease(program: Program) -> None:
    """SIGTERM is what timers and `timeout` send; the next cycle begins at once."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/export.csv"
        program.config.write_text(
            program.config.read_text()
            .replace('path = "drop/"', f'url = "{url}"\nrobots = "ignore"')
            .replace("[http]", '[http]\nmin_interval = "0s"\nallow_private_networks = true')
        )
        command = [sys.executable, "-m", "recwatch", "poll", "--once"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(command, cwd=program.folder, env=environment) as running:
            asked = silent.accept()[0]
            asked.recv(1)
            running.terminate()
            assert running.wait(60) == STOPPED
            asked.close()
    assert holder(program) is None


def test_a_stop_that_meets_a_finalizer_is_not_lost(program: Program) -> None:
    """What is raised there, or in some imports, goes nowhere: a dispatcher would go on until it is killed."""

    class Finalized:
        def __del__(self) -> None:
            stop()

    with contexts.opened(load(program.config, program.home, secrets=True)) as (_, stopped):
        assert not stopped.is_set()
        Finalized()
        assert stopped.is_set()


def test_a_poller_hears_a_stop_that_comes_before_its_loop(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once more when its own handlers are in place."""
    make = polling.make_poller

    def stopped(*arguments: Any) -> Any:
        stop()
        return make(*arguments)

    monkeypatch.setattr(polling, "make_poller", stopped)
    assert program("poll").status == 0


@pytest.mark.parametrize("moment", ["Queue", "Store"])
def test_a_dispatcher_hears_a_stop_that_comes_before_its_loop(
    program: Program, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """While store and queue are opened it is kept, and heeded then."""
    made = getattr(contexts, moment)

    def stopped(*arguments: Any) -> Any:
        stop()
        return made(*arguments)

    def unheard(*_: Any) -> None:
        raise AssertionError("it dispatches although it was stopped")

    monkeypatch.setattr(contexts, moment, stopped)
    monkeypatch.setattr(dispatching, "dispatch_once", unheard)
    assert program("dispatch").status == 0


def test_a_stop_before_it_begins_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever moment it comes at, it is heard."""
    run, done = asyncio.run, []

    def stopped(main: Any) -> Any:
        stop()
        return run(main)

    async def work() -> None:
        await asyncio.sleep(0)
        done.append(1)

    monkeypatch.setattr(asyncio, "run", stopped)
    with pytest.raises(SystemExit) as ended:
        run_until_stopped(work())
    assert (ended.value.code, done) == (STOPPED, [])


def test_a_stop_as_it_ends_counts() -> None:
    """What follows it is not begun."""

    async def work() -> None:
        stop()

    with pytest.raises(SystemExit) as ended:
        run_until_stopped(work())
    assert ended.value.code == STOPPED


def test_handlers_are_as_before_afterwards_and_elsewhere_than_in_the_main_thread() -> None:
    """What comes next has its own; a thread may set none."""

    async def work() -> int:
        return 1

    before = signal.getsignal(signal.SIGTERM)
    assert run_until_stopped(work()) == 1
    assert signal.getsignal(signal.SIGTERM) is before
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(run_until_stopped(work())))
    thread.start()
    thread.join()
    assert results == [1]


def test_a_wait_for_a_stop_ends_with_it() -> None:
    """A signal that arrives amid the wait ends it; no lock is taken that the handler would wait for."""
    with stop_signals() as stopped:
        threading.Timer(0.05, stop).start()
        assert stopped.wait(60)
        assert stopped.status == STOPPED


def test_a_stop_ends_a_block_that_says_so_and_no_other() -> None:
    """Cleaning up around it goes on to its end."""
    with stop_signals() as stopped:
        with pytest.raises(SystemExit), stopped.ending():
            stop()
        stop()
        assert stopped.count == 2
