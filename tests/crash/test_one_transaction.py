"""Nothing speaks to the network inside a transaction: every socket is watched while everything runs."""

import asyncio
import smtplib
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from monitor.poller import Poller, poll_once
from monitor.record.queue.client import Queue, queue_server
from monitor.record.store.schema import messages
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.chaos.ends import serving
from tests.fakes.pages import Row, export, rows
from tests.fakes.receiver import RESETS, Receiver
from tests.fakes.slack import Answer, FakeSlack
from tests.fakes.smtp import FakeSmtp
from tests.workers.seeding import configured, count, email, slack, webhook
from workers import context as contexts
from workers.configuration import Configuration
from workers.context import Context
from workers.queue import dispatcher, jobs

SPEAKING = ("connect", "connect_ex", "send", "sendall", "sendmsg", "sendto", "recv", "recv_into")


class Watch:
    """Which threads are inside a transaction, and who spoke to the network there."""

    def __init__(self) -> None:
        self.spoke: list[str] = []
        self._inside = threading.local()

    def transaction(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @contextmanager
        def watched(store: Store, **options: bool) -> Iterator[Connection]:
            with real(store, **options) as connection:
                self._inside.now = True
                try:
                    yield connection
                finally:
                    self._inside.now = False

        return watched

    def call(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **more: Any) -> Any:
            if getattr(self._inside, "now", False):
                self.spoke.append("".join(traceback.format_stack(limit=12)))
            return real(*args, **more)

        return watched


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Watches this process's sockets; the database's driver speaks past them, in C."""
    watching = Watch()
    for name in ("read", "write"):
        monkeypatch.setattr(Store, name, watching.transaction(getattr(Store, name)))
    for name in SPEAKING:
        monkeypatch.setattr(socket.socket, name, watching.call(getattr(socket.socket, name)), raising=False)
    monkeypatch.setattr(socket, "getaddrinfo", watching.call(socket.getaddrinfo))
    return watching


@pytest.mark.parametrize("kind", ["read", "write"])
def test_the_watch_sees_a_call_inside_a_transaction(store: Store, watch: Watch, kind: str) -> None:
    """Otherwise the test below could not fail."""
    with FakeSmtp() as server:
        smtplib.SMTP("127.0.0.1", server.port).close()
        assert watch.spoke == []
        with getattr(store, kind)():
            smtplib.SMTP("127.0.0.1", server.port).close()
        assert watch.spoke


@pytest.mark.parametrize("bad", [False, True])
def test_no_network_call_happens_inside_a_transaction(
    store_url: str, tmp_path: Path, watch: Watch, bad: bool
) -> None:
    """Invariant 6: fetching, publishing, dispatching, describing, and sending on each channel."""
    page = [export([*rows(3), Row()])]
    with (
        FakeSlack() as far,
        FakeSmtp() as mail,
        Receiver() as hook,
        serving(lambda: page[0]) as site,
        queue_server("", tmp_path) as queue_url,
        Queue(queue_url) as queue,
        open_store(store_url) as store,
    ):
        if bad:  # accepted, and the answer lost: Slack is asked whether it has the message
            far.answer(Answer(drop=True))
            mail.data.append("drop-after")
            hook.script.append(RESETS)
        here = Context(_configuration(site, far, mail, hook), tmp_path, store, queue)
        contexts.install(lambda: here)
        for narrative in ("The Bureau agreed.", "The Bureau has replaced the lamps."):
            page[0] = export([*rows(3), Row(narrative=narrative)])
            asyncio.run(poll_once(Poller(store, here.configuration, Path(), queue)))
        dispatcher.dispatch_once(here)
        jobs.describe(1)
        _send(here)
        assert (count(store, messages, state="sent"), count(store, messages)) == (3, 3)
    assert watch.spoke == []


def _configuration(site: str, far: FakeSlack, mail: FakeSmtp, hook: Receiver) -> Configuration:
    return configured(
        slack(api_url=far.api_url),
        email(),
        webhook(url=hook.url),
        http={"allow_private_networks": True, "min_interval": "50ms", "contact": "tests@example.org"},
        email={"smtp_url": mail.url, "from": "recwatch@example.org"},
        delivery={"lease": "10s", "retry": ["50ms", "1s", "1s"]},
        sources=[{"id": "harbor", "format": "gao-csv", "url": site, "every": "1s"}],
    )


def _send(here: Context) -> None:
    deadline = time.monotonic() + 60
    while count(here.store, messages, state="waiting"):
        assert time.monotonic() < deadline, "messages still wait"
        for channel in ("slack", "email", "webhook"):
            jobs.deliver(channel)
        dispatcher.dispatch_once(here)
