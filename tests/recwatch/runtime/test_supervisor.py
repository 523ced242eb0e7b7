"""Children are restarted when they die, stopped in order, and gone when their parent is."""

import errno
import itertools
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from monitor.poller import Poller
from monitor.poller.leases import claim
from monitor.record.queue.client import Queue
from monitor.record.store.store import Store, store_url
from recwatch.configuration import load
from recwatch.runtime import children, polling
from recwatch.runtime import supervisor as supervisors
from recwatch.runtime.processes import spawn
from recwatch.runtime.stopping import Stop, stop_signals
from recwatch.runtime.supervisor import ChildProcess, Supervisor
from tests.fakes import processes
from tests.recwatch.conftest import Program
from workers.context import Context

MAIN = f"""
import sys, time
sys.path.insert(0, {str(processes.ROOT)!r})
from recwatch.runtime.processes import spawn
pid = spawn(lambda: time.sleep(60), on_error=lambda error: None)
print(pid, flush=True)
time.sleep(60)
"""


def never() -> NoReturn:
    """Nothing is run: no context is made."""
    raise AssertionError


def log(path: Path, line: str) -> None:
    """Add a line in one write: several processes do."""
    with path.open("a") as file:
        file.write(f"{line}\n")


def lines(path: Path) -> list[str]:
    """What was logged so far."""
    return path.read_text().splitlines() if path.exists() else []


def waiting_child(path: Path, name: str, stage: int, *, deaf: bool = False) -> ChildProcess:
    """A child process that says when it starts and when it is told to stop; a deaf one is told in vain."""

    def run() -> None:
        asked = []
        signal.signal(signal.SIGTERM, lambda *_: log(path, f"{name} deaf") if deaf else asked.append(1))
        log(path, f"{name} started")
        while not asked:
            time.sleep(0.005)  # not signal.pause: a signal that comes just before it would be slept over
        log(path, f"{name} stopped")

    return ChildProcess(name, run, stage)


def run_until(condition: object, supervisor: Supervisor, stop: Stop) -> None:
    """Run the loop of `Supervisor.run`, a step at a time, until something holds."""
    deadline = time.monotonic() + processes.PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        stop.wait_for_signal(min(supervisor._care(), 0.05))


def test_a_child_that_dies_is_started_again_after_a_wait_that_doubles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 s, 2 s, 4 s … by default; here in hundredths."""
    monkeypatch.setattr(supervisors, "_FIRST_WAIT", 0.05)
    path = tmp_path / "log"
    supervisor = Supervisor([ChildProcess("short", lambda: log(path, f"{time.monotonic()}"))])
    supervisor._children[0].wait = 0.05
    with stop_signals() as stop:
        supervisor.start()
        run_until(lambda: len(lines(path)) >= 4, supervisor, stop)
        supervisor.stop(stop)
    times = [float(line) for line in lines(path)]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert [gap >= wait for gap, wait in zip(gaps, (0.05, 0.1, 0.2), strict=False)] == [True] * 3


def test_the_wait_ends_at_its_longest_and_starts_anew_after_a_while_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A minute at most; a child process that ran for a minute is forgiven."""
    child = supervisors._Running(ChildProcess("x", lambda: None), wait=supervisors._LONGEST_WAIT)
    supervisor = Supervisor([])
    for ran, expected in ((1.0, 60.0), (61.0, 2.0)):
        child.pid = spawn(lambda: None, on_error=lambda _: None)
        child.started_at = time.monotonic() - ran
        processes.until(lambda: not processes.lives(child.pid or 0))
        supervisor._reap(child, time.monotonic())
        assert child.wait == expected


