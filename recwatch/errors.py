"""How a verb ends when it cannot do what it was asked."""

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
    from monitor.record.store import StoreError
    from recwatch.configuration.errors import ConfigError

    if isinstance(error, Failure):
        return str(error), error.status
    if isinstance(error, ConfigError):
        return str(error), Exit.CONFIGURATION
    if isinstance(error, StoreError):
        return str(error), Exit.FAILED
    return _explain_late(error)


def _explain_late(error: Exception) -> tuple[str, Exit] | None:
    """The errors whose homes cost time to import: nothing raised them unless they are imported already."""
    import sys

    if (formats := sys.modules.get("monitor.formats.errors")) and isinstance(error, formats.NotAPage):
        hint = f"; {error.hint}" if error.hint else ""
        return f"{error.reason}{hint}", Exit.NOT_A_PAGE
    if (queue := sys.modules.get("monitor.record.queue")) and isinstance(error, queue.QueueError):
        return str(error), Exit.FAILED
    return None
