"""Which messages the events of one capture become: decided once, here, and frozen when stored. Pure.

More events than a subscription's `summarize_over` become one summary, but never for a webhook, whose body
holds one event. Where messages can be threaded (Slack's Web API), the summary's thread holds every event in
full.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.record.batches import batched
from monitor.record.settings import Subscription
from monitor.record.values import Event
from workers.messages.routing import matches
from workers.values import Cause, DescribedEvent

# The class of a message's cause. Within one class, an event goes to a recipient once, and in the order of
# revisions. First messages and a summary's thread are one sequence; each replay is a sequence of its own.
FIRST = "first"
THREAD = "thread"
_SINGLE_REPLIES = 50  # up to so many events have a reply each in a thread; Slack takes about one a second
_EVENTS_A_REPLY = 10  # in a longer thread

ItemKey = tuple[str, str, str]  # event, subscription, recipient


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """A message to be stored: to one recipient, because of `cause` and `cause_ref`, holding `events`.

    `thread` are the messages that are replies to it.
    """

    subscription: Subscription
    recipient: str
    cause: Cause
    cause_ref: str
    events: tuple[Event, ...] = ()
    cause_class: str = FIRST
    notice_id: str | None = None
    thread: tuple["PlannedMessage", ...] = ()


@dataclass(frozen=True, slots=True)
class DigestItem:
    """An event that waits for a recipient's next digest."""

    subscription: str
    recipient: str
    event: Event


@dataclass(slots=True)
class Plan:
    """Messages to store now, and events for digests."""

    messages: list[PlannedMessage] = field(default_factory=list)
    digest_items: list[DigestItem] = field(default_factory=list)


def route(
    subscriptions: Sequence[Subscription], described_events: Sequence[DescribedEvent]
) -> Mapping[str, list[DescribedEvent]]:
    """The events that match each subscription, by its id."""
    return {
        each.id: [described for described in described_events if _matches(each, described)]
        for each in subscriptions
    }


def _matches(subscription: Subscription, described: DescribedEvent) -> bool:
    return matches(subscription.match, described.event, described.significance, described.difference).matched


def plan(
    subscriptions: Sequence[Subscription],
    routed: Mapping[str, Sequence[DescribedEvent]],
    capture_ref: str,
    already_stored: Collection[ItemKey] = frozenset(),
) -> Plan:
    """Turn routed events into messages, leaving out what an earlier fan-out has stored."""
    made = Plan()
    for subscription in subscriptions:
        for recipient in subscription.recipients():
            fresh = [
                described
                for described in routed[subscription.id]
                if (described.event.id, subscription.id, recipient) not in already_stored
            ]
            if subscription.digest is not None:
                made.digest_items += [DigestItem(subscription.id, recipient, each.event) for each in fresh]
            else:
                made.messages += _messages(subscription, recipient, fresh, capture_ref)
    return made


def _messages(
    subscription: Subscription, recipient: str, fresh: list[DescribedEvent], capture_ref: str
) -> list[PlannedMessage]:
    if len(fresh) > subscription.summarize_over and subscription.channel != "webhook":
        return [_summary(subscription, recipient, fresh, capture_ref)]
    return [
        PlannedMessage(subscription, recipient, Cause.INSTANT, described.event.id, (described.event,))
        for described in fresh
    ]


def _summary(
    subscription: Subscription, recipient: str, fresh: list[DescribedEvent], capture_ref: str
) -> PlannedMessage:
    events = tuple(described.event for described in fresh)
    thread: tuple[PlannedMessage, ...] = ()
    if getattr(subscription, "threads", False):
        thread = tuple(_replies(subscription, recipient, sorted(fresh, key=_weight), capture_ref))
    return PlannedMessage(subscription, recipient, Cause.SUMMARY, capture_ref, events, thread=thread)


def _replies(
    subscription: Subscription, recipient: str, ordered: list[DescribedEvent], capture_ref: str
) -> Iterator[PlannedMessage]:
    if len(ordered) <= _SINGLE_REPLIES:
        for described in ordered:
            event = described.event
            yield PlannedMessage(subscription, recipient, Cause.INSTANT, event.id, (event,), THREAD)
        return
    for number, some in enumerate(batched(ordered, _EVENTS_A_REPLY)):
        events = tuple(described.event for described in some)
        ref = f"{capture_ref}:{number * _EVENTS_A_REPLY}"
        yield PlannedMessage(subscription, recipient, Cause.SUMMARY, ref, events, THREAD)


def _weight(described: DescribedEvent) -> tuple[int, bool, int, str]:
    """Most significant first, priorities before others, then as pages list them."""
    event = described.event
    state = event.new or event.old
    signals = len(described.significance.signals)
    return (-described.significance.level.rank, not (state and state.priority), -signals, event.subject.key)