def test_a_child_that_cannot_be_started_now_is_started_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process to be had: the others go on, and it is tried again after a while."""
    path = tmp_path / "log"
    refusals = [OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))] * 2

    def sometimes(run: Callable[[], None], *, on_error: Callable[[BaseException], None]) -> int:
        if refusals:
            raise refusals.pop()
        return spawn(run, on_error=on_error)

    monkeypatch.setattr(supervisors, "spawn", sometimes)
    supervisor = Supervisor([waiting_child(path, "late", 0)])
    supervisor._children[0].wait = 0.05
    with stop_signals() as stop, capture_logs() as said:
        supervisor.start()
        run_until(lambda: lines(path), supervisor, stop)
        supervisor.stop(stop)
    assert [(one["event"], one["in_seconds"]) for one in said] == [
        ("a child process cannot be started", 0.05),
        ("a child process cannot be started", 0.1),
    ]
    assert said[0]["reason"] == os.strerror(errno.EAGAIN)


def test_what_makes_work_is_stopped_before_what_does_it(program: Program) -> None:
    """The poller, then the dispatcher, then the workers: nothing is begun that nobody would finish."""
    loaded = load(program.config, program.home, secrets=True)
    made = [
        *children.workers(loaded, never, loaded.configuration.queues_in_use()),
        polling.poller(loaded, never),
        children.dispatcher(never),
    ]
    in_order = [child.name for child in sorted(made, key=lambda child: child.stage)]
    assert in_order == ["poller", "dispatcher", "worker changes", "worker console"]


def test_a_poller_that_is_started_again_has_the_leases_of_the_one_that_was_killed(
    polled: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody else can have them, and a source would wait for a minute; another `up` has its own."""
    loaded = load(polled.config, polled.home, secrets=True)
    claims: list[bool] = []

    async def killed(poller: Poller, _stop: object) -> None:
        claims.append(bool(claim(poller.store, "lamps", poller.holder, datetime.now(UTC))))

    monkeypatch.setattr(polling, "run", killed)
    with (
        Store(store_url(loaded.configuration, loaded.home)) as store,
        Queue("redis://127.0.0.1:1/0") as queue,
    ):

        def make() -> Context:
            return Context(loaded.configuration, loaded.home, store, queue)

        child = polling.poller(loaded, make)
        child.run()
        child.run()
        polling.poller(loaded, make).run()
    assert claims == [True, True, False]


def test_parts_are_stopped_stage_after_stage(tmp_path: Path) -> None:
    """First what makes work, last what does it: the next stage is told when the one before is gone."""
    path = tmp_path / "log"
    made = [
        waiting_child(path, name, stage) for name, stage in (("worker", 2), ("poller", 0), ("dispatcher", 1))
    ]
    supervisor = Supervisor(made)
    with stop_signals() as stop:
        supervisor.start()
        run_until(lambda: len(lines(path)) == 3, supervisor, stop)
        supervisor.stop(stop)
    assert lines(path)[3:] == ["poller stopped", "dispatcher stopped", "worker stopped"]
    assert supervisor.pids == {}


def test_what_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    """Its time over, it is gone, and so is everything after it."""
    path = tmp_path / "log"
    supervisor = Supervisor(
        [waiting_child(path, "deaf", 0, deaf=True), waiting_child(path, "next", 1)], patience=0.3
    )
    with stop_signals() as stop:
        supervisor.start()
        run_until(lambda: len(lines(path)) == 2, supervisor, stop)
        pids = list(supervisor.pids.values())
        supervisor.stop(stop)
    assert not any(processes.lives(pid) for pid in pids)


def test_a_stage_that_does_not_stop_leaves_the_others_their_time(tmp_path: Path) -> None:
    """A poller that waits for a name server must not have the workers killed amid what they send."""
    path = tmp_path / "log"

    def slow() -> None:
        asked = []
        signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
        log(path, "worker started")
        while not asked:
            time.sleep(0.005)
        time.sleep(0.5)
        log(path, "worker done")

    supervisor = Supervisor(
        [waiting_child(path, "poller", 0, deaf=True), ChildProcess("worker", slow, 2)], patience=8
    )
    with stop_signals() as stop, capture_logs() as said:
        supervisor.start()
        run_until(lambda: len(lines(path)) == 2, supervisor, stop)
        supervisor.stop(stop)
    assert lines(path)[-1] == "worker done"
    assert [one["child"] for one in said] == ["poller"]
    assert supervisor.pids == {}


