"""What became of a subscription's recipients when the configuration changed. Invariant 10 rests on it.

What each subscription was is kept in its row; what became of whom, in `handovers`. A subscription keeps its
id, or its receiver under another id. An address that left is succeeded by the one that came and is spelled
most like it. A channel that changed is succeeded by all ends of the new one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from hashlib import sha256

from sqlalchemy import Connection, delete, select, update

from monitor.record.settings import Subscription
from monitor.record.store.schema import handovers, subscriptions
from monitor.record.store.store import upsert
from workers.context import Context
from workers.messages import storing

End = tuple[str, str]  # a subscription's id and a recipient


@dataclass(frozen=True, slots=True)
class SubscriptionShape:
    """What decides which subscription another one became. `receiver` and `interest` are hashes."""

    id: str
    channel: str
    recipients: tuple[str, ...]
    receiver: str
    interest: str


def successors(
    before: Iterable[SubscriptionShape], after: Mapping[str, SubscriptionShape]
) -> dict[End, tuple[End, ...]]:
    """What became of each end that the configuration no longer has; nothing for who is just gone. Pure."""
    before = tuple(before)
    old_ids = {each.id for each in before}
    fresh = [each for each in after.values() if each.id not in old_ids]
    found: dict[End, tuple[End, ...]] = {}
    for old in before:
        new = after.get(old.id) or _renamed(old, fresh)
        if new is None:
            continue
        for recipient in old.recipients:
            ends = tuple((new.id, each) for each in _recipients_of(recipient, old, new))
            if ends and ends != ((old.id, recipient),):
                found[old.id, recipient] = ends
    return found


def _renamed(old: SubscriptionShape, fresh: Sequence[SubscriptionShape]) -> SubscriptionShape | None:
    """The new subscription that goes where the old one went; of several, the one that matches the same."""
    alike = [new for new in fresh if new.channel == old.channel and _same_receiver(old, new)]
    alike.sort(key=lambda new: (new.receiver != old.receiver, new.interest != old.interest))
    return alike[0] if alike else None


def _same_receiver(old: SubscriptionShape, new: SubscriptionShape) -> bool:
    return old.receiver == new.receiver or bool((set(old.recipients) & set(new.recipients)) - {""})


def _recipients_of(recipient: str, old: SubscriptionShape, new: SubscriptionShape) -> tuple[str, ...]:
    if recipient in new.recipients:
        return (recipient,)
    if old.channel != new.channel:
        return new.recipients
    came = [each for each in new.recipients if each not in old.recipients]
    left = [each for each in old.recipients if each not in new.recipients]
    nearest = _pairs(left, came).get(recipient)
    return () if nearest is None else (nearest,)


def _pairs(left: Sequence[str], came: Sequence[str]) -> dict[str, str]:
    """Each address that left, and the one that came for it: those spelled most alike first."""
    if not came:
        return {}
    likeness = {(old, new): SequenceMatcher(None, old, new).ratio() for old in left for new in came}
    pairs: dict[str, str] = {}
    for old, new in sorted(likeness, key=lambda pair: -likeness[pair]):
        if old not in pairs and new not in pairs.values():
            pairs[old] = new
    return {old: pairs.get(old) or max(came, key=lambda new: likeness[old, new]) for old in left}


def shape_of(context: Context, subscription: Subscription) -> SubscriptionShape:
    """A configured subscription's shape."""
    where = (subscription.channel, storing.host_of(context, subscription), getattr(subscription, "url", ""))
    return SubscriptionShape(
        subscription.id,
        subscription.channel,
        subscription.recipients(),
        _hash(*where, *sorted(subscription.recipients())),
        _hash(subscription.match.model_dump_json()),
    )


def _hash(*parts: str) -> str:
    return sha256("\x1f".join(parts).encode()).hexdigest()[:32]


class Successors:
    """What became of whom, by the configuration of a context and what the store remembers."""

    def __init__(self, connection: Connection, context: Context) -> None:
        self._configured = {each.id: shape_of(context, each) for each in storing.everyone(context)}
        self._remembered = {each.id: each for each in _remembered(connection)}
        self._found = _recorded(connection)
        self._fresh = successors(self._remembered.values(), self._configured)
        self._found |= self._fresh

    def of(self, subscription: str, recipient: str) -> tuple[End, ...]:
        """Where what waits for an end goes now: itself if it is still there, () if it became nothing."""
        ends: list[End] = []
        open_, seen = [(subscription, recipient)], set[End]()
        while open_:
            end = open_.pop(0)
            if end in seen:
                continue
            seen.add(end)
            shape = self._configured.get(end[0])
            if shape is not None and end[1] in shape.recipients:
                ends.append(end)
            else:
                open_ += self._found.get(end, ())
        return tuple(ends)

    def remember(self, connection: Connection, now: datetime) -> None:
        """Store what became of whom, and what the subscriptions are now."""
        for (subscription, recipient), ends in self._fresh.items():
            mine = (handovers.c.subscription == subscription) & (handovers.c.recipient == recipient)
            connection.execute(delete(handovers).where(mine))
            rows = [
                {"subscription": subscription, "recipient": recipient, "at": now}
                | {"to_subscription": end[0], "to_recipient": end[1]}
                for end in ends
            ]
            connection.execute(upsert(connection)(handovers).on_conflict_do_nothing(), rows)
        for shape in self._configured.values():
            if self._remembered.get(shape.id) != shape:
                names = ("channel", "recipients", "receiver", "interest")
                values = {name: getattr(shape, name) for name in names} | {
                    "recipients": list(shape.recipients)
                }
                connection.execute(update(subscriptions).where(subscriptions.c.id == shape.id).values(values))


def _remembered(connection: Connection) -> list[SubscriptionShape]:
    query = select(subscriptions).where(subscriptions.c.receiver.is_not(None))
    return [
        SubscriptionShape(row.id, row.channel, tuple(row.recipients), row.receiver, row.interest)
        for row in connection.execute(query)
    ]


def _recorded(connection: Connection) -> dict[End, tuple[End, ...]]:
    found: dict[End, tuple[End, ...]] = {}
    for row in connection.execute(select(handovers).order_by(handovers.c.to_recipient)):
        end = row.subscription, row.recipient
        found[end] = (*found.get(end, ()), (row.to_subscription, row.to_recipient))
    return found
