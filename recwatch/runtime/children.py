"""The child processes of `up` and `work`: what each runs."""

from collections.abc import Callable, Sequence

from recwatch.configuration import Loaded
from recwatch.runtime.contexts import Make, made
from recwatch.runtime.stopping import stop_signals
from recwatch.runtime.supervisor import ChildProcess

POLLER, DISPATCHER, WORKER = 0, 1, 2  # in the order in which they are stopped: first what makes work


def workers(loaded: Loaded, make: Make, queues: Sequence[str]) -> list[ChildProcess]:
    """Workers, as many a queue as [delivery] says."""
    counts = loaded.configuration.delivery.workers
    children = []
    for queue in queues:
        number = getattr(counts, queue, 1)
        for index in range(number):
            name = f"worker {queue}" if number == 1 else f"worker {queue} {index + 1}"
            children.append(ChildProcess(name, _worker(make, queue), WORKER))
    return children


def _worker(make: Make, queue: str) -> Callable[[], None]:
    def run() -> None:
        from workers.queue.work_loop import work

        with made(make) as context:
            work(context, queue, burst=False)

    return run


def dispatcher(make: Make) -> ChildProcess:
    """The loop that turns what is due into jobs."""

    def run() -> None:
        from workers.queue.dispatcher import run as dispatch

        with stop_signals() as stop, made(make) as context:
            dispatch(context, stop)

    return ChildProcess("dispatcher", run, DISPATCHER)
