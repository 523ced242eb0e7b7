"""The head of `up`: holds the home's lock, opens everything in order, and stops it the other way round."""

import fcntl
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

import structlog

from monitor.record.queue.client import QueueError
from monitor.record.settings import Subscription
from monitor.record.store.store import StoreError, store_url
from monitor.record.store.upgrade import open_existing
from recwatch.configuration import Loaded
from recwatch.configuration.operators import EVICTING_ADVICE, UNSEEN, evicting, nobody_sees
from recwatch.errors import Failure
from recwatch.queries.coverage import in_words, look
from recwatch.queries.status import paused
from recwatch.runtime import children
from recwatch.runtime.contexts import make_home, served
from recwatch.runtime.polling import poller
from recwatch.runtime.processes import wakeups
from recwatch.runtime.supervisor import Supervisor

LOCK = "up.lock"
# What the children use, imported once here: after the fork each of them would pay for it.
_PRELOADED = ("monitor.poller", "workers.queue.dispatcher", "workers.queue.jobs", "workers.queue.rq_worker")

_log = structlog.get_logger()
_locks: set[int] = set()  # the head's alone: a child closes its copy as soon as it is born


def run(loaded: Loaded) -> None:
    """Run the poller, the dispatcher and the workers until a stop is asked for."""
    make_home(loaded.home)
    # Signals count from here on: a Ctrl-C while the parts start stops them in order, too.
    with _alone(loaded.home), wakeups() as signals, served(loaded) as make:
        _preload()
        queues = loaded.configuration.queues_in_use()
        _warn(loaded, make)
        supervisor = Supervisor(
            [poller(loaded, make), children.dispatcher(make), *children.workers(loaded, make, queues)]
        )
        if not signals.stop_was_asked():
            supervisor.start()
            supervisor.run(signals, lambda: _say_ready(loaded))
        _log.info("stopped")


def _warn(loaded: Loaded, make: children.Make) -> None:
    """Say what goes well now, and would not in the end."""
    if nobody_sees(loaded):
        _log.warning(UNSEEN, channel="console", set="[operators]")
    context = make()
    try:
        if policy := context.queue.evicts():
            _log.warning(evicting(context.queue.where, policy), do=EVICTING_ADVICE)
        with context.store.read() as connection:
            unheard = paused(connection).get(Subscription.OPERATORS)
        if unheard:
            _log.warning(
                "operators hear nothing: they are paused",
                reason=unheard[1],
                do=f"recwatch subscriptions resume {Subscription.OPERATORS}",
            )
    except QueueError as error:
        _log.warning(str(error))  # the parts wait until it can be used
    finally:
        children.close(context)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the home's lock; Failure where another `up` holds it. The kernel lets go however we end."""
    path = home / LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise Failure(f"{path} cannot be opened: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(handle, 20, 0).decode(errors="replace").strip()
        os.close(handle)
        raise Failure(f"recwatch is up already on {home} (process {holder or 'unknown'})") from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    _locks.add(handle)
    try:
        yield
    finally:
        # Said aloud: a child that was born a moment ago may not have closed its copy yet.
        fcntl.flock(handle, fcntl.LOCK_UN)
        _locks.discard(handle)
        os.close(handle)


def _let_go_after_fork() -> None:
    # A lock lives as long as any copy of its descriptor: an orphan would keep the next `up` out.
    for handle in _locks:
        with suppress(OSError):
            os.close(handle)
    _locks.clear()


os.register_at_fork(after_in_child=_let_go_after_fork)


def _preload() -> None:
    for name in _PRELOADED:
        import_module(name)
    gc.collect()
    gc.freeze()  # what is loaded stays shared: a collection in a child would touch, and so copy, every page


def _say_ready(loaded: Loaded) -> None:
    try:
        with (
            open_existing(store_url(loaded.configuration, loaded.home)) as store,
            store.read() as connection,
        ):
            known, covers = look(connection, loaded.configuration.subscriptions)
    except StoreError as error:
        _log.warning(str(error))  # the parts wait until it can be used
        return
    covered = in_words(known, covers) if known else "nothing was read yet"
    operators = loaded.configuration.operators.subscription.channel
    _log.info(
        "ready", covered=covered, operators=operators, home=str(loaded.home), configuration=str(loaded.path)
    )
