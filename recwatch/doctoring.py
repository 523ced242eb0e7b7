"""What `doctor` looks at, one thing after the other: each finding says whether it is well, and what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from monitor.record.migrating import open_existing
from monitor.record.queue import Queue, QueueError, queue_server
from monitor.record.store import StoreError, StoreMissing, store_url
from recwatch.configuration import Loaded
from recwatch.contexts import make_home
from recwatch.errors import Failure
from recwatch.operators import UNSEEN, nobody_sees
from recwatch.probing import Trouble, ask_channel, ask_source


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; well, but with advice, is a warning."""

    what: str
    name: str
    well: bool
    message: str
    advice: str = ""


def examine(loaded: Loaded) -> Iterator[Finding]:
    """Look at everything that deliveries depend on, in the order in which things depend on each other."""
    configuration = loaded.configuration
    for warning in loaded.warnings:
        yield Finding(
            "configuration", loaded.path.name, True, warning, "see the comments in `recwatch init`'s file"
        )
    yield _look("home", str(loaded.home), partial(_home, loaded), "give it another place with --home")
    yield _look("store", "", partial(_store, loaded), "check [store] url, and that the database is up")
    yield _look("queue server", "", partial(_queue, loaded), "check [queue] redis_url")
    for source in configuration.sources:
        if source.path:
            yield _look("folder", source.id, partial(_folder, source.path), "mend its rights")
        if source.url:
            yield _look("source", source.id, partial(ask_source, configuration, source), "")
    for each in (*configuration.subscriptions, configuration.operators.subscription):
        yield _look(each.channel, each.id, partial(ask_channel, loaded, each), "")
    if nobody_sees(loaded):
        yield Finding(
            "operators", "console", True, UNSEEN, "set a channel in [operators] that somebody reads"
        )


def _look(what: str, name: str, look: Callable[[], str], advice: str) -> Finding:
    try:
        return Finding(what, name, True, look())
    except Trouble as trouble:
        return Finding(what, name, False, str(trouble), trouble.advice or advice)
    except (Failure, StoreError, QueueError, OSError) as error:
        return Finding(what, name, False, str(error), advice)


def _home(loaded: Loaded) -> str:
    make_home(loaded.home)
    probe = loaded.home / ".doctor"
    probe.write_bytes(b"")
    probe.unlink()
    return "can be written to"


def _store(loaded: Loaded) -> str:
    url = store_url(loaded.configuration, loaded.home)
    try:
        with open_existing(url) as store:
            return f"{store.where} can be read"
    except StoreMissing:
        return "not there yet; the first poll makes it"


def _queue(loaded: Loaded) -> str:
    redis_url = loaded.configuration.queue.redis_url.get_secret_value()
    with queue_server(redis_url, loaded.home) as url, Queue(url) as queue:
        queue.ping()
        return f"{queue.where} answers"


def _folder(path: str) -> str:
    folder = Path(path)
    if folder.is_file():
        folder.open("rb").close()
        return f"{path} can be read"
    if not folder.exists():
        return f"{path} is not there yet; it is made when the poller first looks"
    count = sum(1 for each in folder.iterdir() if each.is_file())
    return f"{path} can be read; {count} files"
