"""Stop signals: noted in one place, and passed on to whatever runs at that moment."""

import asyncio
import select
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn, TypeVar

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

_T = TypeVar("_T")


class Stop(threading.Event):
    """An event that is set by SIGTERM, SIGINT and SIGHUP. Only the main thread may wait for it.

    Not the library's own event inside: its lock may be held by the very code that a signal interrupts.
    """

    def __init__(self, reader: socket.socket) -> None:
        super().__init__()
        self.count = 0
        self._reader = reader
        self._signal = 0
        self._react: Callable[[], object] = _do_nothing

    @property
    def status(self) -> int:
        """The exit status of a process that such a signal ended."""
        return 128 + self._signal

    def is_set(self) -> bool:
        """Whether a stop was asked for."""
        return self.count > 0

    def wait(self, timeout: float | None = None) -> bool:
        """Return when a signal arrives, a child ends, or after this time; whether a stop was asked for."""
        if not self.is_set():
            self.wait_for_signal(timeout)
        return self.is_set()

    def wait_for_signal(self, timeout: float | None) -> None:
        """Likewise, also for a second stop after the first."""
        if select.select([self._reader], [], [], None if timeout is None else max(timeout, 0))[0]:
            self._reader.recv(4096)

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler."""
        self._signal = number
        self.count += 1
        self._react()

    @contextmanager
    def passed_to(self, react: Callable[[], object]) -> Iterator[None]:
        """Call this at a stop, at once if there was one already, for as long as the block runs."""
        before, self._react = self._react, react
        try:
            if self.is_set():
                react()
            yield
        finally:
            self._react = before

    def ending(self) -> "Any":
        """Within the block a stop is SystemExit; around it, cleaning up is never interrupted."""
        return self.passed_to(self._end)

    def _end(self) -> NoReturn:
        raise SystemExit(self.status)


def _do_nothing() -> None:
    """Nothing runs that has to be told."""


@contextmanager
def stop_signals() -> Iterator[Stop]:
    """Note stop signals for as long as one is inside; elsewhere than in the main thread none arrive."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    stop = Stop(reader)
    try:
        if threading.current_thread() is threading.main_thread():
            with _handlers(stop, writer):
                yield stop
        else:
            yield stop
    finally:
        reader.close()
        writer.close()


@contextmanager
def _handlers(stop: Stop, writer: socket.socket) -> Iterator[None]:
    before = {number: signal.signal(number, stop.handle) for number in STOP_SIGNALS}
    before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake who waits
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakeup)
        for number, handler in before.items():
            signal.signal(number, handler)


def run_until_stopped(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine; a stop cancels it, and is SystemExit once everything has been cleaned up.

    Raised where the signal arrives, an exception could end the clean-up half-way, and leave a lease behind.
    """
    with stop_signals() as stop:
        try:
            result = asyncio.run(_cancelled_at(stop, main))
        except asyncio.CancelledError:
            if not stop.is_set():
                raise
        else:
            if not stop.is_set():
                return result
        raise SystemExit(stop.status)


async def _cancelled_at(stop: Stop, main: Coroutine[Any, Any, _T]) -> _T:
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    with stop.passed_to(lambda: loop.call_soon_threadsafe(task.cancel)):
        return await main


def serve_until_stopped(stop: Stop, serve: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Run what serves until its event is set, which a stop does."""

    async def run() -> None:
        loop, event = asyncio.get_running_loop(), asyncio.Event()
        with stop.passed_to(lambda: loop.call_soon_threadsafe(event.set)):
            await serve(event)

    asyncio.run(run())
