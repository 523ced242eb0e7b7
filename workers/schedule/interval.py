"""Work that a process does once in a while: when it last did is the process's own memory."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(slots=True)
class Interval:
    """Due at first, and then once each `every`; a clock that was set back makes it due again."""

    every: timedelta
    _last: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        """Whether it is time again."""
        return self._last is None or not self._last <= now < self._last + self.every

    def done(self, now: datetime) -> None:
        """It was done now."""
        self._last = now
