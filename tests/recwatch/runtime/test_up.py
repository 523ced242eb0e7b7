"""`recwatch up`, with real processes: ready soon, one a home, nothing left behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from monitor.record.process import file_locks
from monitor.record.store.store import StoreError
from recwatch.configuration import load
from recwatch.runtime import main_process
from recwatch.runtime.processes import spawn
from tests.fakes import processes
from tests.recwatch.conftest import AFTER, BEFORE, ROOT, Program
from tests.recwatch.verbs.test_doing import dated, save


@dataclass
class Up:
    """A running `recwatch up`, its output in files."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    seen: set[int] = field(default_factory=set)

    @property
    def out(self) -> str:
        return (self.folder / "up.out").read_text()

    @property
    def err(self) -> str:
        return (self.folder / "up.err").read_text()

    def children(self) -> set[int]:
        """The children that run now."""
        done = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        found = {int(pid) for pid in done.stdout.split()}
        self.seen |= found
        return found

    def await_ready(self) -> float:
        """Wait for the line that says so; how long that took."""
        return processes.until(lambda: "event=ready" in self.err)

    def await_told(self, times: int) -> None:
        """Wait until the console was told so often; fails with what the children said meanwhile."""
        try:
            processes.until(lambda: self.out.count("· subscription harbor ·") == times)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.out}\n{self.err}") from None

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; its status."""
        self.children()
        self.process.send_signal(number)
        return self.process.wait(processes.PATIENCE)

    def nothing_is_left(self) -> bool:
        """Whether every part that was ever seen is gone."""
        return not any(processes.lives(pid) for pid in self.seen)


@contextmanager
def up(program: Program, verb: str = "up") -> Iterator[Up]:
    """Start `recwatch up` in a session of its own; ended at the end whatever happens."""
    (program.folder / "up.err").write_text("")
    with (program.folder / "up.out").open("ab") as out, (program.folder / "up.err").open("ab") as err:
        process = subprocess.Popen(
            [sys.executable, "-m", "recwatch", verb],
            cwd=program.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    running = Up(process, program.folder)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.terminate()  # so that its queue server goes with it
        with suppress(subprocess.TimeoutExpired):
            process.wait(processes.PATIENCE)
        process.kill()
        process.wait()
        processes.until(running.nothing_is_left)


def test_a_change_that_is_saved_into_the_folder_is_shown_within_seconds(program: Program) -> None:
    """From the file to the console, through the real poller, queue server and workers."""
    with up(program) as running:
        running.await_ready()
        save(program, "one.csv", dated(BEFORE, 1))
        processes.until(lambda: "outcome=baseline" in running.err)
        save(program, "two.csv", dated(AFTER, 2))
        running.await_told(2)
        assert running.stop() == 0
        assert running.nothing_is_left()
    assert {row["state"] for row in program("deliveries", "--json").rows} == {"sent"}


def test_ready_is_said_in_one_line_with_what_is_covered(polled: Program) -> None:
    """How much is open, who will hear of what, where everything is kept."""
    with up(polled) as running:
        running.await_ready()
        line = next(line for line in running.err.splitlines() if "event=ready" in line)
    assert 'covered="5 open; harbor will hear of 4, 2 of them priority"' in line
    assert str(polled.home) in line


def test_a_store_that_is_away_as_ready_is_to_be_said_ends_nothing(
    polled: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The children run by then, and wait until it is back; they must not be killed for a line in the log."""

    def away(*_: object) -> NoReturn:
        raise StoreError("the store is away")

    monkeypatch.setattr(main_process, "coverage_now", away)
    with capture_logs() as said:
        main_process._log_ready(load(polled.config, polled.home, secrets=True))
    assert [one["event"] for one in said] == ["the store is away"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_leaves_no_process_and_no_lock(number: signal.Signals, polled: Program) -> None:
    """Whatever way it is asked, it ends with 0 in a few seconds, and can be started again at once."""
    with up(polled) as running:
        running.await_ready()
        assert len(running.children()) == 4  # poller, dispatcher, workers of the changes and the console
        assert running.stop(number) == 0
        assert running.nothing_is_left()
    assert not (polled.home / "queue" / "queue.sock").exists()
    with up(polled) as running:
        running.await_ready()
        assert running.stop() == 0
    assert "Traceback" not in running.err


def test_ctrl_c_in_a_terminal_stops_in_order(polled: Program) -> None:
    """The terminal sends the signal to the whole group; the children are in groups of their own."""
    with up(polled) as running:
        running.await_ready()
        running.children()
        os.killpg(running.process.pid, signal.SIGINT)
        assert running.process.wait(processes.PATIENCE) == 0
        assert running.nothing_is_left()
    assert "killed" not in running.err
    assert "Traceback" not in running.err


def test_starting_again_goes_on_where_it_was(program: Program) -> None:
    """What was read is not read again, what was told is not told again; what came meanwhile is."""
    save(program, "one.csv", dated(BEFORE, 1))
    save(program, "two.csv", dated(AFTER, 2))
    with up(program) as running:
        running.await_told(2)
        assert running.stop() == 0
    third = [AFTER[0].but(narrative="The lamps burn."), *AFTER[1:]]
    save(program, "three.csv", dated(third, 3))
    with up(program) as running:
        running.await_told(3)
        assert running.stop() == 0
    assert running.out.count("· subscription harbor ·") == 3


def test_a_second_up_on_the_same_home_says_so_and_exits_1(polled: Program) -> None:
    """And does the first one no harm; on another home it may run."""
    with up(polled) as running:
        running.await_ready()
        second = polled.apart("up")
        assert (second.status, second.out) == (1, "")
        assert f"recwatch is up already on {polled.home} (process {running.process.pid})" in second.err
        assert len(running.children()) == 4
        assert running.stop() == 0


def test_a_part_that_is_killed_is_started_again(polled: Program) -> None:
    """Each in its turn, and deliveries go on."""
    with up(polled) as running:
        running.await_ready()
        processes.until(lambda: len(running.children()) == 4)
        before = running.children()
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        processes.until(lambda: len(running.children() - before) == 4)
        third = [AFTER[0].but(narrative="The lamps burn."), *AFTER[1:]]
        save(polled, "three.csv", dated(third, 3))
        processes.until(lambda: "The lamps burn." in running.out.replace("{+", "").replace("+}", ""))
        assert running.stop() == 0
    assert running.err.count("a child process ended; it is started again") == 4


def test_kill_of_the_head_ends_everything_and_the_next_up_takes_over(polled: Program) -> None:
    """No child outlives it, its lock is free, and the queue server it left is used again and stopped."""
    with up(polled) as running:
        running.await_ready()
        running.children()
        running.process.kill()
        running.process.wait()
        processes.until(running.nothing_is_left)
    server = int((polled.home / "queue" / "queue.pid").read_text())
    assert processes.lives(server)
    with up(polled) as running:
        running.await_ready()
        assert int((polled.home / "queue" / "queue.pid").read_text()) == server
        assert running.stop() == 0
    processes.until(lambda: not processes.lives(server))


def test_a_source_that_cannot_be_reached_is_one_line_and_the_folder_is_read(program: Program) -> None:
    """That it could not be reached, when it is tried again, where to put a saved page; and up goes on."""
    program.config.write_text(
        program.config.read_text()
        .replace('path = "drop/"', 'path = "drop/"\nurl = "http://127.0.0.1:9/export.csv"')
        .replace("[http]", '[http]\nmin_interval = "0s"\nallow_private_networks = true')
    )
    with up(program) as running:
        processes.until(lambda: "could not be reached" in running.err)
        line = next(line for line in running.err.splitlines() if "could not be reached" in line)
        assert f"save it in {program.drop}" in line
        assert "Next try " in line
        save(program, "one.csv", dated(BEFORE, 1))
        processes.until(lambda: "outcome=baseline" in running.err)
        assert running.err.count("could not be reached") == 1
        assert running.stop() == 0


def test_a_bad_configuration_is_said_before_anything_is_started(program: Program) -> None:
    """Exit 2, no home, no store, no queue server."""
    program.config.write_text("[gate]\nmax_vanishd = 1\n")
    answer = program.apart("up")
    assert answer.status == 2
    assert 'did you mean "max_vanished"?' in answer.err
    assert not program.home.exists()


def test_a_stop_while_it_starts_is_heeded(polled: Program) -> None:
    """A signal that comes before the children run is not lost."""
    for wait in ("queue.pid", "up.lock"):
        with up(polled) as running:
            processes.until(lambda name=wait: list(polled.home.rglob(name)))  # type: ignore[misc]
            with suppress(ProcessLookupError):
                running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(processes.PATIENCE) in (0, -signal.SIGTERM)
            processes.until(running.nothing_is_left)


def test_up_is_ready_within_three_seconds(polled: Program) -> None:
    """At one of several tries, and of a machine that does nothing else."""
    times: list[float] = []
    while len(times) < 8 and min(times, default=3) >= 3:
        slowness = processes.slowness()
        with up(polled) as running:
            times.append(running.await_ready() / slowness)
            assert running.stop() == 0
    assert min(times) < 3, json.dumps(times)


@pytest.mark.parametrize("verb", ["poll", "dispatch", "work"])
def test_each_part_on_its_own_stops_cleanly(verb: str, polled: Program) -> None:
    """As in the Procfile: SIGTERM ends it, and the last to leave stops the queue server."""
    with up(polled, verb=verb) as running:
        processes.until(lambda: (polled.home / "queue" / "queue.pid").exists())
        server = int((polled.home / "queue" / "queue.pid").read_text())
        assert running.stop() in (0, 128 + signal.SIGTERM)  # the latter while it was still starting
        assert running.nothing_is_left()
    processes.until(lambda: not processes.lives(server))


def test_no_child_keeps_the_homes_lock(tmp_path: Path) -> None:
    """A copy in a child that outlives the main process would keep the next `up` out."""
    with main_process._only_up(tmp_path):
        (handle,) = file_locks._open
        pid = spawn(lambda: os.fstat(handle) and None, on_error=lambda _: None)  # type: ignore[func-returns-value]
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1  # it is closed there
        reader, writer = os.pipe()
        child = spawn(lambda: bool(os.read(reader, 1)) and None, on_error=lambda _: None)  # type: ignore[func-returns-value]
    with main_process._only_up(tmp_path):  # free, though the child lives
        assert processes.lives(child)
    os.write(writer, b"x")
    os.waitpid(child, 0)
    os.close(reader)
    os.close(writer)
