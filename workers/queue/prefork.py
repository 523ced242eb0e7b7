"""A child that is forked before there is a job for it, and has warmed up by the time there is one.

A job that tells of one change takes a few milliseconds of work; making a process ready for it (copied pages,
connections, first statements) takes five times that. A spare does so while nothing waits for it. It runs one
job and ends, as any child of a worker does: what hangs or grows, hangs and grows alone.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from monitor.record.process.lifeline import die_with
from workers.queue import stopping

_STOPS = {signal.SIGINT, signal.SIGTERM}


@dataclass(slots=True)
class PreforkedChild:
    """A waiting child of this process; `discard` it, or give it a job."""

    pid: int
    _line: int = field(repr=False)  # a pipe's end; the child ends when it is closed, however that happens

    def give(self, words: str) -> bool:
        """Have it run a job; False where it is gone, and somebody else has to."""
        try:
            gone = os.waitpid(self.pid, os.WNOHANG)[0] != 0
        except ChildProcessError:
            gone = True
        if not gone:
            try:
                os.write(self._line, words.encode())
            except BrokenPipeError:
                os.waitpid(self.pid, 0)
                gone = True
        os.close(self._line)
        return not gone

    def discard(self) -> None:
        """It is not needed any more. Killed: it has no job, and may wait for a store that is away."""
        os.close(self._line)
        with suppress(ChildProcessError):
            if not os.waitpid(self.pid, os.WNOHANG)[0]:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)


def fork(warm_up: Callable[[], None], run: Callable[[str], None]) -> PreforkedChild:
    """Fork a spare: it warms up, waits for words, runs them, and ends."""
    parent = os.getpid()
    there, here = os.pipe()
    # A stop that comes now must not meet the parent's handlers in the child.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(there)
        return PreforkedChild(pid, here)
    status = 1  # a job that it was given and did not begin is seen to be undone, and is run again at once
    try:
        os.setpgrp()
        os.close(here)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # A stop may come when it has its job and has not begun it: a wish that the job reads.
        signal.signal(signal.SIGTERM, lambda _signum, _frame: stopping.asked.set())
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        die_with(parent)
        with suppress(Exception):  # a job without a warm-up is slower and nothing else
            warm_up()
        if words := os.read(there, 1024).decode():
            run(words)
        status = 0
    finally:
        os._exit(status)
