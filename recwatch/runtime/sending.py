"""Sends certain messages now, and waits for what becomes of them."""

import threading
import time
from collections.abc import Sequence

from workers.channels import CHANNELS
from workers.context import Context
from workers.delivery.engine import deliver
from workers.delivery.ledger import LedgerEntry, deliveries

_GLANCE = 0.05  # seconds between two looks at the ledger


def send_now(context: Context, channel: str, ids: Sequence[str]) -> list[LedgerEntry]:
    """Work on the channel in this process until these messages are settled; a worker elsewhere may be first.

    What is due on the channel besides goes out with them. Gives up a while after a request would have been.
    """
    patience = context.configuration.delivery.request_timeout.total_seconds() * 2 + 10
    deadline = time.monotonic() + patience
    stop = threading.Event()
    entries = _look(context, ids)
    while _unsettled(entries) and time.monotonic() < deadline:
        sender = threading.Thread(target=deliver, args=(context, CHANNELS[channel], stop), daemon=True)
        sender.start()
        try:
            while sender.is_alive() and _unsettled(entries) and time.monotonic() < deadline:
                sender.join(_GLANCE)
                entries = _look(context, ids)
        finally:
            # Also when we are stopped: what it has begun is to be written down, or it would go out again.
            stop.set()
            sender.join(max(deadline - time.monotonic(), 1))
        entries = _look(context, ids)
        stop.clear()
        if _unsettled(entries):
            time.sleep(_GLANCE)  # a host's pace, or somebody else holds them
    return entries


def _look(context: Context, ids: Sequence[str]) -> list[LedgerEntry]:
    with context.store.read() as connection:
        return deliveries(connection, ids=ids)


def _unsettled(entries: Sequence[LedgerEntry]) -> bool:
    return any(entry.state == "waiting" for entry in entries)
