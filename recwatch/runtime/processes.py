"""Child processes that end with their parent."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from monitor.record.process.lifeline import die_with
from recwatch.runtime.stopping import STOP_SIGNALS


def spawn(run: Callable[[], None], *, on_error: Callable[[BaseException], None]) -> int:
    """Fork a child that runs this and ends; gives back its process id.

    The child dies with its parent, has a process group of its own (Ctrl-C reaches the parent alone,
    which stops its children in order), and begins with the system's own signal handling. `on_error` is
    called in the child with what ended it early; its status is then 1.
    """
    parent = os.getpid()
    _flush()
    # A signal between the fork and the child's first line must not run the parent's handlers.
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
        os._exit(status)  # without the parent's clean-up: its locks and its queue server are its own


def _begin(parent: int) -> None:
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number in (*STOP_SIGNALS, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    die_with(parent)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # its reader is gone
            stream.flush()
