"""[[subscriptions]] with channel = "console"."""

from typing import Literal

from monitor.record.settings import Subscription


class ConsoleSubscription(Subscription):
    """Shown on the terminal; it has no keys of its own."""

    channel: Literal["console"] = "console"
