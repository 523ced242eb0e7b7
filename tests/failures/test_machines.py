"""Several machines on one PostgreSQL: pollers share the sources, a host's pace holds across all of them."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.record.queue.client import queue_server
from monitor.record.store.schema import events, messages, sources
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.fakes import processes
from tests.fakes.pages import Row, export, rows
from tests.fakes.receiver import Answer, Receiver, Request
from tests.workers import seeding

PATIENCE = 90  # seconds for what takes a few on an idle machine
pytestmark = pytest.mark.timeout(300)  # many processes on a machine that may be busy
CSV = (("Content-Type", "text/csv"),)

# A poller of a machine of its own. Its leases lapse after eight seconds instead of sixty; each turn that it
# gets at a host is noted with the time that it is for: how soon a busy machine then sends is another matter.
POLLER = """
import sys
from datetime import timedelta
from pathlib import Path
from monitor.fetching import hosts
from monitor.poller import Poller, leases, run
from monitor.record.settings import Settings
from monitor.record.store.store import Store
from recwatch.runtime.stopping import serve_until_stopped, stop_signals
store, site, holder, turns = sys.argv[1:]
take_turn = hosts.take_turn
def noted(connection, name, interval, now):
    won = take_turn(connection, name, interval, now)
    if won:
        with open(turns, "a") as file:
            print(now.timestamp(), file=file)
    return won
hosts.take_turn = noted
leases.LEASE, leases._RENEWED = timedelta(seconds=8), 1
http = {"allow_private_networks": True, "min_interval": "1200ms", "contact": "a@b.c"}
each = {"format": "gao-csv", "every": "1s", "robots": "ignore"}
settings = Settings(http=http, sources=[{"id": name, "url": f"{site}/{name}", **each} for name in "abc"])
poller = Poller(Store(store), settings, Path("."), holder=holder)
print("ready", flush=True)
with stop_signals() as stop:
    serve_until_stopped(stop, lambda event: run(poller, event))
"""


class Site:
    """Answers slowly, and knows who was asked at the same time."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str]] = []
        self.most: Counter[str] = Counter()
        self._now: Counter[str] = Counter()
        self._lock = threading.Lock()
        self.receiver = Receiver(otherwise=Answer(200, CSV, export(rows(5))), on_request=self._take)

    def _take(self, request: Request) -> None:
        with self._lock:
            self.asked.append((time.monotonic(), request.path))
            self._now[request.path] += 1
            self.most[request.path] = max(self.most[request.path], self._now[request.path])
        time.sleep(1.5)  # longer than the pace and than `every`
        with self._lock:
            self._now[request.path] -= 1

    def since(self, moment: float) -> list[str]:
        with self._lock:
            return [path for when, path in self.asked if when > moment]


@pytest.fixture
def shared(postgres_url: str) -> Iterator[Store]:
    with open_store(postgres_url) as opened:
        yield opened


def holders(store: Store) -> set[str]:
    with store.read() as connection:
        return {name for name in connection.scalars(select(sources.c.lease_holder)) if name}


def test_pollers_share_sources_and_pace_and_follow_one_that_dies(shared: Store, tmp_path: Path) -> None:
    """A source is asked by one at a time, the host by all of them at its pace; kill -9 loses no source."""
    site, turns = Site(), tmp_path / "turns"
    with site.receiver, ExitStack() as stack:
        url, address = (
            shared.url.render_as_string(hide_password=False),
            f"http://127.0.0.1:{site.receiver.port}",
        )
        pollers = {
            name: stack.enter_context(processes.running(POLLER, url, address, name, turns))
            for name in ("1", "2", "3")
        }
        assert {processes.line(one) for one in pollers.values()} == {"ready"}
        processes.until(lambda: len(site.asked) >= 7, PATIENCE)
        times = sorted(map(float, turns.read_text().split()))
        assert len(times) >= 7  # each request had its turn
        assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= 1.2
        assert set(site.most) == {"/a", "/b", "/c"}
        assert set(site.most.values()) == {1}

        processes.until(lambda: holders(shared), PATIENCE)
        killed = holders(shared).pop()
        pollers[killed].send_signal(signal.SIGKILL)
        pollers[killed].wait()
        died = time.monotonic()
        processes.until(lambda: {"/a", "/b", "/c"} <= set(site.since(died)), PATIENCE)
        assert set(site.most.values()) <= {1, 2}  # the killed one's request may still be being answered
    with shared.read() as connection:
        assert set(connection.scalars(select(sources.c.outcome))) <= {"baseline", "unchanged"}


