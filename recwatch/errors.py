"""How a verb ends when it cannot do what it was asked."""

import sys
from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses; 2 is also what wrong usage ends with."""

    DONE = 0
    FAILED = 1
    CONFIGURATION = 2
    NOT_A_PAGE = 3


class Failure(Exception):
    """A verb cannot go on; the message is for a person, in one line."""

    def __init__(self, message: str, status: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.status = status


def explain(error: Exception) -> tuple[str, Exit] | None:
    """What to say of an error that a person can do something about, and the status; None: not one of ours."""
    from monitor.record.store.store import StoreError
    from recwatch.configuration.errors import ConfigError

    if isinstance(error, Failure):
        return str(error), error.status
    if isinstance(error, ConfigError):
        return str(error), Exit.CONFIGURATION
    if isinstance(error, StoreError):
        return str(error), Exit.FAILED
    return _explain_late(error)


# Errors whose homes cost time to import; nothing raised them unless those are imported already.
_LATE = (
    ("monitor.formats.page.errors", "NotAPage", Exit.NOT_A_PAGE),
    ("monitor.record.queue.server", "QueueError", Exit.FAILED),
    ("monitor.record.http.outbound", "OutboundError", Exit.CONFIGURATION),
    ("monitor.captures.quarantine", "QuarantineError", Exit.FAILED),
    ("monitor.saved.drop", "DropError", Exit.FAILED),
)


def _explain_late(error: Exception) -> tuple[str, Exit] | None:
    for module, name, status in _LATE:
        if (home := sys.modules.get(module)) and isinstance(error, getattr(home, name)):
            return str(error), status
    return None
