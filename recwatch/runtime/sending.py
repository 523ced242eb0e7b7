"""Sends certain messages now and waits for their results."""

import threading
import time
from collections.abc import Sequence

from workers.channels import CHANNELS
from workers.context import Context
from workers.delivery.engine import deliver
from workers.delivery.ledger import LedgerEntry, deliveries

_GLANCE = 0.05  # seconds between two queries of the messages


def send_now(context: Context, channel: str, ids: Sequence[str]) -> list[LedgerEntry]:
    """Deliver on the channel in this process until these messages are settled, by us or by a worker.

    What else is due on the channel goes out with them. Gives up a while after a request would time out.
    """
    patience = context.configuration.delivery.request_timeout.total_seconds() * 2 + 10
    deadline = time.monotonic() + patience
    stop = threading.Event()
    entries = _load(context, ids)
    while _unsettled(entries) and time.monotonic() < deadline:
        sender = threading.Thread(target=deliver, args=(context, CHANNELS[channel], stop), daemon=True)
        sender.start()
        try:
            while sender.is_alive() and _unsettled(entries) and time.monotonic() < deadline:
                sender.join(_GLANCE)
                entries = _load(context, ids)
        finally:
            # Also at a stop: what is being sent has to be recorded, or it would go out again.
            stop.set()
            sender.join(max(deadline - time.monotonic(), 1))
        entries = _load(context, ids)
        stop.clear()
        if _unsettled(entries):
            time.sleep(_GLANCE)  # a host's pace, or another process holds them
    return entries


def _load(context: Context, ids: Sequence[str]) -> list[LedgerEntry]:
    with context.store.read() as connection:
        return deliveries(connection, ids=ids)


def _unsettled(entries: Sequence[LedgerEntry]) -> bool:
    return any(entry.state == "waiting" for entry in entries)
