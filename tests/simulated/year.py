"""A year of polls in minutes: what the store, the queue server and the process hold at its end.

`python -m tests.simulated.year [POLLS] [RECOMMENDATIONS]` prints the figures; tests/simulated/test_year.py
holds a few weeks of it to what they have to be.
"""

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import redis
import structlog
import time_machine
from sqlalchemy import func, select, text

from monitor.poller import Poller
from monitor.poller.cycle import run_cycle
from monitor.poller.loop import _HouseTurn
from monitor.poller.session import Session, open_session
from monitor.record.clock import Clock
from monitor.record.queue.client import Queue, queue_server
from monitor.record.queue.names import CHANGES
from monitor.record.store.schema import metadata
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.fakes.clock import NOON
from tests.fakes.pages import Row, export, report, rows
from tests.fakes.receiver import Receiver
from tests.fakes.site import Answer, Site, open_site
from workers import context as contexts
from workers.configuration import Configuration
from workers.context import Context
from workers.queue import work_loop
from workers.queue.dispatcher import Dispatcher

EVERY = timedelta(hours=4)
_SECRET = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"
_QUEUES = (CHANGES, "webhook", "email")
_CSV = {"Content-Type": "text/csv"}


@dataclass(frozen=True)
class Holdings:
    """What is held at one moment. Bytes, but for rows and keys."""

    rows: dict[str, int]
    store: int
    keys: int
    queue: int
    process: int

    def __str__(self) -> str:
        store, queue, process = (f"{size / 1e6:6.2f} MB" for size in (self.store, self.queue, self.process))
        return f"store {store}   queue server {queue}, {self.keys} keys   process {process}"


@dataclass
class Happened:
    """What the site and the house went through so far."""

    polls: int = 0
    changed: int = 0
    left: int = 0
    opened: int = 0
    troubles: int = 0


class TravelClock(Clock):
    """The travelled time; sleeping passes it on."""

    def __init__(self, travel: time_machine.Traveller) -> None:
        self._travel = travel

    async def sleep(self, seconds: float) -> None:
        self._travel.shift(seconds)
        await asyncio.sleep(0)


@dataclass
class Year:
    """A house that polls one site; `page` is what the site shows now."""

    home: Path
    store: Store
    queue: Queue
    site: Site
    receiver: Receiver
    session: Session
    context: Context
    travel: time_machine.Traveller
    page: list[Row]
    happened: Happened = field(default_factory=Happened)
    dispatcher: Dispatcher = field(init=False)

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(self.context)

    async def go(self, polls: int, *, quiet: bool = False) -> None:
        """So many polls, four hours apart; `quiet`: nothing changes meanwhile."""
        for _ in range(polls):
            self.happened.polls += 1
            failing = not quiet and self.happened.polls % 60 < 3 and self.happened.polls > 3
            if failing:
                self.happened.troubles += self.happened.polls % 60 == 0
            elif not quiet:
                self._change()
            self._serve(failing=failing)
            self._pass(EVERY + timedelta(minutes=1))
            await self._poll()
            # What the fakes remember is not the house's.
            self.site.asked.clear()
            self.receiver.requests.clear()

    def _change(self) -> None:
        """Every fifth poll a narrative is another; now and then one leaves, or comes."""
        number = self.happened.polls
        if number % 5 == 0:
            place = number % len(self.page)
            words = f"The Bureau said in {datetime.now(UTC):%B %Y} that lamp {number} burns."
            self.page[place] = self.page[place].but(narrative=words)
            self.happened.changed += 1
        if number % 20 == 10:
            gone = self.page.pop(1).but(status="Closed – Implemented", narrative="The Bureau finished.")
            self.site.answers(f"/products/{gone.product.lower()}", Answer(200, report([gone])))
            self.happened.left += 1
        if number % 20 == 15:
            self.page.append(Row(product=f"GAO-31-7{number:05}", title=f"Harbor Lights: New {number}"))
            self.happened.opened += 1

    def _serve(self, *, failing: bool) -> None:
        answer = Answer(503, b"later") if failing else Answer(200, export(self.page, datetime.now(UTC)), _CSV)
        self.site.answers("/export", answer)

    def _pass(self, span: timedelta) -> None:
        """Let time go by, for the queue server too: what it keeps for a while ages with us."""
        self.travel.shift(span)
        milliseconds = int(span.total_seconds() * 1000)
        server = self.queue.connection
        for key in server.scan_iter():
            left: Any = server.pttl(key)
            if 0 <= left <= milliseconds:
                server.delete(key)
            elif left > 0:
                server.pexpire(key, left - milliseconds)

    async def _poll(self) -> None:
        await run_cycle(self.session, self.session.settings.sources[0])
        await _HouseTurn(self.session).take()
        while self.dispatcher.dispatch() or any(self.queue.depth(name) for name in _QUEUES):
            for name in _QUEUES:
                if self.queue.depth(name):
                    work_loop.work(self.context, name, burst=True)

    def holds(self) -> Holdings:
        """What is held now."""
        with self.store.read() as connection:
            counts = {
                table.name: connection.scalar(select(func.count()).select_from(table)) or 0
                for table in metadata.sorted_tables
            }
            pages = connection.scalar(
                text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
            )
        server: redis.Redis = self.queue.connection
        memory: Any = server.info("memory")
        keys: Any = server.dbsize()
        return Holdings(counts, int(pages or 0), int(keys), int(memory["used_memory"]), resident())


