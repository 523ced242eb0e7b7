"""`recwatch work`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from recwatch.cli.setup import load, start_logging, verb_app
from recwatch.errors import Exit, Failure

if TYPE_CHECKING:
    from recwatch.configuration import Loaded

app = verb_app()


@app.command()
def work(
    ctx: typer.Context,
    queue: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="changes or a channel's name. Default: all.")
    ] = None,
    burst: Annotated[
        bool, typer.Option("--burst", help="Dispatch and work until nothing is due now, then exit.")
    ] = False,
) -> None:
    """Run workers: one process a queue. With --burst, the exit status is 1 only if a message went dead."""
    queues = tuple(dict.fromkeys(queue or ()))
    _check(queues)
    loaded = load(ctx, secrets=True)
    start_logging(ctx)
    if burst:
        _burst(loaded, queues)
    else:
        _keep_working(loaded, queues)


def _check(queues: Sequence[str]) -> None:
    from workers.queue.dispatcher import QUEUES

    for name in queues:
        if name not in QUEUES:
            raise Failure(f'there is no queue "{name}"; known: {", ".join(QUEUES)}', Exit.CONFIGURATION)


def _burst(loaded: "Loaded", queues: Sequence[str]) -> None:
    from recwatch.runtime.contexts import opened
    from workers.queue.burst import run_until_done
    from workers.queue.dispatcher import QUEUES

    with opened(loaded) as (context, stop), stop.ending():
        died = run_until_done(context, queues or QUEUES)
    if died:
        raise Failure("a message went dead; `recwatch deliveries --state dead` says why")


def _keep_working(loaded: "Loaded", queues: Sequence[str]) -> None:
    from recwatch.runtime import children
    from recwatch.runtime.contexts import served
    from recwatch.runtime.stopping import stop_signals
    from recwatch.runtime.supervisor import Supervisor

    # Signals first: a stop while the queue server starts must not leave it running.
    with stop_signals() as stop, served(loaded) as make:
        names = queues or loaded.configuration.queues_in_use()
        supervisor = Supervisor(children.workers(loaded, make, names))
        if not stop.is_set():
            supervisor.start()
            supervisor.run(stop)
