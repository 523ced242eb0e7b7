"""A site on loopback, a drop folder, a store, and a poller over them whose clock stands still."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Table, select

from monitor.poller import CycleResult, Poller, poll_once
from monitor.record.queue.client import QueueError
from monitor.record.settings import Settings
from monitor.record.store.schema import notices, sources
from monitor.record.store.store import Store
from tests.fakes.clock import StillClock
from tests.fakes.pages import export, rows
from tests.fakes.site import Answer, Site, open_site

CSV = {"Content-Type": "text/csv"}
PATH = "/export?q="


@dataclass
class Line:
    """A queue that remembers what was put in line."""

    down: bool = False
    jobs: list[tuple[Any, ...]] = field(default_factory=list)
    wakes: int = 0

    def enqueue(self, queue_name: str, dotted_path: str, *args: int | str) -> None:
        self.jobs.append((queue_name, dotted_path, *args))

    def epoch(self) -> str:
        if self.down:
            raise QueueError("the queue server is down")
        return "epoch_1"

    def wake(self) -> None:
        if self.down:
            raise QueueError("the queue server is down")
        self.wakes += 1


class World:
    """What a test of the poller plays with."""

    def __init__(self, site: Site, store: Store, base: Path, configuration: dict[str, Any]) -> None:
        self.site = site
        self.store = store
        self.base = base
        self.clock = StillClock()
        self.line = Line()
        self.configuration = configuration
        self.poller = self.make_poller()

    def make_poller(self, **changes: Any) -> Poller:
        http = {"allow_private_networks": True, "min_interval": "0s", "timeout": "5s", "contact": "a@b.c"}
        given = dict(self.configuration)
        given["http"] = http | given.get("http", {})
        given["sources"] = [self._source(one) for one in given["sources"]]
        kept: dict[str, Any] = {"queue": self.line, "clock": self.clock, "dice": lambda: 0.0}
        return Poller(self.store, Settings(**given), self.base, **(kept | changes))

    def _source(self, given: dict[str, Any]) -> dict[str, Any]:
        return {name: self.site.url(value) if name == "url" else value for name, value in given.items()}

    async def poll(self, *ids: str, **options: Any) -> list[CycleResult]:
        return await poll_once(self.poller, ids, **options)

    async def outcome(self, *ids: str, **options: Any) -> str:
        (reading,) = await self.poll(*ids, **options)
        return str(reading.outcome)

    def serve(self, page: list[Any], *, stamp: datetime | None = None, **headers: str) -> None:
        self.site.answers(PATH, Answer(200, export(page, stamp), CSV | headers))

    def drop(self, name: str, body: bytes, *, age: timedelta = timedelta(minutes=5)) -> Path:
        path = self.base / "drop" / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(body)
        written = (self.clock.now() - age).timestamp()
        os.utime(path, (written, written))
        return path

    def source(self, source_id: str = "piers") -> Row[Any]:
        with self.store.read() as connection:
            return connection.execute(select(sources).where(sources.c.id == source_id)).one()

    def all(self, table: Table) -> list[Row[Any]]:
        with self.store.read() as connection:
            return list(connection.execute(select(table)))

    def told(self) -> list[str]:
        return [row.type for row in self.all(notices)]


def piers(**keys: Any) -> dict[str, Any]:
    """A source of the export."""
    return {"id": "piers", "format": "gao-csv", "url": PATH} | keys


def in_world(
    store: Store, base: Path, check: Callable[[World], Awaitable[None]], *sources: dict[str, Any], **more: Any
) -> None:
    """Run a check in a world with the given sources (one of the export, if none is given)."""

    async def run() -> None:
        async with open_site() as site:
            await check(World(site, store, base, {"sources": sources or (piers(),), **more}))

    asyncio.run(run())


FIVE = rows(5)
CHANGED = [FIVE[0].but(narrative="The Bureau replaced every lamp on pier 1."), *FIVE[1:]]
