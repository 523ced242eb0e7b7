"""Sends a channel's messages: one job, many in flight, each receiver on its own.

The loop alternates two things: one transaction (record what came back, claim what may go out, load it)
in a thread of its own, and the sends that it led to. No send happens inside a transaction (invariant 6).
"""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from monitor.record.store.store import StoreError
from workers.channels.channel import Channel
from workers.context import Context
from workers.delivery.claiming.claim import Claimed, Claims
from workers.delivery.loading import Loaded, ReceiverGone
from workers.delivery.results import Result
from workers.delivery.sender import Sender
from workers.delivery.transactions import JobTransactions
from workers.outage import Outage
from workers.values import Message

log = structlog.get_logger(__name__)
_T = TypeVar("_T")

JOB_SECONDS = 60.0  # after this a job begins nothing more, unless that would leave receivers without a sender
LONGEST_JOB = 300.0  # and after this nothing at all; the queue's own time-out for a job is longer
_PATIENCE = 1.5  # seconds; a paced host that is free again within this is waited for
_POLL = 0.1  # seconds between two looks for new messages while something is in flight
_GATHER = 0.05  # seconds; results that come within them are recorded together
_SLOW = 1.0  # seconds; a send that takes longer counts as hanging
_SUSPECT = 2  # lapses, from which a message may be what kills its senders
_STORE_PAUSE = 0.5  # seconds between two tries to reach the store


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Tally:
    """What one job did: messages that arrived, attempts that failed."""

    sent: int = 0
    failed: int = 0


@dataclass(slots=True)
class _InFlight:
    """What is on its way: sends by their start, and results that are not recorded yet."""

    started: dict[asyncio.Task[None], float] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    def hanging(self) -> int:
        """How many have gone on for too long."""
        slow = time.monotonic() - _SLOW
        return sum(start < slow for start in self.started.values())


def deliver(context: Context, channel: Channel, stop: threading.Event | None = None) -> Tally:
    """Send what is due on a channel until nothing is, the job's time is over, or `stop` is set.

    Whatever happens, each message is sent, or stands in the store with what to do about it.
    """
    return asyncio.run(_Job(context, channel, stop or threading.Event()).run())


