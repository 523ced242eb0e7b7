"""A delivery job's own transactions: record what came back, claim what may go out, load it, sign off.

Nothing here waits for a receiver (invariant 6); the engine calls it from one thread.
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from monitor.record.ids import new_id
from monitor.record.store.store import StoreError
from workers.channels.channel import Channel
from workers.context import Context
from workers.delivery.claiming.claim import Claimed, ClaimRequest, Claims, HostQueue, Limits, claim
from workers.delivery.loading import EventCache, Loaded, load
from workers.delivery.results import Result, record, unmark
from workers.messages.receiver_trouble import notify_dead
from workers.values import TransportError

log = structlog.get_logger(__name__)

_SOON = timedelta(seconds=2)  # when the next job may look, after one that found nothing it could do


class JobTransactions:
    """What one job does to the store."""

    def __init__(self, context: Context, channel: Channel, clock: Callable[[], datetime]) -> None:
        delivery = context.configuration.delivery
        self._context = context
        self._channel = channel.name
        self._clock = clock
        self._delivery = delivery
        self._limits = Limits(
            channel.name,
            channel.concurrency,
            channel.per_host,
            channel.pace(context.configuration),
            delivery.lease,
            delivery.retry,
        )
        self._holder = new_id("job")
        self._claims = 0
        self._hosts = HostQueue(channel.name)
        self._cache = EventCache()

    def turn(
        self, results: Sequence[Result], free: int, *, avoid_slow: bool = False
    ) -> tuple[Claims, dict[str, Loaded | None]]:
        """Record results, claim up to `free` messages and load them, by id; None: it goes back in line.

        Raises StoreError, and then no result was recorded that would harm if it were given again.
        """
        if not results and free <= 0:
            return Claims(), {}
        try:
            claims = self._record_and_claim(results, free, avoid_slow)
        except StoreError:
            raise
        except Exception:
            if not results:
                raise
            self._record_one_by_one(results)
            claims = self._record_and_claim((), free, avoid_slow)
        return claims, self._load(claims.claimed)

    def sign_off(self, results: Sequence[Result], *, out_of_time: bool) -> None:
        """Record what is left, and let no mark keep the next job away."""
        with self._context.store.write() as connection:
            now = self._clock()
            record(connection, results, self._delivery, now, _draw)
            unmark(connection, self._channel, now, None if out_of_time else now + _SOON)

    def _record_one_by_one(self, results: Sequence[Result]) -> None:
        """One result that cannot be written must not leave the others unknown; its own lease will lapse."""
        for result in results:
            try:
                self._record_and_claim([result], 0)
            except StoreError:
                raise
            except Exception:
                log.exception("a result could not be recorded", message_id=result.claimed.id)

    def _record_and_claim(self, results: Sequence[Result], free: int, avoid_slow: bool = False) -> Claims:
        with self._context.store.write() as connection:
            now = self._clock()
            record(connection, results, self._delivery, now, _draw)
            if free <= 0:
                return Claims()
            self._claims += 1
            holder = f"{self._holder}:{self._claims}"
            request = ClaimRequest(self._limits, free, holder, now, avoid_slow)
            claims = claim(connection, request, self._hosts)
            for message_id in claims.given_up:
                notify_dead(connection, message_id, now)
            return claims

    def _load(self, claimed: Sequence[Claimed]) -> dict[str, Loaded | None]:
        """Build messages; one that cannot be built must not hold up those claimed with it."""
        if not claimed:
            return {}
        try:
            with self._context.store.read() as connection:
                return dict(load(connection, self._context.configuration, claimed, self._cache))
        except StoreError:
            return {each.id: None for each in claimed}  # back in line: nothing is known against them
        except Exception as error:  # whatever a message holds, it is kept and tried again
            if len(claimed) > 1:
                return {name: one for each in claimed for name, one in self._load([each]).items()}
            log.exception("a message could not be put together", message_id=claimed[0].id)
            words = f"it could not be put together: {type(error).__name__}: {error}"
            return {claimed[0].id: TransportError(words)}


def _draw() -> float:
    return random.uniform(-1, 1)  # noqa: S311 - jitter, no secret
