"""A round: everything that the clock asks for. What one process remembers between its rounds is here.

Reminders, digests whose slot has come, notices to operators; messages of subscriptions that are gone are
cancelled, and put back in line where the subscription is there again.
"""

from datetime import datetime, timedelta

import structlog

from workers.context import Context
from workers.delivery.health import operators_trouble
from workers.messages import operator_notices
from workers.schedule import digests, reconciliation, reminders
from workers.schedule.interval import Interval

log = structlog.get_logger(__name__)

_HOURLY = timedelta(hours=1)
_SELDOM = timedelta(minutes=1)  # another process may run with another configuration; reminders take days


class Rounds:
    """One process's rounds: each does only what may have become due since the last one."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._reconciliation = Interval(_SELDOM)
        self._reminders = Interval(_SELDOM)
        self._operators = Interval(_HOURLY)
        self._slots = digests.SlotMemory()

    def make_due(self, now: datetime) -> None:
        """Store the events and messages that are due, and settle those that the configuration dropped."""
        context = self._context
        if self._reconciliation.is_due(now):
            reconciliation.reconcile(context, now)
            self._reconciliation.done(now)
        if self._reminders.is_due(now):
            reminders.remind(context.store, context.configuration.reminders, now)
            self._reminders.done(now)
        if self._operators.is_due(now):
            _warn_of_deaf_operators(context)
            self._operators.done(now)
        digests.make_due(context, now, self._slots)
        operator_notices.make_due(context, now)

    def forget(self) -> None:
        """The store may be another now, such as a copy from before the slots that were seen made."""
        self._slots = digests.SlotMemory()


def _warn_of_deaf_operators(context: Context) -> None:
    """Where their channel is dead, no notice can say so: the log does, each hour."""
    with context.store.read() as connection:
        trouble = operators_trouble(connection)
    if trouble is not None:
        since = trouble.since.isoformat()
        log.error("operators cannot be told", reason=trouble.reason, since=since, notices=trouble.notices)
