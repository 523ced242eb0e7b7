"""The child processes of `up`, `work` and `poll`: what each runs."""

import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType

from recwatch.configuration import Loaded
from recwatch.runtime.supervisor import Part
from workers.context import Context

POLLER, DISPATCHER, WORKER = 0, 1, 2  # in the order in which they are stopped: first what makes work

Make = Callable[[], Context]


def workers(loaded: Loaded, make: Make, queues: Sequence[str], *, burst: bool = False) -> list[Part]:
    """Workers, as many a queue as [delivery] says."""
    counts = loaded.configuration.delivery.workers
    parts = []
    for queue in queues:
        number = getattr(counts, queue, 1)
        for index in range(number):
            name = f"worker {queue}" if number == 1 else f"worker {queue} {index + 1}"
            parts.append(Part(name, _worker(make, queue, burst), WORKER))
    return parts


def _worker(make: Make, queue: str, burst: bool) -> Callable[[], None]:
    def run() -> None:
        from workers.queue.rq_worker import work

        context = make()
        try:
            work(context, queue, burst)
        finally:
            close(context)

    return run


def dispatcher(make: Make) -> Part:
    """The loop that turns what is due into jobs."""

    def run() -> None:
        context = make()
        try:
            dispatch_until_stopped(context)
        finally:
            close(context)

    return Part("dispatcher", run, DISPATCHER)


def dispatch_until_stopped(context: Context) -> None:
    """Dispatch until SIGTERM, SIGINT or SIGHUP."""
    from workers.queue.dispatcher import run as dispatch

    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, ask)
    dispatch(context, stop)


def close(context: Context) -> None:
    """Let a process's connections go."""
    context.queue.close()
    context.store.close()
