"""Runs parts as child processes: restarts what dies, stops them in order."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from recwatch.runtime.processes import Wakeups, spawn

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds before a part that died is started again
_WELL_AFTER = 60.0  # seconds a part must have run for its next death to count as the first
_PATIENCE = 15.0  # seconds from the stop until what is still there is killed; each stage has its share

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Part:
    """One child process: what it is called, what it runs, and when it is stopped (0 first)."""

    name: str
    run: Callable[[], None]
    stage: int = 0


@dataclass(slots=True)
class _Child:
    part: Part
    pid: int | None = None
    started_at: float = 0.0
    wait: float = _FIRST_WAIT
    start_again_at: float = 0.0


class Supervisor:
    """The head's loop over its children. Single-threaded: it forks."""

    def __init__(self, parts: Sequence[Part], *, patience: float = _PATIENCE) -> None:
        self._children = [_Child(part) for part in parts]
        self._patience = patience

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the parts that run, by name."""
        return {child.part.name: child.pid for child in self._children if child.pid is not None}

    def start(self) -> None:
        """Start every part."""
        for child in self._children:
            self._start(child)

    def run(self, wakeups: Wakeups, first: Callable[[], None] = lambda: None) -> None:
        """Keep the parts running until a stop is asked for; then stop them.

        `first` is done while they run; should it fail, they are stopped in order, too.
        """
        try:
            first()
            while not wakeups.stops:
                wakeups.wait(self._care())
        finally:
            self.stop(wakeups)

    def stop(self, wakeups: Wakeups) -> None:
        """Stop stage after stage; what does not go in time is killed. A second wish to stop hurries.

        A stage that is late takes no time from those after it: what a worker is sending may only need a
        moment to be written down.
        """
        wishes, began = wakeups.stops, time.monotonic()
        stages = sorted({child.part.stage for child in self._children})
        for place, stage in enumerate(stages, start=1):
            children = [child for child in self._children if child.part.stage == stage]
            self._signal(children, signal.SIGTERM)
            awaited = children if place < len(stages) else self._children
            deadline = began + self._patience * place / len(stages)
            while self._alive(awaited) and time.monotonic() < deadline and wakeups.stops <= wishes:
                wakeups.wait(deadline - time.monotonic())
        self._kill(self._children)

    def _care(self) -> float:
        """Reap and restart; gives back how long nothing else has to be done."""
        now = time.monotonic()
        waits = [3600.0]
        for child in self._children:
            self._reap(child, now)
            if child.pid is None and child.start_again_at <= now:
                self._start(child)
            if child.pid is None:
                waits.append(max(child.start_again_at - now, 0.0))
        return min(waits)

    def _start(self, child: _Child) -> None:
        child.started_at = time.monotonic()
        try:
            child.pid = spawn(child.part.run, on_error=lambda error: _say_why(child.part, error))
        except OSError as error:  # no more processes, no more memory: that passes, and the others run on
            wait = self._put_off(child, child.started_at)
            why = error.strerror or str(error)
            _log.warning("a part cannot be started", part=child.part.name, reason=why, in_seconds=wait)

    def _reap(self, child: _Child, now: float) -> None:
        if child.pid is None:
            return
        pid, status = os.waitpid(child.pid, os.WNOHANG)
        if not pid:
            return
        child.pid = None
        if now - child.started_at >= _WELL_AFTER:
            child.wait = _FIRST_WAIT
        wait = self._put_off(child, now)
        _log.warning(
            "a part ended; it is started again",
            part=child.part.name,
            ended=_ended(status),
            in_seconds=wait,
        )

    def _put_off(self, child: _Child, now: float) -> float:
        """Start it after its wait, which is doubled for the next time; gives the wait in seconds."""
        wait = child.wait
        child.start_again_at = now + wait
        child.wait = min(wait * 2, _LONGEST_WAIT)
        return wait

    def _alive(self, children: Sequence[_Child]) -> bool:
        for child in children:
            if child.pid is not None and os.waitpid(child.pid, os.WNOHANG)[0]:
                child.pid = None
        return any(child.pid is not None for child in children)

    def _signal(self, children: Sequence[_Child], number: signal.Signals) -> None:
        for child in children:
            if child.pid is not None:
                os.kill(child.pid, number)

    def _kill(self, children: Sequence[_Child]) -> None:
        self._signal(children, signal.SIGKILL)
        for child in children:
            if child.pid is not None:
                _log.warning("a part did not stop in time and was killed", part=child.part.name)
                os.waitpid(child.pid, 0)
                child.pid = None


def _ended(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"status {code}"


def _say_why(part: Part, error: BaseException) -> None:
    from recwatch.errors import explain

    explained = explain(error) if isinstance(error, Exception) else None
    if explained:
        _log.error(explained[0], part=part.name)
    else:
        _log.error("unexpected error", part=part.name, exc_info=error)
