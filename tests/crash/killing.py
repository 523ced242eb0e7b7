"""Kills at a named line: a child process whose functions, or whose commits, are made to end it."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, update

from monitor.record.store.schema import messages
from monitor.record.store.store import Store
from tests.fakes.receiver import Receiver
from tests.fakes.transport import FakeQueue
from tests.workers.seeding import changes, configured, count, webhook
from workers.context import Context
from workers.delivery.engine import deliver
from workers.messages.fanout import fan_out

FORK = multiprocessing.get_context("fork")
DEADLINE = 60  # seconds
SIDES = ("before", "after")


def world(url: str, *receivers: Receiver, **delivery: Any) -> Context:
    """A context of this process's own, as a worker makes one after its fork; one webhook a receiver."""
    subscribed = [webhook(f"s{number}", url=each.url) for number, each in enumerate(receivers)]
    tables: dict[str, Any] = {
        "http": {"allow_private_networks": True},
        "delivery": {"lease": "60s", "webhook_rate": "1000/s"} | delivery,
    }
    return Context(configured(*subscribed, **tables), Path(), Store(url), FakeQueue())  # type: ignore[arg-type]


def ready(url: str, receivers: tuple[Receiver, ...], *captures: list[tuple[int, int]]) -> None:
    """Fan captures of (recommendation, revision) out, in order; no connection stays open for a fork."""
    here = world(url, *receivers)
    for pairs in captures:
        fan_out(here, changes(here.store, pairs), datetime.now(UTC))
    here.store.close()


def send(here: Context) -> None:
    """One job of the webhook's queue."""
    deliver(here, here.channels["webhook"])


def let_leases_lapse(store: Store, in_seconds: float = -1) -> None:
    """Have what dead senders hold be free at once: nobody waits for a minute, however busy the machine is."""
    with store.write() as connection:
        held = messages.c.lease_holder.is_not(None)
        moment = datetime.now(UTC) + timedelta(seconds=in_seconds)
        connection.execute(update(messages).where(held).values(lease_until=moment))


def let_retries_come(store: Store, in_seconds: float) -> None:
    """Have what waits for another attempt be due so soon."""
    with store.write() as connection:
        moment = datetime.now(UTC) + timedelta(seconds=in_seconds)
        later = messages.c.due_at > moment
        connection.execute(update(messages).where(later).values(due_at=moment))


def send_until_done(here: Context) -> None:
    """Run jobs until nothing waits."""
    deadline = time.monotonic() + DEADLINE
    while count(here.store, messages, state="waiting"):
        assert time.monotonic() < deadline, "messages still wait"
        send(here)
        time.sleep(0.02)


def die(*_: Any, **__: Any) -> Any:
    """What a power failure does."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], Any]) -> None:
    """Do some work in a child that is killed by it."""
    child = FORK.Process(target=work)
    child.start()
    child.join(DEADLINE)
    assert child.exitcode == -signal.SIGKILL


def die_at(module: object, name: str, side: str) -> None:
    """Have a function end this process, before it does anything or after it has done it."""
    real = getattr(module, name)

    def dying(*args: Any, **more: Any) -> Any:
        if side == "after":
            real(*args, **more)
        return die()

    setattr(module, name, dying)


def die_at_commit(
    module: object, name: str, side: str, when: Callable[..., object] = lambda *_, **__: True
) -> None:
    """Have the commit of the transaction in which a function is called end this process.

    Before that commit or after it; only a call `when` its arguments are such counts.
    """
    real, write, armed = getattr(module, name), Store.write, threading.local()

    def arming(*args: Any, **more: Any) -> Any:
        armed.now = getattr(armed, "now", False) or bool(when(*args, **more))
        return real(*args, **more)

    @contextmanager
    def dying(self: Store, **options: Any) -> Iterator[Connection]:
        with write(self, **options) as connection:
            armed.now = False
            yield connection
            if armed.now and side == "before":
                die()
        if armed.now:
            die()

    setattr(module, name, arming)
    Store.write = dying  # type: ignore[method-assign]


def has_results(_connection: Connection, results: Sequence[object], *_: object) -> bool:
    """For `record`: there is something to record."""
    return bool(results)