def resident() -> int:
    """Bytes of memory that this process has; 0 where the system does not say."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return 0
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def configuration(site: Site, receiver: Receiver) -> Configuration:
    """One source; a webhook told at once, a digest by mail into files every day, operators by webhook."""
    hook = {"channel": "webhook", "secret": _SECRET}
    return Configuration.model_validate(
        {
            "http": {"allow_private_networks": True, "min_interval": "0s", "contact": "a@example.org"},
            "email": {"smtp_url": "file:mail", "from": "gao@example.org"},
            "sources": [{"id": "piers", "format": "gao-csv", "url": site.url("/export"), "every": "4h"}],
            "subscriptions": [
                {"id": "tracker", "url": receiver.url, **hook},
                {"id": "daily", "channel": "email", "to": ["a@example.org"], "digest": "daily 08:00"},
            ],
            "operators": {"url": receiver.url, **hook},
        }
    )


async def live(home: Path, count: int, check: Any) -> None:
    """Run `check` on a house that watches so many recommendations, in a time of its own."""
    async with open_site() as site:
        with ExitStack() as stack:
            travel = stack.enter_context(time_machine.travel(NOON, tick=True))
            receiver = stack.enter_context(Receiver())
            store = stack.enter_context(open_store(f"sqlite:///{home / 'recwatch.sqlite3'}"))
            url = stack.enter_context(queue_server("", home))
            queue = stack.enter_context(Queue(url))
            settings = configuration(site, receiver)
            context = Context(settings, home, store, queue)
            contexts.install(lambda: Context(settings, home, Store(str(store.url)), Queue(url)))
            poller = Poller(store, settings, home, queue, clock=TravelClock(travel))
            async with open_session(poller) as session:
                await check(Year(home, store, queue, site, receiver, session, context, travel, rows(count)))


@contextmanager
def _somewhere() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="year-") as folder:
        yield Path(folder)


def main() -> None:
    """Print what is held at the end of each twelfth of the time."""
    given = [int(word) for word in sys.argv[1:3]]
    polls, count = (*given, *(2190, 500)[len(given) :])

    async def check(year: Year) -> None:
        began = time.monotonic()
        await year.go(4)
        held = [year.holds()]
        for _ in range(12):
            await year.go(polls // 12)
            held.append(year.holds())
            print(f"{datetime.now(UTC):%Y-%m-%d}  {held[-1]}", flush=True)
        print(f"{year.happened} in {time.monotonic() - began:.0f} s")
        for table, before in held[0].rows.items():
            if held[-1].rows[table] != before:
                print(f"{table:16} {before:6} → {held[-1].rows[table]:6}")

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with _somewhere() as home:
        asyncio.run(live(home, count, check))


if __name__ == "__main__":
    main()
