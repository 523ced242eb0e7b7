"""Sends one request to one address: at its host's pace, within limits, with errors in words."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import httpx
import structlog

from monitor.fetching import hosts, robots, sites
from monitor.fetching.answers import Refusal
from monitor.fetching.body import BodyRefused, read_body
from monitor.fetching.memory_budget import MemoryBudget, Share
from monitor.fetching.retry_after import retry_at
from monitor.record.bodies import Body
from monitor.record.clock import Clock
from monitor.record.http import outbound
from monitor.record.http.errors import AddressRefused, reason
from monitor.record.settings import Http
from monitor.record.store.store import Store
from monitor.record.values import Outcome

ANNOUNCED = timedelta(seconds=5)  # a longer wait for a host's pace is logged
_CHECK_AGAIN = timedelta(seconds=60)  # another process may release the host meanwhile
# Headers that identify us, or concern the transfer alone.
_DROPPED = frozenset(("set-cookie", "content-encoding", "content-length", "transfer-encoding", "connection"))
_REFUSED = (401, 403, 407, 429, 451, 503)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; its body is read only where the status is 200."""

    status: int
    headers: dict[str, str]
    body: Body


class Asker:
    """Sends requests, each at the pace of its host."""

    def __init__(self, client: outbound.Client, store: Store, http: Http, clock: Clock) -> None:
        self.client = client
        self.store = store
        self.http = http
        self.clock = clock
        self.known: dict[str, hosts.Host] = {}  # as they were last read
        self.budget = MemoryBudget()

    def interval(self, text: str | None) -> timedelta:
        """The time between two requests to a host with these rules: the longer of theirs and ours."""
        own = self.http.min_interval
        return max(hosts.DEFAULT_INTERVAL if own is None else own, robots.crawl_delay(text))

    async def wait_for_turn(self, name: str, interval: timedelta) -> None:
        """Wait until the host may be asked, and take that turn."""
        announced = False
        while not await asyncio.to_thread(hosts.claim, self.store, name, interval, self.clock.now()):
            host = await asyncio.to_thread(hosts.load, self.store, name)
            wait = hosts.wait_for(host, self.clock.now())
            if wait > ANNOUNCED and not announced:
                log.info("waiting for the host's pace", host=name, seconds=round(wait.total_seconds()))
                announced = True
            await self.clock.sleep(max(min(wait, _CHECK_AGAIN).total_seconds(), 0.01))

    async def ask(
        self,
        url: str,
        headers: dict[str, str],
        *,
        max_bytes: int | None = None,
        truncate: bool = False,
        share: Share | None = None,
    ) -> Answer | Refusal:
        """Send one request without waiting for a turn; a Refusal says why there is no usable answer."""
        limit = max_bytes or self.http.max_bytes
        name = sites.host_of(url)
        try:
            async with asyncio.timeout(self.http.timeout.total_seconds()) as deadline:
                wait = partial(_wait_for_memory, share, deadline) if share else None
                return await self._exchange(url, headers, limit, truncate=truncate, wait=wait)
        except AddressRefused as error:
            return Refusal(Outcome.FAILING, f"{name} must not be asked: {error}.")
        except BodyRefused as error:
            return Refusal(
                Outcome.FAILING, f"The answer of {name} cannot be used: {error}.", everywhere=False
            )
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Refusal(Outcome.FAILING, f"{name} could not be reached: {reason(error)}.")

    async def _exchange(
        self,
        url: str,
        headers: dict[str, str],
        limit: int,
        *,
        truncate: bool,
        wait: Callable[[int], Awaitable[None]] | None,
    ) -> Answer:
        async with self.client.get_raw(url, headers) as response:
            received = _readable(response.headers)
            known = {key: value for key, value in received.items() if key not in _DROPPED}
            if response.status != 200:
                return Answer(response.status, known, b"")
            pieces = response.pieces()
            return Answer(200, known, await read_body(pieces, received, limit, truncate=truncate, wait=wait))


async def _wait_for_memory(share: Share, deadline: asyncio.Timeout, size: int) -> None:
    """Wait until a body may take so many bytes; its site's time limit does not run meanwhile."""
    if share.take(size):
        return
    loop, ends = asyncio.get_running_loop(), deadline.when()
    assert ends is not None
    left = ends - loop.time()
    deadline.reschedule(None)
    await share.wait(size)
    deadline.reschedule(loop.time() + left)


def _readable(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by names in lower case; one that was sent several times holds all values, with commas."""
    found: dict[str, str] = {}
    for key, value in raw:
        name, text = key.decode("latin-1").lower(), _text(value)
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def refusal_of(answer: Answer, url: str, now: datetime) -> Refusal | None:
    """What a status other than 200, 304 and a redirect means."""
    name, status = sites.host_of(url), answer.status
    later = retry_at(answer.headers.get("retry-after"), now)
    if status in _REFUSED:
        return Refusal(Outcome.BLOCKED, f"{name} refused ({status}).", later)
    if status in (404, 410):
        return Refusal(Outcome.FAILING, f"{name} has no such page ({status}).", everywhere=False)
    if status >= 500:
        return Refusal(Outcome.FAILING, f"{name} is in trouble ({status}).", later)
    return Refusal(Outcome.FAILING, f"{name} gave no page but status {status}.", later, everywhere=False)
