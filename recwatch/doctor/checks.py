"""The checks of `doctor`: each finding says whether all is well, and what to do if not."""

import os
import shutil
import stat
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from monitor.record.queue.client import Queue, QueueError, queue_server
from monitor.record.store.store import StoreError, StoreMissing, store_url
from monitor.record.store.upgrade import open_existing
from recwatch.cli.output import counted
from recwatch.cli.times import ago
from recwatch.configuration import Loaded
from recwatch.configuration.operators import EVICTING_ADVICE, UNSEEN, evicting, nobody_sees
from recwatch.doctor.probes import Trouble, Warned, ask_channel, ask_source
from recwatch.errors import Failure
from recwatch.queries.status import paused
from recwatch.runtime.contexts import make_home

_HOME = "make room there, and make it writable; or choose another place with --home"
_BELOW = "repair the home first: it is kept there"
_FILE = "do what the brackets say, or repair the home first: the store is that file"
_DATABASE = "check [store] url, and that the database is up"
_REDIS = "check [queue] redis_url, and that the server is up"
_ROOM = 200_000_000  # bytes; less is a warning
_PROBE = 1_000_000  # bytes written to see whether they can be


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; well, but with advice, is a warning."""

    what: str
    name: str
    well: bool
    message: str
    advice: str = ""


def examine(loaded: Loaded) -> Iterator[Finding]:
    """Check everything that deliveries depend on, in the order of their dependencies."""
    configuration = loaded.configuration
    for warning in loaded.warnings:
        yield Finding(
            "configuration", loaded.path.name, True, warning, "see the comments in `recwatch init`'s file"
        )
    yield _check("home", str(loaded.home), partial(_home, loaded), _HOME)
    own_store = configuration.store.url.get_secret_value()
    yield _check("store", "", partial(_store, loaded), _DATABASE if own_store else _FILE)
    own_server = configuration.queue.redis_url.get_secret_value()
    yield _check("queue server", "", partial(_queue, loaded), _REDIS if own_server else _BELOW)
    for source in configuration.sources:
        if source.path:
            yield _check("folder", source.id, partial(_folder, source.path), "correct its permissions")
        if source.url:
            yield _check("source", source.id, partial(ask_source, configuration, source), "")
    everyone = (*configuration.subscriptions, configuration.operators.subscription)
    for each in everyone:
        yield _check(each.channel, each.id, partial(ask_channel, loaded, each), "")
    yield from _paused(loaded, {each.id for each in everyone})
    if nobody_sees(loaded):
        yield Finding(
            "operators", "console", True, UNSEEN, "set a channel in [operators] that somebody reads"
        )


def _check(what: str, name: str, check: Callable[[], str | Warned], advice: str) -> Finding:
    try:
        result = check()
        if isinstance(result, Warned):
            return Finding(what, name, True, result.message, result.advice)
        return Finding(what, name, True, result)
    except Trouble as trouble:
        return Finding(what, name, False, str(trouble), trouble.advice or advice)
    except OSError as error:
        return Finding(what, name, False, error.strerror or str(error), advice)
    except (Failure, StoreError, QueueError) as error:
        return Finding(what, name, False, str(error), advice)


def _home(loaded: Loaded) -> str | Warned:
    make_home(loaded.home)
    probe = loaded.home / ".doctor"
    try:
        # With content: on a full disk an empty file can still be made.
        with probe.open("wb") as file:
            file.write(bytes(_PROBE))
            os.fsync(file.fileno())
    finally:
        probe.unlink(missing_ok=True)
    free = shutil.disk_usage(loaded.home).free
    if free < _ROOM:
        return Warned(f"can be written to, but only {free // 10**6} MB are left", "make room there soon")
    if (mode := stat.S_IMODE(loaded.home.stat().st_mode)) & 0o077:
        return Warned(f"others may read it (mode {mode:04o})", f"chmod -R go= {loaded.home}")
    return "can be written to"


def _store(loaded: Loaded) -> str:
    url = store_url(loaded.configuration, loaded.home)
    try:
        with open_existing(url) as store, store.write():
            return f"{store.where} can be written to"
    except StoreMissing:
        return "does not exist yet; the first poll makes it"


def _paused(loaded: Loaded, known: Collection[str]) -> Iterator[Finding]:
    """Paused subscriptions. Nothing where the store cannot be read: that is a finding already."""
    url = store_url(loaded.configuration, loaded.home)
    with suppress(StoreError), open_existing(url) as store, store.read() as connection:
        for name, (since, reason) in paused(connection).items():
            if name in known:
                message = f"paused {ago(since)}: {reason or 'no reason given'}; its messages wait"
                yield Finding("subscription", name, True, message, f"recwatch subscriptions resume {name}")


def _queue(loaded: Loaded) -> str | Warned:
    redis_url = loaded.configuration.queue.redis_url.get_secret_value()
    with queue_server(redis_url, loaded.home) as url, Queue(url) as queue:
        try:
            queue.epoch()  # a write: a full server still answers a ping
        except QueueError as error:
            if "maxmemory" not in str(error):
                raise
            raise Trouble(
                str(error), "give it more memory (maxmemory); deliveries go on by themselves"
            ) from None
        if policy := queue.evicts():
            return Warned(evicting(queue.where, policy), EVICTING_ADVICE)
        return f"{queue.where} answers"


def _folder(path: str) -> str:
    folder = Path(path)
    if folder.is_file():
        folder.open("rb").close()
        return f"{path} can be read"
    if not folder.exists():
        return f"{path} does not exist yet; the poller makes it"
    count = sum(1 for each in folder.iterdir() if each.is_file())
    return f"{path} can be read; {counted(count, 'file')}"
