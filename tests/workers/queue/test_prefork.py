"""Spares: children that wait for a job, run one, and are gone with whoever forked them."""

import os
import signal
import time
from pathlib import Path

from tests.fakes.processes import lives, until
from workers.queue import prefork


def nothing() -> None:
    return None


def writes(path: Path) -> "prefork.PreforkedChild":
    return prefork.fork(nothing, lambda words: path.write_text(words))  # type: ignore[arg-type,return-value]


def test_a_spare_runs_the_job_that_it_is_given_and_ends(tmp_path: Path) -> None:
    """One job a child: what it did to itself is gone with it."""
    spare = writes(tmp_path / "out")
    assert spare.give("job_1 execution_1")
    assert os.waitstatus_to_exitcode(os.waitpid(spare.pid, 0)[1]) == 0
    assert (tmp_path / "out").read_text() == "job_1 execution_1"


def test_a_spare_that_was_killed_takes_no_job(tmp_path: Path) -> None:
    """Whoever has the job then runs it in another child."""
    spare = writes(tmp_path / "out")
    os.kill(spare.pid, signal.SIGKILL)
    until(lambda: not lives(spare.pid))
    assert not spare.give("job_1 execution_1")
    assert not (tmp_path / "out").exists()


def test_a_spare_that_is_let_go_is_gone(tmp_path: Path) -> None:
    """No process is left behind, and nothing was run."""
    spare = writes(tmp_path / "out")
    spare.discard()
    assert not lives(spare.pid)
    assert not (tmp_path / "out").exists()


def test_a_spare_that_hangs_as_it_warms_up_holds_nobody_up() -> None:
    """A store that does not answer must not keep a worker from stopping, or from its next session."""
    spare = prefork.fork(lambda: time.sleep(300), lambda _: None)
    began = time.monotonic()
    spare.discard()
    assert time.monotonic() - began < 60
    assert not lives(spare.pid)


def test_a_spare_dies_with_its_worker(tmp_path: Path) -> None:
    """A worker that is killed leaves nobody behind, not even who hangs while it warms up."""
    there, here = os.pipe()
    worker = os.fork()
    if not worker:
        spare = prefork.fork(signal.pause, lambda _: None)
        os.write(here, str(spare.pid).encode())
        signal.pause()
    pid = int(os.read(there, 20))
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    until(lambda: not lives(pid))


def test_a_warm_up_that_fails_costs_nothing_but_time(tmp_path: Path) -> None:
    """A store that is away when the spare is made may be back when there is a job."""

    def fails() -> None:
        raise OSError("away")

    spare = prefork.fork(fails, lambda words: (tmp_path / "out").write_text(words) and None)
    assert spare.give("job_1 execution_1")
    os.waitpid(spare.pid, 0)
    assert (tmp_path / "out").read_text() == "job_1 execution_1"


def test_a_job_that_a_spare_could_not_begin_counts_as_failed(tmp_path: Path) -> None:
    """Status 0 would say that it is done, and nobody would run it again before its heartbeat is missed."""

    def fails(_: str) -> None:
        raise OSError("the queue server is away")

    spare = prefork.fork(nothing, fails)
    assert spare.give("job_1 execution_1")
    assert os.waitstatus_to_exitcode(os.waitpid(spare.pid, 0)[1]) == 1


def test_a_stop_before_the_job_begins_is_a_wish_that_the_job_reads(tmp_path: Path) -> None:
    """It is not killed with a job in its hands, which would run again."""
    from workers.queue import stopping

    spare = prefork.fork(
        nothing, lambda _: (tmp_path / "out").write_text(str(stopping.asked.is_set())) and None
    )
    until(lambda: Path(f"/proc/{spare.pid}/status").read_text().find("SigCgt") and _catches(spare.pid))
    os.kill(spare.pid, signal.SIGTERM)
    assert spare.give("job_1 execution_1")
    os.waitpid(spare.pid, 0)
    assert (tmp_path / "out").read_text() == "True"


def _catches(pid: int) -> bool:
    """Whether a process has a handler for SIGTERM of its own already, and does not hold it back."""
    lines = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    bit = 1 << (signal.SIGTERM - 1)
    return bool(int(lines["SigCgt"], 16) & bit) and not int(lines["SigBlk"], 16) & bit
