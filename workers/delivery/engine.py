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
from workers.delivery.claim import Catch, Claimed
from workers.delivery.loading import Gone, Loaded
from workers.delivery.results import Result
from workers.delivery.transactions import Books
from workers.values import Message, Receipt, Transport, TransportError

log = structlog.get_logger(__name__)
_T = TypeVar("_T")

JOB_SECONDS = 60.0  # after this a job begins nothing more, unless that would leave receivers without a sender
LONGEST_JOB = 300.0  # and after this nothing at all; the queue's own time-out for a job is longer
_PATIENCE = 1.5  # seconds; a paced host that is free again within this is waited for
_LOOK_AGAIN = 0.1  # seconds between two looks for new messages while something is in flight
_TOGETHER = 0.05  # seconds; results that come within them are recorded together
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
class _Flight:
    """What is on its way: sends by their start, and results that are not recorded yet."""

    started: dict[asyncio.Task[None], float] = field(default_factory=dict)
    results: list[Result] = field(default_factory=list)
    landed: asyncio.Event = field(default_factory=asyncio.Event)

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
        self.books = Books(context, channel, clock)
        self.began = time.monotonic()
        self.flight = _Flight()
        self.tally = Tally()
        self.transport: Transport | Exception | None = None
        self.suspect: tuple[Claimed, Loaded | None] | None = None
        self.lonely = False
        self.away = False  # the store, as far as it was tried last
        # One thread for the store: sends that block threads must not keep results from being recorded.
        self.threads = ThreadPoolExecutor(1, "store")

    async def run(self) -> Tally:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(self.channel.concurrency + 2, self.channel.name))
        # Before anything is claimed: what opening costs must not come off a lease.
        self.transport = self._open()
        try:
            await self._loop()
        finally:
            await self._close()
        return self.tally

    async def _loop(self) -> None:
        while True:
            catch = await self._turn()
            if self.flight.started or self.flight.results:
                await self._landing(catch.next_slot)
            elif not self._may_begin() or not await self._next_slot(catch.next_slot):
                return

    # The job's time.

    def _may_begin(self) -> bool:
        """Invariant 4: nothing is claimed that the job has no time to finish."""
        if self.stop.is_set():
            return False
        age = time.monotonic() - self.began
        return age < JOB_SECONDS or self._winding_down(age)

    def _wary(self) -> bool:
        return time.monotonic() - self.began >= JOB_SECONDS

    def _winding_down(self, age: float) -> bool:
        """The job is over, but one receiver hangs: until it is given up, the others are still served."""
        return JOB_SECONDS <= age < LONGEST_JOB and self.flight.hanging() > 0

    # Waiting.

    async def _landing(self, next_slot: datetime | None) -> None:
        """Wait for a result, a paced host, or the time to look for new messages."""
        wait = _LOOK_AGAIN if self._may_begin() else _SLOW
        if next_slot is not None:
            wait = min(wait, self._until(next_slot))
        if await self._landed(wait):
            await self._others(time.monotonic() + _TOGETHER)

    async def _landed(self, wait: float) -> bool:
        try:
            async with asyncio.timeout(wait):
                await self.flight.landed.wait()
        except TimeoutError:
            return False
        self.flight.landed.clear()
        return True

    async def _others(self, end: float) -> None:
        """Wait for what lands with it, but not while more than half of what was begun has come back.

        A transaction a result would cost more than the send.
        """
        while len(self.flight.results) < len(self.flight.started) and (left := end - time.monotonic()) > 0:
            await self._landed(left)

    async def _next_slot(self, next_slot: datetime | None) -> bool:
        """Wait for a paced host that will soon be free; False: there is none."""
        if next_slot is None or self._until(next_slot) > _PATIENCE:
            return False
        await asyncio.sleep(self._until(next_slot))
        return True

    def _until(self, moment: datetime) -> float:
        return max(0.001, (moment - self.clock()).total_seconds())

    # One turn: record, claim, load, send.

    async def _turn(self) -> Catch:
        results, self.flight.results = self.flight.results, []
        self.lonely = self.lonely and bool(self.flight.started)
        free = self._free() if self._may_begin() else 0
        try:
            catch, loaded = await self._in_thread(lambda: self.books.turn(results, free, wary=self._wary()))
        except StoreError as error:
            self.flight.results = results + self.flight.results
            await self._store_away(error)
            return Catch()
        if results or free > 0:
            self._store_back()
        for claimed in catch.claimed:
            self._begin_with_others(claimed, loaded[claimed.id])
        self._begin_alone()
        return catch

    def _free(self) -> int:
        """How many more may be begun; a send that hangs takes up none of the room, as far as that goes."""
        if self.suspect or self.lonely:
            return 0
        hanging = min(self.flight.hanging(), self.channel.spare)
        return self.channel.concurrency + hanging - len(self.flight.started)

    def _begin_with_others(self, claimed: Claimed, loaded: Loaded | None) -> None:
        """Begin one; of those whose senders died again and again one waits, the rest go back in line."""
        if claimed.lapses < _SUSPECT:
            self._begin(claimed, loaded)
        elif self.suspect is None:
            self.suspect = (claimed, loaded)
        else:
            self._begin(claimed, None)

    def _begin_alone(self) -> None:
        """Begin a suspect once nothing else is under way or unrecorded: should it kill us, it dies alone."""
        if self.suspect and not self.flight.started and not self.flight.results:
            (claimed, loaded), self.suspect = self.suspect, None
            self.lonely = True
            self._begin(claimed, loaded if self._may_begin() else None)

    async def _store_away(self, error: StoreError) -> None:
        """Keep results for as long as their leases may hold; after that somebody else has the messages."""
        leases = [each.claimed.lease_until for each in self.flight.results]
        if (leases and self.clock() > max(leases)) or not (leases or self.flight.started):
            raise error
        if not self.away:
            log.warning("nothing can be recorded; trying until it can", error=str(error))
        self.away = True
        await asyncio.sleep(_STORE_PAUSE)

    def _store_back(self) -> None:
        if self.away:
            log.warning("the store can be used again", channel=self.channel.name)
        self.away = False

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    # One message.

    def _begin(self, claimed: Claimed, loaded: Loaded | None) -> None:
        if isinstance(loaded, Message):
            task = asyncio.create_task(self._send(claimed, loaded))
            self.flight.started[task] = time.monotonic()
            task.add_done_callback(self._gone)
        elif isinstance(loaded, Gone):
            self._ended(Result(claimed, 0.0, self.clock(), dropped=str(loaded)))
        elif loaded is None:
            self._ended(Result(claimed, 0.0, self.clock(), released=True))
        else:
            self._ended(Result(claimed, 0.0, self.clock(), error=loaded))

    def _gone(self, task: asyncio.Task[None]) -> None:
        """Whatever way it ended; mostly it has made room itself."""
        self.flight.started.pop(task, None)
        self.flight.landed.set()

    def _ended(self, result: Result) -> None:
        self.flight.results.append(result)
        self.flight.landed.set()

    async def _send(self, claimed: Claimed, message: Message) -> None:
        result = await self._result(claimed, message)
        # Its room is free with its result: a turn that saw the one without the other would claim nothing,
        # find nothing on its way, and end the job with messages still due.
        if (task := asyncio.current_task()) is not None:
            self.flight.started.pop(task, None)
        self._ended(result)

    async def _result(self, claimed: Claimed, message: Message) -> Result:
        began = time.monotonic()
        # Invariant 4: this machine may have slept since the claim; then somebody else may have the message.
        if self.clock() + self.patience > claimed.lease_until:
            return Result(claimed, 0.0, self.clock(), released=True)
        receipt, error = await self._attempt(message)
        self.tally.sent += error is None
        self.tally.failed += error is not None
        return Result(claimed, time.monotonic() - began, self.clock(), receipt, error)

    async def _attempt(self, message: Message) -> tuple[Receipt | None, TransportError | None]:
        try:
            async with asyncio.timeout(self.patience.total_seconds()):
                return await self._opened().send(message), None
        except TransportError as error:
            return None, error
        except TimeoutError:
            seconds = self.patience.total_seconds()
            return None, TransportError(f"no answer within {seconds:.0f} s", ambiguous=True, timed_out=True)
        except Exception as error:  # a mistake in a channel costs a step of the schedule, never the message
            log.exception("a channel failed", channel=self.channel.name, message_id=message.id)
            return None, TransportError(_words(error), ambiguous=True)

    def _open(self) -> Transport | Exception:
        """Make the channel's transport; where that fails, each message's attempt fails with it."""
        try:
            return self.channel.open(self.context.configuration, self.context.home)
        except Exception as error:
            log.exception("a channel could not be opened", channel=self.channel.name)
            return error

    def _opened(self) -> Transport:
        if self.transport is None or isinstance(self.transport, Exception):
            raise TransportError(f"the channel could not be opened: {_words(self.transport)}")
        return self.transport

    # The end.

    async def _close(self) -> None:
        if self.flight.started:  # only after an error: let them end, so that what they did is known
            await asyncio.wait(self.flight.started)
        if self.suspect:
            self._begin(self.suspect[0], None)
        results = self.flight.results
        try:
            over = self._wary() or self.stop.is_set()
            with suppress(StoreError):
                await self._in_thread(lambda: self.books.sign_off(results, out_of_time=over))
        finally:
            await self._close_transport()
            self.threads.shutdown(wait=False)

    async def _close_transport(self) -> None:
        if self.transport is None or isinstance(self.transport, Exception):
            return
        try:
            await self.transport.close()
        except Exception:  # what was sent is recorded; a connection that does not close changes nothing
            log.exception("a channel could not be closed", channel=self.channel.name)


def _words(error: Exception | None) -> str:
    return f"{type(error).__name__}: {error}"
