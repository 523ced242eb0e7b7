"""The main process of `up`: locks the home, opens everything in order, and stops it the other way round."""

import fcntl
import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

import structlog

from monitor.record.process.file_locks import lock_file
from monitor.record.queue.client import QueueError
from monitor.record.settings import Subscription
from monitor.record.store.store import StoreError, store_url
from monitor.record.store.upgrade import open_existing
from recwatch.configuration import Loaded
from recwatch.configuration.operators import EVICTING_ADVICE, UNSEEN, evicting, nobody_sees
from recwatch.configuration.running import LOCK, forget_running, remember_running
from recwatch.configuration.watching import ConfigurationWatch
from recwatch.errors import Failure
from recwatch.queries.coverage import coverage_now, in_words
from recwatch.queries.status import paused
from recwatch.runtime import children
from recwatch.runtime.contexts import Make, made, make_home, served, wait_for_store
from recwatch.runtime.polling import poller
from recwatch.runtime.stopping import Stop, stop_signals
from recwatch.runtime.supervisor import Supervisor

# What the children use, imported once here: after the fork each of them would pay for it.
_PRELOADED = ("monitor.poller", "workers.queue.dispatcher", "workers.queue.jobs", "workers.queue.work_loop")

_log = structlog.get_logger()


def run(loaded: Loaded, load: Callable[[], Loaded]) -> None:
    """Run the poller, the dispatcher and the workers until a stop is asked for.

    `load` reads the configuration anew: a changed one is in effect within seconds.
    """
    make_home(loaded.home)
    # Signals count from here on: a Ctrl-C while the children start stops them in order, too.
    with _only_up(loaded.home), stop_signals() as stop:
        watch, former = ConfigurationWatch(loaded, load), None
        try:
            while not stop.is_set() and wait_for_store(watch.current, stop):
                former = _serve_or_go_back(watch, former, stop)
        finally:
            forget_running(loaded.home)
        _log.info("stopped")


def _serve_or_go_back(watch: ConfigurationWatch, former: Loaded | None, stop: Stop) -> Loaded:
    """Serve until the configuration changes; back to the former one where the new one cannot be used."""
    current = watch.current
    try:
        _serve(watch, stop)
    except (QueueError, StoreError, Failure) as error:
        if former is None:
            raise
        _log.warning(
            "the changed configuration cannot be used; the old one stays in effect", error=str(error)
        )
        watch.current = former
        return former
    return current


def _serve(watch: ConfigurationWatch, stop: Stop) -> None:
    loaded = watch.current
    with served(loaded) as make:
        _preload()
        queues = loaded.configuration.queues_in_use()
        _warn(loaded, make)
        supervisor = Supervisor(
            [poller(loaded, make), children.dispatcher(make), *children.workers(loaded, make, queues)]
        )
        if not stop.is_set():
            remember_running(loaded)
            supervisor.start()
            supervisor.run(stop, lambda: _log_ready(loaded), watch.changed)


def _warn(loaded: Loaded, make: Make) -> None:
    """Log what works now, and would fail one day."""
    if nobody_sees(loaded):
        _log.warning(UNSEEN, channel="console", set="[operators]")
    with made(make) as context:
        try:
            if policy := context.queue.evicts():
                _log.warning(evicting(context.queue.where, policy), do=EVICTING_ADVICE)
            with context.store.read() as connection:
                operators = paused(connection).get(Subscription.OPERATORS)
        except QueueError as error:
            _log.warning(str(error))  # the children wait until it can be used
            return
    if operators:
        _log.warning(
            "operators are paused: they are not notified of anything",
            reason=operators[1],
            do=f"recwatch subscriptions resume {Subscription.OPERATORS}",
        )


@contextmanager
def _only_up(home: Path) -> Iterator[None]:
    """Hold the home's lock; Failure where another `up` holds it. The kernel releases it however we end."""
    path = home / LOCK
    with ExitStack() as stack:
        try:
            handle = stack.enter_context(lock_file(path))
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode(errors="replace").strip()
            raise Failure(f"recwatch is up already on {home} (process {holder or 'unknown'})") from None
        except OSError as error:
            raise Failure(f"{path} cannot be locked: {error.strerror}") from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        try:
            yield
        finally:
            # Explicitly: a child that was forked a moment ago may not have closed its copy yet.
            fcntl.flock(handle, fcntl.LOCK_UN)


def _preload() -> None:
    for name in _PRELOADED:
        import_module(name)
    gc.collect()
    gc.freeze()  # what is loaded stays shared: a collection in a child would touch, and so copy, every page


def _log_ready(loaded: Loaded) -> None:
    try:
        with (
            open_existing(store_url(loaded.configuration, loaded.home)) as store,
            store.read() as connection,
        ):
            known, covered = coverage_now(connection, loaded.configuration.subscriptions)
    except StoreError as error:
        _log.warning(str(error))  # the children wait until it can be used
        return
    operators = loaded.configuration.operators.subscription.channel
    _log.info(
        "ready",
        covered=in_words(known, covered) if known else "nothing was read yet",
        operators=operators,
        home=str(loaded.home),
        configuration=str(loaded.path),
    )
