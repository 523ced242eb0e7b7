"""What a worker process works with: the configuration, the store, the queue, the channels.

A context is made in each process after its fork: connections do not survive one.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.record.queue.client import Queue
from monitor.record.store.store import Store
from workers.channels import CHANNELS
from workers.channels.channel import Channel
from workers.configuration import Configuration


@dataclass(slots=True)
class Context:
    """One process's tools. `home` is where channels may write; `channels` is replaced only in tests."""

    configuration: Configuration
    home: Path
    store: Store
    queue: Queue
    channels: Mapping[str, Channel] = field(default_factory=lambda: CHANNELS)


_factory: Callable[[], Context] | None = None
_made: dict[int, Context] = {}  # by process


def install(factory: Callable[[], Context]) -> None:
    """Set how a context is made: when a job first asks, in the process that runs the job."""
    global _factory  # noqa: PLW0603 - a queue's jobs are functions: there is no other place to get it from
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
