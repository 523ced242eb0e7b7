"""What operators should know before something goes wrong: whether they would hear, what may go missing."""

import sys

from recwatch.configuration import Loaded

UNSEEN = "nobody would see what operators are told: this console is no terminal"
EVICTING_ADVICE = "set its maxmemory-policy to noeviction"


def evicting(where: str, policy: str) -> str:
    """That the queue server throws things away, and what that costs."""
    return (
        f"{where} throws jobs away when its memory is full (maxmemory-policy {policy}): "
        "nothing is lost, but messages would be late"
    )


def nobody_sees(loaded: Loaded) -> bool:
    """Whether operators are told on a console that is none, as below a service manager."""
    return loaded.configuration.operators.subscription.channel == "console" and not sys.stdout.isatty()