def test_a_second_wish_to_stop_hurries(tmp_path: Path) -> None:
    """Who presses Ctrl-C twice doesn't want to wait for the rest of 15 s; here of 120."""
    path = tmp_path / "log"
    supervisor = Supervisor([waiting_child(path, "deaf", 0, deaf=True)], patience=120)
    with stop_signals() as stop:
        supervisor.start()
        run_until(lambda: lines(path), supervisor, stop)

        def press() -> None:
            processes.until(lambda: "deaf deaf" in lines(path))
            os.kill(os.getppid(), signal.SIGINT)

        presser = spawn(press, on_error=lambda _: None)
        began = time.monotonic()
        supervisor.stop(stop)
        assert time.monotonic() - began < 60
        os.waitpid(presser, 0)


def test_an_error_while_the_parts_run_stops_them_in_order(tmp_path: Path) -> None:
    """Killed with their parent, they would leave what they were sending unknown."""
    path = tmp_path / "log"
    supervisor = Supervisor([waiting_child(path, "worker", 2)])

    def fail() -> None:
        processes.until(lambda: lines(path))
        raise ArithmeticError

    with stop_signals() as stop:
        supervisor.start()
        with pytest.raises(ArithmeticError):
            supervisor.run(stop, fail)
    assert lines(path) == ["worker started", "worker stopped"]


def test_a_child_is_started_although_nobody_reads_what_we_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`up | tee log`, and tee was killed: what then dies has to be started again all the same."""
    path = tmp_path / "log"
    there, here = os.pipe()
    os.close(there)
    with suppress(BrokenPipeError), os.fdopen(here, "w") as closed:
        closed.write("never read")
        monkeypatch.setattr(sys, "stderr", closed)
        pid = spawn(lambda: log(path, "started"), on_error=lambda _: None)
        monkeypatch.undo()
        os.waitpid(pid, 0)
    assert lines(path) == ["started"]


def test_an_error_in_a_child_is_told_and_ends_it_with_status_1(tmp_path: Path) -> None:
    """It never unwinds the parent's frames: locks and servers there are the parent's."""
    path = tmp_path / "log"
    try:
        pid = spawn(lambda: 1 / 0, on_error=lambda error: log(path, type(error).__name__))  # type: ignore[arg-type, return-value]
    finally:
        log(path, f"unwound in {os.getpid()}")
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 1
    assert sorted(lines(path)) == ["ZeroDivisionError", f"unwound in {os.getpid()}"]


def test_a_child_is_in_a_group_of_its_own() -> None:
    """Ctrl-C is sent to the terminal's group: it reaches the main process alone."""
    reader, writer = os.pipe()
    pid = spawn(lambda: os.write(writer, str(os.getpgid(0)).encode()) and None, on_error=lambda _: None)  # type: ignore[func-returns-value]
    os.waitpid(pid, 0)
    assert int(os.read(reader, 20)) == pid != os.getpgid(0)
    os.close(reader)
    os.close(writer)


def test_children_die_with_their_parent_whatever_way_it_went() -> None:
    """kill -9 of the main process leaves no child."""
    with processes.running(MAIN) as main:
        child = int(processes.line(main))
        assert processes.lives(child)
        os.kill(main.pid, signal.SIGKILL)
        processes.until(lambda: not processes.lives(child))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the watcher is what runs anyway")
def test_where_the_kernel_does_not_help_a_watcher_does() -> None:
    """Without PR_SET_PDEATHSIG (macOS), a thread looks whether the parent is there."""
    code = MAIN.replace(
        "from recwatch.runtime.processes import spawn",
        "from monitor.record.process import lifeline; lifeline._libc = None\n"
        "from recwatch.runtime.processes import spawn",
    )
    with processes.running(code) as main:
        child = int(processes.line(main))
        os.kill(main.pid, signal.SIGKILL)
        processes.until(lambda: not processes.lives(child))
