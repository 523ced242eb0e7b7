"""Time as the edges use it, so that tests can hold it still."""

import asyncio
from datetime import UTC, datetime


class Clock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present, aware."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Let so many seconds go by."""
        await asyncio.sleep(seconds)
