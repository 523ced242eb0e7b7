"""Which messages the events of one capture become: decided once, here, and frozen when stored. Pure.

More events than a subscription's `summarize_over` become one summary, but never for a webhook: one body
holds one event. Where messages can stand under others (Slack's Web API), the summary's thread holds every
event in full.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.record.settings import Subscription
from monitor.record.values import Event
from workers.messages.routing import matches
from workers.values import Cause, DescribedEvent

# What is told for the first time is one line of events for its receiver, a summary's thread included;
# each replay is a line of its own: it repeats what the first line has told.
FIRST = "first"
THREAD = "thread"
_SINGLY = 50  # up to so many, each event has its own message in the thread; Slack takes about one a second
_TOGETHER = 10  # events a message of a longer thread

Told = Collection[tuple[str, str, str]]  # event, subscription, recipient


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be made: to one recipient, because of `cause` and `cause_ref`, holding `events`.

    `cause_class` stands on its items: one event is told once to one recipient within one class.
    `thread` are the messages that go under it.
    """

    subscription: Subscription
    recipient: str
    cause: Cause
    cause_ref: str
    events: tuple[Event, ...] = ()
    cause_class: str = FIRST
    notice_id: str | None = None
    thread: tuple["Draft", ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Messages to make now, and events kept for a digest: subscription, recipient, event."""

    drafts: tuple[Draft, ...] = ()
    kept: tuple[tuple[str, str, Event], ...] = ()


@dataclass(slots=True)
class _Building:
    drafts: list[Draft] = field(default_factory=list)
    kept: list[tuple[str, str, Event]] = field(default_factory=list)


def route(
    subscriptions: Sequence[Subscription], described_events: Sequence[DescribedEvent]
) -> Mapping[str, list[DescribedEvent]]:
    """What each subscription hears, by its id."""
    return {
        each.id: [described for described in described_events if _hears(each, described)]
        for each in subscriptions
    }


def _hears(subscription: Subscription, described: DescribedEvent) -> bool:
    return matches(subscription.match, described.event, described.significance, described.difference).matched


def plan(
    subscriptions: Sequence[Subscription],
    routed: Mapping[str, Sequence[DescribedEvent]],
    capture_ref: str,
    told: Told = frozenset(),
) -> Plan:
    """Turn what each subscription hears into messages; `told` is left out: it was fanned out before."""
    building = _Building()
    for subscription in subscriptions:
        for recipient in subscription.recipients():
            fresh = [
                described
                for described in routed[subscription.id]
                if (described.event.id, subscription.id, recipient) not in told
            ]
            _plan_one(building, subscription, recipient, fresh, capture_ref)
    return Plan(tuple(building.drafts), tuple(building.kept))


def _plan_one(
    building: _Building,
    subscription: Subscription,
    recipient: str,
    fresh: list[DescribedEvent],
    capture_ref: str,
) -> None:
    if subscription.digest is not None:
        building.kept += [(subscription.id, recipient, described.event) for described in fresh]
    elif len(fresh) > subscription.summarize_over and subscription.channel != "webhook":
        building.drafts.append(_summary(subscription, recipient, fresh, capture_ref))
    else:
        building.drafts += [
            Draft(subscription, recipient, Cause.INSTANT, described.event.id, (described.event,))
            for described in fresh
        ]


def _summary(
    subscription: Subscription, recipient: str, fresh: list[DescribedEvent], capture_ref: str
) -> Draft:
    events = tuple(described.event for described in fresh)
    thread: tuple[Draft, ...] = ()
    if getattr(subscription, "threads", False):
        thread = tuple(_thread(subscription, recipient, sorted(fresh, key=_weight), capture_ref))
    return Draft(subscription, recipient, Cause.SUMMARY, capture_ref, events, thread=thread)


def _thread(
    subscription: Subscription, recipient: str, ordered: list[DescribedEvent], capture_ref: str
) -> Iterator[Draft]:
    if len(ordered) <= _SINGLY:
        for described in ordered:
            event = described.event
            yield Draft(subscription, recipient, Cause.INSTANT, event.id, (event,), THREAD)
        return
    for start in range(0, len(ordered), _TOGETHER):
        events = tuple(described.event for described in ordered[start : start + _TOGETHER])
        yield Draft(subscription, recipient, Cause.SUMMARY, f"{capture_ref}:{start}", events, THREAD)


def _weight(described: DescribedEvent) -> tuple[int, bool, int, str]:
    """Most significant first, priorities before others, then as pages have them."""
    event = described.event
    state = event.new or event.old
    signals = len(described.significance.signals)
    return (-described.significance.level.rank, not (state and state.priority), -signals, event.subject.key)
