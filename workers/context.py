"""What a worker process works with: the configuration, the store, the queue, the channels.

A context is made in each process after its fork: engines and connections do not survive one.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from monitor.record.queue.client import Queue
from monitor.record.store.store import Store
from workers.channels import CHANNELS
from workers.channels.channel import Channel
from workers.configuration import Configuration


@dataclass(slots=True)
class Context:
    """One process's tools. `home` is where channels may write; `channels` is replaced only in tests.

    `reconciled_at` is when this process last held the messages against the configuration, `reminded_at`
    when it last looked for what the clock asks for, `left_over_at` when for items that wait for no digest.
    `let_go_at` when it last held what was set aside against the store.
    `digested` is the newest slot that it knows to be over, by subscription and recipient, `swept` the queue's
    epoch with which it last looked for marks of another.
    """

    configuration: Configuration
    home: Path
    store: Store
    queue: Queue
    channels: Mapping[str, Channel] = field(default_factory=lambda: CHANNELS)
    reconciled_at: datetime | None = None
    left_over_at: datetime | None = None
    let_go_at: datetime | None = None
    digested: dict[tuple[str, str], str] = field(default_factory=dict)
    swept: str = ""
    reminded_at: datetime | None = None


_factory: Callable[[], Context] | None = None
_made: dict[int, Context] = {}  # by process


def install(factory: Callable[[], Context]) -> None:
    """Say how a context is made; it is made when a job first asks, in the process that runs the job."""
    global _factory  # noqa: PLW0603 - a queue's jobs are functions: they have nowhere else to look
    _factory = factory
    _made.clear()


def current() -> Context:
    """Give this process its context; RuntimeError where nothing was installed."""
    if (context := _made.get(os.getpid())) is not None:
        return context
    if _factory is None:
        raise RuntimeError("no context is installed; call workers.context.install first")
    # A parent's, copied by the fork, is kept as it is: were it let go, its connections would be closed.
    _made[os.getpid()] = _factory()
    return _made[os.getpid()]
