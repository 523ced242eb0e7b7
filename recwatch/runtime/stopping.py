"""A stop of what runs in one process and in one go: it is cancelled, and cleans up after itself."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from recwatch.runtime.processes import STOP_SIGNALS

_T = TypeVar("_T")


def run_until_stopped(main: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine; a stop cancels it, and is SystemExit once everything has been cleaned up.

    Raised where the signal finds us, an exception could end the clean-up half-way, and leave a lease behind.
    """
    stop = _Stop()
    with _handled(stop.ask):
        try:
            result = asyncio.run(stop.watch(main))
        except asyncio.CancelledError:
            if not stop.asked:
                raise
        else:
            if not stop.asked:
                return result
    raise SystemExit(128 + stop.asked)


def _nobody() -> None:
    """Nothing runs that could be cancelled."""


class _Stop:
    """What was asked for, and whom it cancels."""

    def __init__(self) -> None:
        self.asked = 0
        self._cancel: Callable[[], object] = _nobody

    def ask(self, number: int, _frame: FrameType | None) -> None:
        self.asked = number
        self._cancel()

    async def watch(self, main: Coroutine[Any, Any, _T]) -> _T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self.asked:
            self._cancel()
        try:
            return await main
        finally:
            self._cancel = _nobody


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Have stops handled in this way; elsewhere than in the main thread nobody may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
