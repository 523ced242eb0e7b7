"""Exit statuses, and errors that a verb ends with."""

import sys
from enum import IntEnum


class Exit(IntEnum):
    """Exit statuses; wrong usage is 2, too."""

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
    """The message and status for an expected error; None: an unexpected one."""
    from monitor.record.store.store import StoreError
    from recwatch.configuration.errors import ConfigError

    if isinstance(error, Failure):
        return str(error), error.status
    if isinstance(error, ConfigError):
        return str(error), Exit.CONFIGURATION
    if isinstance(error, StoreError):
        return str(error), Exit.FAILED
    return _explain_lazily(error)


# Errors whose modules are slow to import: if one was raised, its module is imported already.
_LAZY = (
    ("monitor.formats.page.errors", "NotAPage", Exit.NOT_A_PAGE),
    ("monitor.record.queue.server", "QueueError", Exit.FAILED),
    ("monitor.record.http.outbound", "OutboundError", Exit.CONFIGURATION),
    ("monitor.captures.quarantine", "QuarantineError", Exit.FAILED),
    ("monitor.record.store.backup", "BackupError", Exit.FAILED),
    ("monitor.saved.drop", "DropError", Exit.FAILED),
)


def _explain_lazily(error: Exception) -> tuple[str, Exit] | None:
    for module, name, status in _LAZY:
        if (found := sys.modules.get(module)) and isinstance(error, getattr(found, name)):
            return str(error), status
    return None
