"""The interface of a channel to the rest of the program."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.record.settings import Settings, Subscription
from workers.values import Transport


@dataclass(frozen=True, slots=True)
class Channel:
    """One way of sending messages to people or programs.

    `settings`: the model of a subscription to it. `open`: makes a transport for one job; the second argument
    is the home, below which it may write. `host`: names what is limited and paced (a receiving host, a Slack
    channel); it is stored, so it contains no secret. `pace`: the time between two requests to one host,
    None for no limit. `concurrency`: messages in flight in one job; `per_host`: those of them to one host.
    `spare`: additional messages in flight while as many get no answer; 0 where each send occupies a thread.
    """

    name: str
    settings: type[Subscription]
    open: Callable[[Settings, Path], Transport]
    host: Callable[[Any, Settings], str]
    pace: Callable[[Settings], timedelta | None]
    concurrency: int
    per_host: int
    spare: int = 0
