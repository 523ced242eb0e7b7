"""The poller as a service: each source at its own time, folders every two seconds, silence noticed.

Between turns nothing is remembered but the state of unread files: it can be killed at any line, and another
one goes on with what the store says is due.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

import structlog

from monitor.fetching import hosts, sites
from monitor.fetching.asking import ANNOUNCED
from monitor.poller.cycle import heartbeat, read_folder, run_if_due, watch
from monitor.poller.files import has_files
from monitor.poller.lookups import SOON, expire, look_up
from monitor.poller.once import due_at
from monitor.poller.session import Poller, Session, open_session
from monitor.record.settings import Source
from monitor.record.store.store import StoreError
from monitor.saved.drop import DropError

_FOLDER = 2.0  # seconds between two scans of a folder
_TURN = 5.0  # seconds after which the store is asked again what is due
_HOUSE = 60.0
_CHORES = timedelta(hours=1)
_LOGGED_AGAIN = 600.0  # seconds until trouble that goes on is logged again

log = structlog.get_logger(__name__)


async def run(poller: Poller, stop: asyncio.Event) -> None:
    """Poll all sources until `stop` is set; then work under way is dropped within a second.

    OutboundError: [http] cannot be used. Trouble with a source, the store or the queue ends nothing.
    """
    async with open_session(poller) as session:
        tasks: list[asyncio.Task[Any]] = [asyncio.create_task(turn) for turn in _turns(session)]
        stopping: asyncio.Task[Any] = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()  # a fault of our own: the supervisor starts us again
        finally:
            for task in (stopping, *tasks):
                task.cancel()
            await asyncio.gather(stopping, *tasks, return_exceptions=True)


def _turns(session: Session) -> list[Coroutine[Any, Any, None]]:
    sources = session.settings.sources
    trouble = _StoreTrouble()
    turns = [_forever(_TURN, _poll_when_due(session, source), trouble) for source in sources]
    turns += [
        _forever(_FOLDER, _FolderTurn(session, source).take, trouble) for source in sources if source.path
    ]
    turns.append(_forever(_TURN, lambda: _look_up(session), trouble))
    turns.append(_forever(_HOUSE, _HouseTurn(session).take, trouble))
    return turns


class _StoreTrouble:
    """Logs trouble with the store in few lines, however many turns run into it."""

    def __init__(self) -> None:
        self._turns: set[object] = set()  # that have failed, and not gone well since
        self._logged = ("", 0.0)

    def noticed(self, turn: object, error: StoreError) -> None:
        """Log it when it begins, when it is another trouble, and every ten minutes."""
        words, now = str(error), time.monotonic()
        if not self._turns or self._logged[0] != words or now - self._logged[1] >= _LOGGED_AGAIN:
            log.warning("nothing can be stored; trying until it can", error=words)
            self._logged = words, now
        self._turns.add(turn)

    def over(self, turn: object) -> None:
        """A turn went well; others may only read, so each counts for itself."""
        if turn in self._turns:
            self._turns.discard(turn)
            if not self._turns:
                log.warning("the store can be used again")


async def _forever(pause: float, turn: Callable[[], Awaitable[float | None]], trouble: _StoreTrouble) -> None:
    """Take turns; a turn may say how many seconds until the next one, at most `pause`."""
    while True:
        wait: float | None = None
        try:
            wait = await turn()
            trouble.over(turn)
        except StoreError as error:
            trouble.noticed(turn, error)
        except Exception:
            # Whatever it was, the other sources are read on, and this one is tried again.
            log.exception("a turn of the poller failed")
        await asyncio.sleep(pause if wait is None else min(max(wait, 0.05), pause))


def _poll_when_due(session: Session, source: Source) -> Callable[[], Awaitable[float | None]]:
    announced = False

    async def turn() -> float | None:
        nonlocal announced
        due = await asyncio.to_thread(due_at, session, source)
        now = session.clock.now()  # after `due`, which may be the moment it was asked for
        if due > now:
            return (due - now).total_seconds()
        # Waited for here and not under the lease, which those need who read the folder.
        wait = await asyncio.to_thread(_pace, session, source)
        if wait:
            if wait > ANNOUNCED and not announced:
                log.info("waiting for the host's pace", source=source.id, seconds=round(wait.total_seconds()))
            announced = True
            return wait.total_seconds()
        announced = False
        await _poll(session, source)
        return 0.0

    return turn


def _pace(session: Session, source: Source) -> timedelta:
    if not source.url:
        return timedelta(0)
    host = hosts.load(session.store, sites.host_of(source.url))
    return hosts.wait_for(host, session.clock.now())


async def _poll(session: Session, source: Source) -> None:
    result = await run_if_due(session, source)
    if result is None:
        await asyncio.sleep(1)
    elif not result.failed:
        await heartbeat(session)


class _FolderTurn:
    """Reads one source's folder, whatever its schedule says."""

    def __init__(self, session: Session, source: Source) -> None:
        self._session = session
        self._source = source
        self._trouble = ""

    async def take(self) -> None:
        try:
            if await has_files(self._session, self._source):
                files = await read_folder(self._session, self._source)
                if files and not any(result.failed for result in files):
                    await heartbeat(self._session)
            self._trouble = ""
        except DropError as error:
            # Every two seconds: logged once. The source's own cycle counts it.
            if str(error) != self._trouble:
                log.warning(str(error), source=self._source.id)
            self._trouble = str(error)


async def _look_up(session: Session) -> None:
    sources = [source for source in session.settings.sources if source.confirm_closures]
    await look_up(session, sources, until=session.clock.now() + SOON)


class _HouseTurn:
    """Notices silent sources, ends expired look-ups, logs what is covered, and runs the hourly chores."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._chores_at = session.clock.now()

    async def take(self) -> None:
        session = self._session
        now = session.clock.now()
        await asyncio.to_thread(expire, session.store, now)
        await session.say_covered()
        await watch(session, session.settings.sources)
        if now >= self._chores_at:
            for chore in session.poller.chores:
                await asyncio.to_thread(chore, session.store, session.settings, now)
            self._chores_at = now + _CHORES
