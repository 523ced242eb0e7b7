"""Deliveries to a file: contexts, rows and processes for tests of whatever carries messages.

`refuses`, `fails`, `hangs` and `kills` below the home name subscriptions whose messages meet that fate
(the last one is their sender's; one that hangs does so until another's message has arrived); `sent` there
gets the ids of those that arrived, one a line, in order. While there is a file `stalls`, no more arrive
than are needed to see that some have.
"""

import asyncio
import logging
import os
import signal
import subprocess
import threading
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from monitor.record.ids import new_id
from monitor.record.queue.client import Queue, queue_server
from monitor.record.settings import Settings
from monitor.record.store.schema import messages, notices, outbox
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.fakes import processes
from workers import context as contexts
from workers.channels import CHANNELS
from workers.channels.channel import Channel
from workers.configuration import Configuration
from workers.context import Context
from workers.queue import dispatcher, rq_worker, work_loop
from workers.values import Message, Receipt, TransportError

SOME = 5
CONFIGURATION: dict[str, Any] = {
    "subscriptions": [
        {
            "id": "tracker",
            "channel": "webhook",
            "url": "https://hooks.example.org/",
            "secret": "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
        },
        {"id": "screen", "channel": "console"},
    ]
}


@dataclass
class FileTransport:
    """Writes the ids of what it sends to a file, a little after it was asked to."""

    home: Path

    async def send(self, message: Message) -> Receipt:
        """Send, or meet the fate that the home has in store for the subscription."""
        name = message.subscription.id
        if name in _words(self.home / "kills"):
            os.kill(os.getpid(), signal.SIGKILL)
        if name in _words(self.home / "refuses"):
            raise TransportError("410 gone", permanent=True)
        if name in _words(self.home / "fails"):
            raise TransportError("503 later")
        await asyncio.sleep(0.01)
        while name in _words(self.home / "hangs") and not sent(self.home):
            await asyncio.sleep(0.01)  # in vain: it is given up after 20 s
        while (self.home / "stalls").exists() and len(sent(self.home)) > SOME:
            await asyncio.sleep(0.01)
        with (self.home / "sent").open("a", encoding="utf-8") as file:
            file.write(f"{message.id}\n")
        await asyncio.sleep(0.01)
        return Receipt()

    async def close(self) -> None:
        """Nothing is open."""


def _words(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split() if path.exists() else []


def _open(_settings: Settings, home: Path) -> FileTransport:
    return FileTransport(home)


def _fake(name: str) -> Channel:
    return Channel(name, CHANNELS[name].settings, _open, lambda *_: name, lambda _: None, 4, 4)


FAKES = {name: _fake(name) for name in CHANNELS}


def make(home: Path, url: str, **delivery: Any) -> Context:
    """A context whose channels all deliver to files; `delivery` as in the configuration."""
    configuration = Configuration.model_validate(CONFIGURATION | {"delivery": delivery})
    store = open_store(f"sqlite:///{home / 'recwatch.sqlite3'}")
    return Context(configuration, home, store, Queue(url), channels=FAKES)


def now() -> datetime:
    """Aware."""
    return datetime.now(UTC)


def add_capture(store: Store) -> int:
    """An outbox row that nobody has described."""
    with store.write() as connection:
        row = connection.execute(insert(outbox).values(created_at=now(), attempts=0).returning(outbox.c.id))
        return int(row.scalar_one())


def add_message(store: Store, subscription: str = "tracker", **columns: Any) -> str:
    """A message that is due now; its id."""
    name = new_id("msg")
    channel = "webhook" if subscription == "tracker" else "console"
    values: dict[str, Any] = {
        "id": name,
        "subscription": subscription,
        "channel": channel,
        "recipient": "",
        "cause": "notice",
        "cause_ref": name,
        "created_at": now(),
        "state": "waiting",
        "due_at": now(),
        "host": channel,
    }
    with store.write() as connection:
        connection.execute(insert(messages).values(values | columns))
    return name


def add_notice(store: Store) -> None:
    """Something that operators have not been told."""
    about = {"type": "source.stale", "concerns": "gao-open", "outcome": "stale", "message": "nothing new"}
    with store.write() as connection:
        connection.execute(insert(notices).values(id=new_id("evt"), at=now(), since=now(), **about))


def state(store: Store, message: str) -> str:
    """What became of a message."""
    with store.read() as connection:
        return str(connection.scalar(select(messages.c.state).where(messages.c.id == message)))


def sent(home: Path) -> list[str]:
    """Ids that arrived, in order, repeats included."""
    return _words(home / "sent")


def process(
    home: Path, what: str, lease: str, dies_in: str = ""
) -> "AbstractContextManager[subprocess.Popen[str]]":
    """A process that dispatches, or works on the queue of that name, killed at the end.

    `dies_in`: a method of the worker that kills it as soon as it is called.
    """
    code = "from tests.fakes.delivering import main; import sys; main(*sys.argv[1:])"
    return processes.running(code, home, what, lease, dies_in)


def main(where: str, what: str, lease: str, dies_in: str) -> None:
    """What `process` runs."""
    if dies_in:
        setattr(rq_worker.Worker, dies_in, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
    home = Path(where)
    logging.basicConfig(level="WARNING", filename=home / f"{what}.log")
    with queue_server("", home) as url:
        contexts.install(lambda: make(home, url, lease=lease))
        print("ready", flush=True)
        if what == "dispatch":
            stop = threading.Event()
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            dispatcher.run(make(home, url, lease=lease), stop)
        else:
            work_loop.work(make(home, url, lease=lease), what, burst=False)