CONFIGURATION = """
[store]
url = "{store}"
[queue]
redis_url = "{redis}"
[http]
contact = "tests@example.org"
allow_private_networks = true
min_interval = "0s"
[delivery]
workers = {{ changes = 2, webhook = 2 }}
[[sources]]
id = "piers"
format = "gao-csv"
url = "{site}"
every = "1s"
robots = "ignore"
[[subscriptions]]
id = "tracker"
channel = "webhook"
url = "{hook}"
secret = "{secret}"
[[subscriptions]]
id = "other"
channel = "webhook"
url = "{hook}"
secret = "{secret}"
"""


@contextmanager
def machine(folder: Path, verb: str, number: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A verb that goes on, with a home of its own, as on another machine."""
    command = [sys.executable, "-m", "recwatch", "--home", str(folder / f"{verb}{number}"), verb]
    with (folder / f"{verb}{number}.err").open("wb") as err:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": str(processes.ROOT)}, stderr=err
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(processes.PATIENCE)
        finally:
            process.kill()


def test_pollers_dispatchers_and_workers_on_several_machines_tell_each_change_once(
    shared: Store, tmp_path: Path
) -> None:
    """Each change is one event, each event one message a receiver, whoever was first."""
    page = rows(30)
    machines = [("poll", 1), ("poll", 2), ("poll", 3), ("dispatch", 1), ("dispatch", 2), ("work", 1)]
    with ExitStack() as stack:
        redis = stack.enter_context(queue_server("", tmp_path))
        site = stack.enter_context(Receiver(otherwise=answer(page, 0)))
        hook = stack.enter_context(Receiver())
        (tmp_path / "recwatch.toml").write_text(
            CONFIGURATION.format(
                store=shared.url.render_as_string(hide_password=False),
                redis=redis,
                site=site.url,
                hook=hook.url,
                secret=seeding.SECRET,
            )
        )
        for verb, number in machines:
            stack.enter_context(machine(tmp_path, verb, number))
        processes.until(lambda: outcomes(shared) == ["baseline"] or len(site.requests) > 3, PATIENCE)
        told = 0
        for version in range(1, 4):
            # Four recommendations change at once, again and again the same ones.
            page = [
                row.but(narrative=f"Lamp {version} burns.") if place < 4 else row
                for place, row in enumerate(page)
            ]
            site.otherwise = answer(page, version)
            told += 8
            hook.wait(told, PATIENCE)
        polls = len(site.requests)
        processes.until(lambda: len(site.requests) > polls + 3, PATIENCE)  # polls after the last change
    assert len(hook.requests) == len(set(hook.ids())) == told
    pairs = Counter((one.json["data"]["subscription"], one.json["data"]["event_id"]) for one in hook.requests)
    assert set(pairs.values()) == {1}
    assert seeding.count(shared, events) == 12
    assert {row["state"] for row in seeding.rows(shared, messages)} == {"sent"}
    logs = "".join(path.read_text() for path in tmp_path.glob("*.err"))
    assert "Traceback" not in logs


def answer(page: list[Row], version: int) -> Answer:
    return Answer(200, CSV, export(page, datetime(2026, 3, 1 + version, 17, 5, tzinfo=UTC)))


def outcomes(store: Store) -> list[str]:
    with store.read() as connection:
        return [str(outcome) for outcome in connection.scalars(select(sources.c.outcome))]