class _Job:
    def __init__(
        self,
        context: Context,
        channel: Channel,
        stop: threading.Event,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        delivery = context.configuration.delivery
        self.context = context
        self.channel = channel
        self.stop = stop
        self.clock = clock
        # A request is given up well before its lease ends; the transports' own limits come first.
        self.patience = delivery.request_timeout + (delivery.lease - delivery.request_timeout) / 4
        self.store = JobTransactions(context, channel, clock)
        self.began = time.monotonic()
        self.flight = _InFlight()
        self.tally = Tally()
        self.suspect: tuple[Claimed, Loaded | None] | None = None
        self.isolated = False
        self.outage = Outage("nothing can be recorded", "the store can be used again")
        # One thread for the store: sends that block threads must not keep results from being recorded.
        self.threads = ThreadPoolExecutor(1, "store")

    async def run(self) -> Tally:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self.channel.concurrency + 2, self.channel.name))
        # Before anything is claimed: what opening costs must not come off a lease.
        self.sender = Sender(self.context, self.channel, self.patience)
        try:
            await self._loop()
        finally:
            await self._close()
        return self.tally

    async def _loop(self) -> None:
        while True:
            claims = await self._turn()
            if self.flight.started or self.flight.results:
                await self._wait(claims.next_slot)
            elif not self._may_begin() or not await self._next_slot(claims.next_slot):
                return

    # The job's time.

    def _may_begin(self) -> bool:
        """Invariant 4: nothing is claimed that the job has no time to finish."""
        if self.stop.is_set():
            return False
        age = time.monotonic() - self.began
        return age < JOB_SECONDS or self._winding_down(age)

    def _is_late(self) -> bool:
        return time.monotonic() - self.began >= JOB_SECONDS

    def _winding_down(self, age: float) -> bool:
        """The job is over, but one receiver hangs: until it is given up, the others are still served."""
        return JOB_SECONDS <= age < LONGEST_JOB and self.flight.hanging() > 0

    # Waiting.

    async def _wait(self, next_slot: datetime | None) -> None:
        """Wait for a result, a paced host, or the time to look for new messages."""
        wait = _POLL if self._may_begin() else _SLOW
        if next_slot is not None:
            wait = min(wait, self._until(next_slot))
        if await self._any_finished(wait):
            await self._gather(time.monotonic() + _GATHER)

    async def _any_finished(self, wait: float) -> bool:
        try:
            async with asyncio.timeout(wait):
                await self.flight.finished.wait()
        except TimeoutError:
            return False
        self.flight.finished.clear()
        return True

    async def _gather(self, end: float) -> None:
        """Wait for what lands with it, but not while more than half of what was begun has come back.

        A transaction a result would cost more than the send.
        """
        while len(self.flight.results) < len(self.flight.started) and (left := end - time.monotonic()) > 0:
            await self._any_finished(left)

    async def _next_slot(self, next_slot: datetime | None) -> bool:
        """Wait for a paced host that will soon be free; False: there is none."""
        if next_slot is None or self._until(next_slot) > _PATIENCE:
            return False
        await asyncio.sleep(self._until(next_slot))
        return True

    def _until(self, moment: datetime) -> float:
        return max(0.001, (moment - self.clock()).total_seconds())

    # One turn: record, claim, load, send.

    async def _turn(self) -> Claims:
        results, self.flight.results = self.flight.results, []
        self.isolated = self.isolated and bool(self.flight.started)
        free = self._free() if self._may_begin() else 0
        try:
            claims, loaded = await self._in_thread(
                lambda: self.store.turn(results, free, avoid_slow=self._is_late())
            )
        except StoreError as error:
            self.flight.results = results + self.flight.results
            await self._keep_results(error)
            return Claims()
        if results or free > 0:
            self.outage.over()
        for claimed in claims.claimed:
            self._begin_with_gather(claimed, loaded[claimed.id])
        self._begin_isolated()
        return claims

    def _free(self) -> int:
        """How many more may be begun; a send that hangs takes up none of the room, as far as that goes."""
        if self.suspect or self.isolated:
            return 0
        hanging = min(self.flight.hanging(), self.channel.spare)
        return self.channel.concurrency + hanging - len(self.flight.started)

    def _begin_with_gather(self, claimed: Claimed, loaded: Loaded | None) -> None:
        """Begin one; of those whose senders died again and again one waits, the rest go back in line."""
        if claimed.lapses < _SUSPECT:
            self._begin(claimed, loaded)
        elif self.suspect is None:
            self.suspect = (claimed, loaded)
        else:
            self._begin(claimed, None)

    def _begin_isolated(self) -> None:
        """Begin a suspect once nothing else is under way or unrecorded: should it kill us, it dies alone."""
        if self.suspect and not self.flight.started and not self.flight.results:
            (claimed, loaded), self.suspect = self.suspect, None
            self.isolated = True
            self._begin(claimed, loaded if self._may_begin() else None)

    async def _keep_results(self, error: StoreError) -> None:
        """Keep results for as long as their leases may hold; after that somebody else has the messages."""
        leases = [each.claimed.lease_until for each in self.flight.results]
        if (leases and self.clock() > max(leases)) or not (leases or self.flight.started):
            raise error
        self.outage.noticed(error)
        await asyncio.sleep(_STORE_PAUSE)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    # One message.

    def _begin(self, claimed: Claimed, loaded: Loaded | None) -> None:
        if isinstance(loaded, Message):
            task = asyncio.create_task(self._send(claimed, loaded))
            self.flight.started[task] = time.monotonic()
            task.add_done_callback(self._task_done)
        elif isinstance(loaded, ReceiverGone):
            self._finish(Result(claimed, 0.0, self.clock(), dropped=str(loaded)))
        elif loaded is None:
            self._finish(Result(claimed, 0.0, self.clock(), released=True))
        else:
            self._finish(Result(claimed, 0.0, self.clock(), error=loaded))

    def _task_done(self, task: asyncio.Task[None]) -> None:
        """Whatever way it ended; mostly it has made room itself."""
        self.flight.started.pop(task, None)
        self.flight.finished.set()

    def _finish(self, result: Result) -> None:
        self.flight.results.append(result)
        self.flight.finished.set()

    async def _send(self, claimed: Claimed, message: Message) -> None:
        result = await self._result(claimed, message)
        # Its room is free with its result: a turn that saw the one without the other would claim nothing,
        # find nothing on its way, and end the job with messages still due.
        if (task := asyncio.current_task()) is not None:
            self.flight.started.pop(task, None)
        self._finish(result)

    async def _result(self, claimed: Claimed, message: Message) -> Result:
        began = time.monotonic()
        # Invariant 4: this machine may have slept since the claim; then somebody else may have the message.
        if self.clock() + self.patience > claimed.lease_until:
            return Result(claimed, 0.0, self.clock(), released=True)
        receipt, error = await self.sender.send(message)
        self.tally.sent += error is None
        self.tally.failed += error is not None
        return Result(claimed, time.monotonic() - began, self.clock(), receipt, error)

    # The end.

    async def _close(self) -> None:
        if self.flight.started:  # only after an error: let them end, so that what they did is known
            await asyncio.wait(self.flight.started)
        if self.suspect:
            self._begin(self.suspect[0], None)
        results = self.flight.results
        try:
            over = self._is_late() or self.stop.is_set()
            with suppress(StoreError):
                await self._in_thread(lambda: self.store.sign_off(results, out_of_time=over))
        finally:
            await self.sender.close()
            self.threads.shutdown(wait=False)
