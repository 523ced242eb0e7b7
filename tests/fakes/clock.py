"""A clock that stands still until somebody sleeps."""

import asyncio
from datetime import UTC, datetime, timedelta

from monitor.record.clock import Clock

NOON = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)


class StillClock(Clock):
    """Sleeping moves it on at once; `slept` are the waits in seconds."""

    def __init__(self, start: datetime = NOON) -> None:
        self.moment = start
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.forward(seconds=seconds)
        await asyncio.sleep(0)

    def forward(self, **time: float) -> datetime:
        """Let time go by."""
        self.moment += timedelta(**time)
        return self.moment
