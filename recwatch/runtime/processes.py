"""Child processes that end with their parent, and signals that wake a loop."""

import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from monitor.record.lifeline import die_with

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def spawn(run: Callable[[], None], *, on_error: Callable[[BaseException], None]) -> int:
    """Fork a child that runs this and ends; gives back its process id.

    The child dies with its parent, has a process group of its own (Ctrl-C reaches the parent alone,
    which stops its children in order), and begins with the system's own signal handling. `on_error` is
    told in the child of what ended it early; its status is then 1.
    """
    parent = os.getpid()
    _flush()
    # A signal that comes between the fork and the child's first line must not meet the parent's handlers.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    pid = os.fork()
    if pid:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return pid
    status = 1
    try:
        _begin(parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        run()
        status = 0
    except BaseException as error:  # noqa: BLE001 - whatever it was, the child ends here
        on_error(error)
    finally:
        _flush()
        os._exit(status)  # not the parent's clean-up: its locks and its queue server are its own


def _begin(parent: int) -> None:
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (*STOP_SIGNALS, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    die_with(parent)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # whoever read it is gone
            stream.flush()


class Wakeups:
    """Signals as something to wait for: a stop that was asked for, a child that ended."""

    def __init__(self, reader: socket.socket) -> None:
        self._reader = reader
        self.stops = 0

    def stop_was_asked(self) -> bool:
        """Whether a stop has come by now."""
        self.wait(0)
        return self.stops > 0

    def wait(self, seconds: float) -> None:
        """Return when a signal came, or after this time."""
        ready, _, _ = select.select([self._reader], [], [], max(seconds, 0))
        if not ready:
            return
        received = self._reader.recv(4096)
        self.stops += sum(number in STOP_SIGNALS for number in received)


@contextmanager
def wakeups() -> Iterator[Wakeups]:
    """Turn SIGTERM, SIGINT, SIGHUP and SIGCHLD into wake-ups for as long as one is inside."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    numbers = (*STOP_SIGNALS, signal.SIGCHLD)
    handlers = {number: signal.signal(number, _nothing) for number in numbers}
    previous = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield Wakeups(reader)
    finally:
        signal.set_wakeup_fd(previous)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        reader.close()
        writer.close()


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """The wake-up descriptor has the number already."""
