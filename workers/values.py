"""Values of notification: differences, their significance, and messages ready to be rendered."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol

from monitor.record.settings import Subscription
from monitor.record.values import Event, Notice

Operation = Literal["equal", "delete", "insert"]
Run = tuple[Operation, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """How an event's old and new differ.

    `narrative`: runs in reading order; `equal` and `delete` joined are the old narrative to the
    letter, `equal` and `insert` the new. Empty where one side is missing. `record`: jsondiff's
    symmetric difference of the flat record without the narrative.
    """

    narrative: tuple[Run, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)


class Level(StrEnum):
    """How much a change means; ordered as declared."""

    COSMETIC = "cosmetic"
    REDATED = "redated"
    SUBSTANTIVE = "substantive"

    @property
    def rank(self) -> int:
        """0 for the least."""
        return list(Level).index(self)


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that a careful analyst would assert, with the words it rests on.

    `old` and `new` are dates or words, None where the kind has none. `slips` counts how often this
    deadline has moved later so far, this time included; None where unknown.
    """

    kind: str
    text: str = ""
    old: str | None = None
    new: str | None = None
    slips: int | None = None


@dataclass(frozen=True, slots=True)
class Significance:
    """What a change means."""

    level: Level
    signals: tuple[Signal, ...] = ()


class Cause(StrEnum):
    """Why a message exists."""

    INSTANT = "instant"
    SUMMARY = "summary"
    DIGEST = "digest"
    REPLAY = "replay"
    TEST = "test"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class DescribedEvent:
    """One event as a subscription is told of it."""

    event: Event
    difference: Difference
    significance: Significance


@dataclass(frozen=True, slots=True)
class Watch:
    """What a digest covers, for its frame: how many are watched, when last read, since when."""

    watched: int
    last_read_at: datetime | None
    slot: str


@dataclass(frozen=True, slots=True)
class Message:
    """Everything a renderer may say; one message to one recipient.

    `id` is `msg_…` and the same on every attempt. Exactly one of `described_events` (not empty, or an empty
    digest with `watch`) and `notice` is given. `thread` is the receipt of the message under which
    this one belongs, or None. `created_at` is aware and the same on every attempt. `base_url` is
    empty while there are no web pages: cut text then names `recwatch show EVENT`.
    """

    id: str
    subscription: Subscription
    recipient: str
    cause: Cause
    created_at: datetime
    described_events: tuple[DescribedEvent, ...] = ()
    notice: Notice | None = None
    watch: Watch | None = None
    thread: Mapping[str, Any] | None = None
    base_url: str = ""
    operators_address: str = ""
    contact: str = ""  # whom readers may ask; empty: the operators
    uncertain: bool = False  # an earlier attempt may have arrived


class TransportError(Exception):
    """A send that did not (or may not) succeed; the whole retry policy reads off it.

    `permanent`: trying again cannot help, and the subscription is paused if `pauses`.
    `retry_after`: seconds the receiver asked for; such a throttling uses up no step of the schedule.
    `ambiguous`: the message may have arrived. `detail`: a short excerpt of the answer, no secrets.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        pauses: bool = False,
        retry_after: float | None = None,
        ambiguous: bool = False,
        timed_out: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.permanent = permanent
        self.pauses = pauses
        self.retry_after = retry_after
        self.ambiguous = ambiguous
        self.timed_out = timed_out


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is kept of a successful send: a line for the ledger, and data later messages need."""

    detail: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class Transport(Protocol):
    """The edge of a channel: one open transport serves a whole job; closed at its end."""

    async def send(self, message: Message) -> Receipt:
        """Render and send one message; TransportError says what went wrong and what that means."""

    async def close(self) -> None:
        """Let connections go."""
