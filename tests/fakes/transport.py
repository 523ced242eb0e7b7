"""A channel without a network: answers by script, remembers what was sent and how much was in flight."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.record.settings import Settings
from monitor.record.store.store import Store
from workers.channels import CHANNELS
from workers.channels.channel import Channel
from workers.configuration import Configuration
from workers.context import Context
from workers.values import Message, Receipt, TransportError

HANG = object()

Answer = TransportError | Exception | Receipt | object | None


@dataclass
class FakeTransport:
    """Answers a subscription's messages from its script, front to back, then accepts all.

    `HANG` never answers, an event not before it is set; `seconds` is how long every send takes. `sent` are
    messages in the order in which they began; `opened` and `closed` count jobs; `most` is the most in flight
    for each subscription.
    """

    script: dict[str, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    seconds: float = 0.0
    sent: list[Message] = field(default_factory=list)
    arrived: list[Message] = field(default_factory=list)
    opened: int = 0
    closed: int = 0
    most: Counter[str] = field(default_factory=Counter)
    on_send: Callable[[Message], Any] | None = None
    _flying: Counter[str] = field(default_factory=Counter)

    async def send(self, message: Message) -> Receipt:
        name = message.subscription.id
        self.sent.append(message)
        self._flying[name] += 1
        self.most[name] = max(self.most[name], self._flying[name])
        try:
            return await self._answer(message)
        finally:
            self._flying[name] -= 1

    async def _answer(self, message: Message) -> Receipt:
        if self.on_send is not None:
            self.on_send(message)
        script = self.script[message.subscription.id]
        answer = script.pop(0) if script else None
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if answer is HANG:
            await asyncio.Event().wait()
        if isinstance(answer, asyncio.Event):
            await answer.wait()
        if isinstance(answer, Exception):
            raise answer
        self.arrived.append(message)
        return answer if isinstance(answer, Receipt) else Receipt("ok")

    async def close(self) -> None:
        self.closed += 1

    def ids(self) -> list[str]:
        """What was sent, in order."""
        return [message.id for message in self.sent]


class FakeQueue:
    """Counts what was enqueued and how often dispatchers were woken."""

    def __init__(self) -> None:
        self.wakes = 0
        self.jobs: list[tuple[int | str, ...]] = []

    def wake(self) -> None:
        self.wakes += 1

    def enqueue(self, queue_name: str, dotted_path: str, *args: int | str, ttl: int | None = None) -> None:
        self.jobs.append((queue_name, dotted_path, *args))

    def depth(self, queue_name: str) -> int:
        return 0

    def epoch(self) -> str:
        return "epoch_1"

    def close(self) -> None:
        return None


def channels(
    transport: FakeTransport, pace: timedelta | None = None, concurrency: int | None = None
) -> Mapping[str, Channel]:
    """The real registry, its transports replaced, and its paces by one for all (none by default)."""

    def opened(_settings: Settings, _home: Path) -> FakeTransport:
        transport.opened += 1
        return transport

    return {
        name: replace(
            channel,
            open=opened,
            pace=lambda _settings: pace,
            concurrency=concurrency or channel.concurrency,
        )
        for name, channel in CHANNELS.items()
    }


def context(
    store: Store, configuration: Configuration, transport: FakeTransport | None = None, **more: Any
) -> Context:
    """A context on a fake queue and a fake transport."""
    fakes = channels(transport or FakeTransport(), **more)
    return Context(configuration, Path(), store, FakeQueue(), fakes)  # type: ignore[arg-type]
