"""Whether operators would hear."""

import sys

from recwatch.configuration import Loaded

UNSEEN = "nobody would see what operators are told: this console is no terminal"


def nobody_sees(loaded: Loaded) -> bool:
    """Whether operators are told on a console that is none, as below a service manager."""
    return loaded.configuration.operators.subscription.channel == "console" and not sys.stdout.isatty()
