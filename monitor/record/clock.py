"""The clock, which tests replace."""

import asyncio
from datetime import UTC, datetime


class Clock:
    """The system's clock."""

    def now(self) -> datetime:
        """The present, with its time zone."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Sleep for so many seconds."""
        await asyncio.sleep(seconds)
