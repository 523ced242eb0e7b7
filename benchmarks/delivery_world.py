"""A home with a configuration, a store and messages to send, and the real program running on it."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from monitor.record.folding import fingerprint
from monitor.record.queue.client import Queue
from monitor.record.store.store import FILE, Store, store_url
from monitor.record.store.upgrade import open_store
from recwatch.configuration import load
from tests.workers import seeding
from workers.context import Context

_ROOT = Path(__file__).parents[1]
SECRET = "whsec_" + "c2VjcmV0IG9mIGEgdGVzdCByZWNlaXZlcg=="
OLD = (
    "DHS concurred with this recommendation. In commenting on our report, officials said that the "
    "Office of Fleet Readiness would write a guide on the upkeep of patrol boats. In January 2025, DHS "
    "stated that the guide was being reviewed internally and that it covers engines, hulls and radios. "
    "As of March 2025, officials said they are also surveying the boats that are kept in the three "
    "southern districts, as funds allow. DHS anticipates completing these actions by May 2025. We will "
    "continue to monitor DHS's efforts to address this recommendation."
)
NEW = OLD.replace("As of March 2025", "As of August 2025").replace(
    "by May 2025", "by February 2026, because engines were delivered late"
)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table: what was measured, the figure and its target in words, their ratio.

    `ratio` is figure over target the way in which more than 1 misses it; None where there is no target.
    """

    name: str
    figure: str
    target: str = ""
    ratio: float | None = None
    note: str = ""


def show(rows: list[Row]) -> None:
    """Print the table, the machine's load beside it."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    print(f"{'measured':<58}{'figure':>16}{'target':>16}{'ratio':>8}  note (load {load})")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        print(f"{row.name:<58}{row.figure:>16}{row.target:>16}{ratio:>8}  {row.note}", flush=True)


@dataclass(slots=True)
class World:
    """A folder with a configuration, its home below it."""

    folder: Path

    def configure(self, urls: list[str], *, workers: int = 2, store: str = "", extra: str = "") -> None:
        """Write the configuration: one webhook subscription an address, one source that is a folder."""
        (self.folder / "drop").mkdir(exist_ok=True)
        head = f"""
[store]
url = "{store}"
[http]
contact = "benchmark@example.org"
allow_private_networks = true
[delivery]
workers = {{ webhook = {workers} }}
[[sources]]
id = "gao-open"
format = "gao-csv"
path = "drop/"
{extra}"""
        each = [
            f'[[subscriptions]]\nid = "s{number}"\nchannel = "webhook"\nurl = "{url}"\nsecret = "{SECRET}"\n'
            for number, url in enumerate(urls)
        ]
        self.path.write_text(head + "".join(each))

    @property
    def path(self) -> Path:
        """The configuration file."""
        return self.folder / "recwatch.toml"

    @property
    def home(self) -> Path:
        """Where the program keeps everything."""
        return self.folder / "var"

    def room(self) -> int:
        """Bytes that the SQLite store takes, what waits in its log among them put where it belongs."""
        with closing(sqlite3.connect(self.home / FILE)) as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            (pages,), (size,) = (
                store.execute(f"PRAGMA {what}").fetchone() for what in ("page_count", "page_size")
            )
        return int(pages) * int(size)

    @contextmanager
    def context(self) -> Iterator[Context]:
        """A context in this process; its queue is never asked."""
        loaded = load(self.path, None, secrets=True)
        self.home.mkdir(exist_ok=True)
        with open_store(store_url(loaded.configuration, loaded.home)) as store:
            yield Context(loaded.configuration, loaded.home, store, Queue("redis://127.0.0.1:1"))

    @contextmanager
    def up(self, verb: str = "up") -> Iterator[subprocess.Popen[bytes]]:
        """`recwatch up` on this home, ready; stopped at the end."""
        log = self.folder / "up.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "recwatch", verb],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(_ROOT)},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(60)


def changes(store: Store, count: int) -> int:
    """So many recommendations whose narrative changed in one capture; gives the outbox row's id."""
    side = {"narrative": NEW, "fingerprint": fingerprint(NEW)}
    with store.write() as connection:
        capture = seeding.capture(connection)
        for number in range(1, count + 1):
            seeding.recommend(connection, number, narrative=OLD, fingerprint=fingerprint(OLD))
            seeding.happen(connection, number, 2, capture, side=side)
        return seeding.wait(connection, capture)


def until(done: Callable[[], bool], seconds: float) -> bool:
    """Look ten times a second whether it is done; False where the time was not enough."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if done():
            return True
        time.sleep(0.1)
    return False


def now() -> datetime:
    """Aware."""
    return datetime.now(UTC)


def children_cpu() -> float:
    """CPU seconds of all children that ended so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tree_cpu(head: int) -> dict[str, float]:
    """CPU seconds so far of a process and all below it, by what they are called on the command line."""
    found: dict[int, tuple[int, float]] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            found[int(folder.name)] = (int(fields[1]), sum(map(int, fields[11:15])) / tick)
    mine = {head}
    for _ in range(5):
        mine |= {pid for pid, (parent, _) in found.items() if parent in mine}
    return {str(pid): found[pid][1] for pid in sorted(mine) if pid in found}
