"""Days in seconds: a dispatcher and its channels under a clock that jumps from one due moment to the next.

Receivers, store and channels are real; the queue is a list, and each channel's jobs run in a thread of
their own, as they run in a process of their own otherwise.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine

from monitor.record.store.store import Store
from tests.workers.seeding import NOW, changes
from workers.channels import CHANNELS
from workers.channels.channel import Channel
from workers.configuration import Configuration
from workers.context import Context
from workers.delivery.engine import deliver
from workers.messages import fanout
from workers.queue import due
from workers.queue.dispatcher import Dispatcher

_A_MOMENT = timedelta(milliseconds=20)  # beyond a due moment, so that it has come for certain
_PACE = timedelta(milliseconds=10)  # Slack's second would pass in earnest
_ROUNDS = 200  # of dispatching at one moment; more is a circle


def now() -> datetime:
    """The travelled time, aware."""
    return datetime.now(UTC)


@dataclass
class Line:
    """A queue of one process; what stands in it is worked off by the simulation."""

    jobs: list[tuple[int | str, ...]] = field(default_factory=list)

    def enqueue(self, queue_name: str, dotted_path: str, *args: int | str, ttl: int | None = None) -> None:
        self.jobs.append((queue_name, *args))

    def depth(self, queue_name: str) -> int:
        return sum(job[0] == queue_name for job in self.jobs)

    def epoch(self) -> str:
        return "epoch_1"

    def wake(self) -> None:
        """Nobody sleeps."""

    def close(self) -> None:
        """Nothing is open."""


class Days:
    """A running house, and its time."""

    def __init__(
        self, store: Store, home: Path, configuration: Configuration, travel: time_machine.Traveller
    ) -> None:
        self.store = store
        self.line = Line()
        paced = {name: _quickly(channel) for name, channel in CHANNELS.items()}
        self.context = Context(configuration, home, store, self.line, paced)  # type: ignore[arg-type]
        self._dispatcher = Dispatcher(self.context)
        self._travel = travel
        self._looked = now()

    def happen(self, *pairs: tuple[int, int], **values: Any) -> None:
        """A capture in which recommendations came to revisions; and what follows from it at once."""
        changes(self.store, pairs, at=now(), **values)
        self.settle()

    def settle(self) -> None:
        """Dispatch and work until nothing more is due now."""
        for _ in range(_ROUNDS):
            self._looked = now()
            if not self._dispatcher.dispatch():
                return
            self._work_off()
        raise AssertionError("something is due again and again at one moment")

    def _work_off(self) -> None:
        jobs, self.line.jobs = self.line.jobs, []
        for _, row in (job for job in jobs if job[0] == "changes"):
            fanout.fan_out(self.context, int(row))
        names = sorted({str(job[0]) for job in jobs} - {"changes"})
        threads = [threading.Thread(target=self._deliver, args=(name,), name=name) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _deliver(self, name: str) -> None:
        deliver(self.context, self.context.channels[name])

    def go(self, **time: float) -> None:
        """Let time go by, stopping wherever something becomes due."""
        end = now() + timedelta(**time)
        while (moment := self._next()) is not None and moment < end:
            self._jump(max(moment, now()) + _A_MOMENT)
            self.settle()
        self._jump(max(end, now()))
        self.settle()

    def jump(self, **time: float) -> None:
        """Set the clock, forwards or (negative) backwards, with nobody looking meanwhile."""
        self._jump(now() + timedelta(**time))
        self.settle()

    def _next(self) -> datetime | None:
        with self.store.read() as connection:
            return due.next_at(connection, self._looked, self.context.configuration)

    def _jump(self, moment: datetime) -> None:
        self._travel.move_to(moment)


def _quickly(channel: Channel) -> Channel:
    return replace(channel, pace=lambda settings: channel.pace(settings) and _PACE)


@contextmanager
def days(store: Store, home: Path, configuration: Configuration) -> Iterator[Days]:
    """Begin at `seeding.NOW`; the machine's own time comes back at the end."""
    with time_machine.travel(NOW, tick=True) as travel:
        yield Days(store, home, configuration, travel)
