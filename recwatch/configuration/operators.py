"""Warnings for operators: notices that nobody would see, a queue server that throws jobs away."""

import sys

from recwatch.configuration import Loaded

UNSEEN = "nobody would see notices to operators: this console is not a terminal"
EVICTING_ADVICE = "set its maxmemory-policy to noeviction"


def evicting(where: str, policy: str) -> str:
    """Say that the queue server throws jobs away, and what that costs."""
    return (
        f"{where} throws jobs away when its memory is full (maxmemory-policy {policy}): "
        "nothing is lost, but messages would be late"
    )


def nobody_sees(loaded: Loaded) -> bool:
    """Whether notices to operators go to a console that is not a terminal, as under a service manager."""
    return loaded.configuration.operators.subscription.channel == "console" and not sys.stdout.isatty()
