"""What the verbs about messages share."""

from collections.abc import Iterator
from contextlib import contextmanager

from monitor.record.queue.client import Queue
from monitor.record.settings import Subscription
from monitor.record.store.store import Store
from recwatch.cli.setup import reading
from recwatch.configuration import Loaded
from recwatch.errors import Exit, Failure
from workers.context import Context


@contextmanager
def ledger(loaded: Loaded) -> Iterator[Context]:
    """A context over an existing store. It enqueues nothing: dispatchers find what is due in the store."""
    with reading(loaded) as store:
        yield context_without_queue(loaded, store)


def context_without_queue(loaded: Loaded, store: Store) -> Context:
    """A context for reading and writing messages; its queue is never used."""
    return Context(loaded.configuration, loaded.home, store, Queue("unix:///nowhere"))


def subscription_named(loaded: Loaded, name: str) -> Subscription:
    """The subscription of this id, the operators' included; Failure names the nearest."""
    found = loaded.configuration.subscription(name)
    if found is not None:
        return found
    from recwatch.configuration.shape import nearest

    known = [each.id for each in loaded.configuration.subscriptions] + [Subscription.OPERATORS]
    near = nearest(name, known)
    hint = f'did you mean "{near}"?' if near else f"known: {', '.join(known)}"
    raise Failure(f'there is no subscription "{name}"; {hint}', Exit.CONFIGURATION)


SENT_BY = "a running `recwatch up` sends it within seconds, else `recwatch work --burst`"
