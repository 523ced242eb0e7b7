"""What the rest of the program may know of a channel."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.record.settings import Settings, Subscription
from workers.values import Transport


@dataclass(frozen=True, slots=True)
class Channel:
    """One way of telling people.

    `settings` is the model of a subscription to it. `open` makes a transport that serves one job;
    what is written below the home is its second argument. `host` names what is limited and paced (a
    receiving host, a Slack channel) and holds no secret: it is stored. `pace` is the time between two
    requests to one host, None where there is no limit. `concurrency` is how many messages one job may
    have in flight, `per_host` how many of them to one host. `spare` is how many more it may have while as
    many hang; none where a send keeps a thread.
    """

    name: str
    settings: type[Subscription]
    open: Callable[[Settings, Path], Transport]
    host: Callable[[Any, Settings], str]
    pace: Callable[[Settings], timedelta | None]
    concurrency: int
    per_host: int
    spare: int = 0
