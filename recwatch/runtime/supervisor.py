"""Runs child processes: restarts those that die, stops them in order."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from recwatch.runtime.processes import spawn
from recwatch.runtime.stopping import Stop

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds before a child that died is started again
_WELL_AFTER = 60.0  # seconds a child must have run for its next death to count as the first
_PATIENCE = 15.0  # seconds from the stop until what still runs is killed; each stage has its share

_LOOK = 2.0  # seconds between two calls of `until`

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ChildProcess:
    """A child process: what it is called, what it runs, and when it is stopped (0 first)."""

    name: str
    run: Callable[[], None]
    stage: int = 0


@dataclass(slots=True)
class _Running:
    child: ChildProcess
    pid: int | None = None
    started_at: float = 0.0
    wait: float = _FIRST_WAIT
    start_again_at: float = 0.0


class Supervisor:
    """The main process's loop over its children. Single-threaded: it forks."""

    def __init__(self, children: Sequence[ChildProcess], *, patience: float = _PATIENCE) -> None:
        self._children = [_Running(child) for child in children]
        self._patience = patience

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the children that run, by name."""
        return {each.child.name: each.pid for each in self._children if each.pid is not None}

    def start(self) -> None:
        for each in self._children:
            self._start(each)

    def run(
        self,
        stop: Stop,
        first: Callable[[], None] = lambda: None,
        until: Callable[[], bool] = lambda: False,
    ) -> None:
        """Keep the children running until a stop is asked for, or `until` says so; then stop them.

        `first` is called while they run; if it fails, they are stopped in order, too.
        """
        try:
            first()
            while not stop.is_set() and not until():
                stop.wait(min(self._care(), _LOOK))
        finally:
            self.stop(stop)

    def stop(self, stop: Stop) -> None:
        """Stop stage after stage; what does not end in time is killed, at once at a second stop signal.

        A stage that is late takes no time from those after it: a worker may only need a moment to record
        what it has sent.
        """
        count, began = stop.count, time.monotonic()
        stages = sorted({each.child.stage for each in self._children})
        for place, stage in enumerate(stages, start=1):
            children = [each for each in self._children if each.child.stage == stage]
            self._signal(children, signal.SIGTERM)
            awaited = children if place < len(stages) else self._children
            deadline = began + self._patience * place / len(stages)
            while self._alive(awaited) and time.monotonic() < deadline and stop.count <= count:
                stop.wait_for_signal(deadline - time.monotonic())
        self._kill(self._children)

    def _care(self) -> float:
        """Reap and restart; gives back how many seconds nothing else has to be done."""
        now = time.monotonic()
        waits = [3600.0]
        for running in self._children:
            self._reap(running, now)
        if os.getpid() == 1:
            _reap_orphans()
        for running in self._children:
            if running.pid is None and running.start_again_at <= now:
                self._start(running)
            if running.pid is None:
                waits.append(max(running.start_again_at - now, 0.0))
        return min(waits)

    def _start(self, running: _Running) -> None:
        running.started_at = time.monotonic()
        try:
            running.pid = spawn(running.child.run, on_error=lambda error: _say_why(running.child, error))
        except OSError as error:  # no more processes, no more memory: that passes, and the others go on
            wait = self._put_off(running, running.started_at)
            why = error.strerror or str(error)
            _log.warning(
                "a child process cannot be started", child=running.child.name, reason=why, in_seconds=wait
            )

    def _reap(self, running: _Running, now: float) -> None:
        if running.pid is None:
            return
        pid, status = os.waitpid(running.pid, os.WNOHANG)
        if not pid:
            return
        running.pid = None
        if now - running.started_at >= _WELL_AFTER:
            running.wait = _FIRST_WAIT
        wait = self._put_off(running, now)
        _log.warning(
            "a child process ended; it is started again",
            child=running.child.name,
            ended=_ended(status),
            in_seconds=wait,
        )

    def _put_off(self, running: _Running, now: float) -> float:
        """Have it started after its wait, which doubles for the next time; gives back the wait in seconds."""
        wait = running.wait
        running.start_again_at = now + wait
        running.wait = min(wait * 2, _LONGEST_WAIT)
        return wait

    def _alive(self, children: Sequence[_Running]) -> bool:
        for running in children:
            if running.pid is not None and os.waitpid(running.pid, os.WNOHANG)[0]:
                running.pid = None
        return any(running.pid is not None for running in children)

    def _signal(self, children: Sequence[_Running], number: signal.Signals) -> None:
        for running in children:
            if running.pid is not None:
                os.kill(running.pid, number)

    def _kill(self, children: Sequence[_Running]) -> None:
        self._signal(children, signal.SIGKILL)
        for running in children:
            if running.pid is not None:
                _log.warning("a child process did not stop in time and was killed", child=running.child.name)
                os.waitpid(running.pid, 0)
                running.pid = None


def _reap_orphans() -> None:
    """As the first process of a container we inherit what others left: unreaped, it would fill the table."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _ended(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"status {code}"


def _say_why(child: ChildProcess, error: BaseException) -> None:
    from recwatch.errors import explain

    explained = explain(error) if isinstance(error, Exception) else None
    if explained:
        _log.error(explained[0], child=child.name)
    else:
        _log.error("unexpected error", child=child.name, exc_info=error)
