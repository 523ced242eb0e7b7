"""What a process needs goes away and comes back: one line in the log each, growing waits in between."""

import time

import structlog

log = structlog.get_logger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0  # seconds between two attempts


class Outage:
    """An absence of the store or the queue server, for whoever tries until it is over."""

    def __init__(self, lost: str, back: str) -> None:
        self._lost, self._back = lost, back
        self._since: float | None = None
        self._wait = 0.0

    def noticed(self, error: BaseException, lost: str = "") -> float:
        """An attempt failed; gives the seconds to wait before the next one."""
        if self._since is None:
            words = f"{lost or self._lost}; trying until it can"
            log.warning(words, error=str(error))
            self._since = time.monotonic()
        self._wait = min(max(self._wait * 2, _FIRST_WAIT), _LONGEST_WAIT)
        return self._wait

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    def over(self) -> None:
        """An attempt succeeded."""
        if self._since is not None:
            log.warning(self._back, seconds=round(self.seconds))
        self._since, self._wait = None, 0.0
