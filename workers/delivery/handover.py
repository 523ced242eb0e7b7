"""Hands what waits for an end that is gone to what it became; names what became nothing (invariant 10)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import Connection, RowMapping, and_, delete, func, or_, select, update

from monitor.record.ids import new_id
from monitor.record.settings import Subscription
from monitor.record.store import queries
from monitor.record.store.schema import items, messages, subscriptions
from monitor.record.values import NoticeType
from workers.context import Context
from workers.delivery.claiming.settling import requeue, settle
from workers.delivery.loading import mismatch
from workers.delivery.successors import End, Successors
from workers.messages import storing
from workers.messages.planning import PlannedMessage
from workers.messages.receiver_trouble import notify
from workers.values import Cause

log = structlog.get_logger(__name__)

_END = ("subscription", "recipient")
HANDED_OVER = "its changes were handed over"  # the error of a cancelled message that nobody misses
_STRANDED_ITEMS = "waited for a digest; "  # how the error of a cancelled message begins that was none before


@dataclass(frozen=True, slots=True)
class Stranded:
    """What waits for an end that the configuration no longer has and that became nothing."""

    subscription: str
    recipient: str
    changes: int
    since: datetime | None
    reason: str


def stranded(connection: Connection, context: Context) -> list[Stranded]:
    """All that waits for nobody; `redeliver --to SUBSCRIPTION` sends it."""
    became = Successors(connection, context)
    found: dict[End, Stranded] = {}
    for row in _left_messages(connection):
        end = row["subscription"], row["recipient"]
        if became.of(*end):
            continue
        seen = found.get(end) or Stranded(*end, 0, row["since"], _reason(context, row))
        found[end] = Stranded(*end, seen.changes + row["changes"], seen.since, seen.reason)
    for end, count in _waiting_items(connection).items():
        if not became.of(*end):
            before = found.get(end)
            reason = before.reason if before else _reason(context, dict(zip(_END, end, strict=True)))
            since = before.since if before else None
            found[end] = Stranded(*end, (before.changes if before else 0) + count, since, reason)
    return list(found.values())


def _left_messages(connection: Connection) -> Sequence[RowMapping]:
    held = (
        select(func.count()).where(items.c.message_id == messages.c.id).correlate(messages).scalar_subquery()
    )
    columns = (messages.c.subscription, messages.c.recipient, messages.c.channel)
    left = or_(messages.c.state == "waiting", _cancelled())
    query = (
        select(*columns, func.min(messages.c.created_at).label("since"), func.sum(held).label("changes"))
        .where(left, messages.c.cause.not_in((Cause.TEST, Cause.NOTICE)))
        .group_by(*columns)
    )
    return connection.execute(query).mappings().all()


def _cancelled() -> Any:
    return and_(messages.c.state == "cancelled", messages.c.error.is_distinct_from(HANDED_OVER))


def _waiting_items(connection: Connection) -> dict[End, int]:
    ends = (items.c.subscription, items.c.recipient)
    query = select(*ends, func.count()).where(items.c.message_id.is_(None)).group_by(*ends)
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def _reason(context: Context, row: Any) -> str:
    subscription = context.configuration.subscription(row["subscription"])
    channel = row.get("channel", subscription.channel if subscription else "")
    return mismatch(subscription, channel, row["recipient"])


def hand_over_waiting(connection: Connection, context: Context, now: datetime) -> None:
    """Hand over what waits for ends that are gone; what became nothing is cancelled and named."""
    became = Successors(connection, context)
    became.remember(connection, now)
    for end in _waiting_items(connection):
        if (ends := became.of(*end)) != (end,):
            _hand_over_items(connection, context, end, ends, now)
    columns = [messages.c[name] for name in ("subscription", "channel", "recipient")]
    waiting = select(*columns).where(messages.c.state == "waiting", messages.c.cause != Cause.TEST).distinct()
    for row in connection.execute(waiting).mappings().all():
        subscription = context.configuration.subscription(row["subscription"])
        if not (reason := mismatch(subscription, row["channel"], row["recipient"])):
            continue
        idle = or_(messages.c.lease_until.is_(None), messages.c.lease_until <= now)
        same = and_(*(column == row[column.name] for column in columns), messages.c.state == "waiting", idle)
        ids = list(connection.scalars(select(messages.c.id).where(same).order_by(messages.c.created_at)))
        if ends := became.of(row["subscription"], row["recipient"]):
            hand_over(connection, context, ids, ends, now)
            log.info(
                "messages were handed over", subscription=row["subscription"], messages=len(ids), to=ends
            )
        else:
            _strand(connection, row, ids, reason, now)


def revive(connection: Connection, context: Context, ids: Sequence[str], now: datetime) -> None:
    """Put cancelled messages back in line whose end is there again, or became another."""
    became = Successors(connection, context)
    rows = connection.execute(select(messages).where(messages.c.id.in_(ids), _cancelled())).mappings().all()
    for row in rows:
        subscription = context.configuration.subscription(row["subscription"])
        if ends := became.of(row["subscription"], row["recipient"]):
            if (row["error"] or "").startswith(_STRANDED_ITEMS) and subscription and subscription.digest:
                _return_items(connection, row["id"])
            else:
                hand_over(connection, context, [row["id"]], ends, now)


def hand_over(
    connection: Connection, context: Context, ids: Iterable[str], ends: Sequence[End], now: datetime
) -> list[str]:
    """Put messages in line for other ends: the first gets them under their ids, the others copies."""
    moved: list[str] = []
    for one in ids:
        row = connection.execute(select(messages).where(messages.c.id == one)).mappings().one()
        held = connection.execute(
            select(items).where(items.c.message_id == one).order_by(items.c.id)
        ).mappings()
        kept = [dict(item) for item in held]
        for place, end in enumerate(reversed(ends)):
            is_last = place == len(ends) - 1
            moved += _give(connection, context, _Parcel(row, kept, end, not is_last), now)
    return moved


@dataclass(frozen=True, slots=True)
class _Parcel:
    """A message, its items, and for whom it is now; `copy`: the message itself stays."""

    row: RowMapping
    items: Sequence[dict[str, Any]]
    end: End
    copy: bool

    @property
    def key(self) -> dict[str, str]:
        return {"subscription": self.end[0], "recipient": self.end[1]}


def _give(connection: Connection, context: Context, parcel: _Parcel, now: datetime) -> list[str]:
    target = context.configuration.subscription(parcel.end[0])
    assert target is not None
    same_end = parcel.end == (parcel.row["subscription"], parcel.row["recipient"])
    fresh = [each for each in parcel.items if same_end or not _has(connection, parcel, each)]
    single = target.channel == "webhook" and parcel.row["cause"] in (Cause.SUMMARY, Cause.DIGEST)
    if single or (not same_end and (_is_taken(connection, parcel) or (parcel.items and not fresh))):
        _release_items(connection, parcel, fresh)
        events = [each["event_id"] for each in fresh]
        return send_items(connection, context, parcel.end, events, now) if single else []
    values: dict[str, Any] = parcel.key | {
        "channel": target.channel,
        "host": storing.host_of(context, target),
    }
    if target.channel != parcel.row["channel"]:
        values["parent_id"] = None
    message = parcel.row["id"]
    if parcel.copy:
        message = new_id("msg")
        connection.execute(messages.insert(), dict(parcel.row) | {"id": message, "attempts": 0} | values)
        _copy_items(connection, parcel, fresh, message)
    else:
        connection.execute(update(messages).where(messages.c.id == message).values(values))
        _move_items(connection, parcel, fresh, message)
    requeue(connection, [message], now)
    return [message]


def _has(connection: Connection, parcel: _Parcel, item: dict[str, Any]) -> bool:
    """Whether the end got, or waits for, this change already."""
    same = [items.c[name] == item[name] for name in ("event_id", "cause_class")]
    theirs = [items.c[name] == value for name, value in parcel.key.items()]
    return connection.scalar(select(items.c.id).where(*same, *theirs).limit(1)) is not None


def _is_taken(connection: Connection, parcel: _Parcel) -> bool:
    """Whether the end has a message of this cause, which is unique."""
    same = [messages.c[name] == parcel.row[name] for name in ("cause", "cause_ref")]
    theirs = [messages.c[name] == value for name, value in parcel.key.items()]
    return connection.scalar(select(messages.c.id).where(*same, *theirs).limit(1)) is not None


def _move_items(
    connection: Connection, parcel: _Parcel, fresh: Sequence[dict[str, Any]], message: str | None
) -> None:
    stale = [each["id"] for each in parcel.items if each not in fresh]
    connection.execute(delete(items).where(items.c.id.in_(stale)))
    mine = items.c.id.in_([each["id"] for each in fresh])
    values = parcel.key | {"message_id": message, "pending": True}
    connection.execute(update(items).where(mine).values(values))


def _copy_items(
    connection: Connection, parcel: _Parcel, fresh: Sequence[dict[str, Any]], message: str | None
) -> None:
    copies = [
        {name: value for name, value in each.items() if name != "id"}
        | parcel.key
        | {"message_id": message, "pending": True}
        for each in fresh
    ]
    if copies:
        connection.execute(items.insert(), copies)


def _release_items(connection: Connection, parcel: _Parcel, fresh: Sequence[dict[str, Any]]) -> None:
    """The end has a message like it: changes that it has not wait for its digest, and the message is over."""
    if parcel.copy:
        _copy_items(connection, parcel, fresh, None)
    else:
        settle(connection, [parcel.row["id"]])
        _move_items(connection, parcel, fresh, None)
        mine = messages.c.id == parcel.row["id"]
        freed = {"lease_until": None, "lease_holder": None, "enqueued_until": None}
        connection.execute(update(messages).where(mine).values(state="cancelled", error=HANDED_OVER, **freed))


def send_items(
    connection: Connection, context: Context, end: End, event_ids: Sequence[str], now: datetime
) -> list[str]:
    """Make a message of each change that waits for an end without a digest that could hold them."""
    target = context.configuration.subscription(end[0])
    assert target is not None
    mine = and_(items.c.subscription == end[0], items.c.recipient == end[1], items.c.message_id.is_(None))
    connection.execute(delete(items).where(mine, items.c.event_id.in_(event_ids)))
    planned = [
        PlannedMessage(target, end[1], Cause.INSTANT, event.id, (event,))
        for event in queries.load_events(connection, ids=list(event_ids))
    ]
    return storing.store_messages(connection, context, planned, now)


def _hand_over_items(
    connection: Connection, context: Context, end: End, ends: Sequence[End], now: datetime
) -> None:
    """Changes that wait for a digest wait for another end's; where there is none, they are a message."""
    mine = and_(items.c.subscription == end[0], items.c.recipient == end[1], items.c.message_id.is_(None))
    held = [
        dict(row) for row in connection.execute(select(items).where(mine).order_by(items.c.id)).mappings()
    ]
    if not ends:
        _strand_items(connection, context, end, held, now)
        return
    for other in ends:
        parcel = _Parcel({}, held, other, copy=True)  # type: ignore[arg-type]
        _copy_items(connection, parcel, [each for each in held if not _has(connection, parcel, each)], None)
    connection.execute(delete(items).where(items.c.id.in_([each["id"] for each in held])))
    log.info(
        "changes that wait for a digest were handed over", subscription=end[0], changes=len(held), to=ends
    )


def _return_items(connection: Connection, message: str) -> None:
    mine = items.c.message_id == message
    connection.execute(update(items).where(mine).values(message_id=None, pending=True))
    connection.execute(delete(messages).where(messages.c.id == message))


def _strand_items(
    connection: Connection, context: Context, end: End, held: Sequence[dict[str, Any]], now: datetime
) -> None:
    """Changes for a digest of nobody become a cancelled message: it is listed, named, and can be sent."""
    reason = _reason(context, dict(zip(_END, end, strict=True)))
    row = {
        "id": new_id("msg"),
        "subscription": end[0],
        "channel": _channel_before(connection, end[0]),
        "recipient": end[1],
        "cause": str(Cause.DIGEST),
        "cause_ref": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "created_at": now,
        "state": "cancelled",
        "due_at": now,
        "error": _STRANDED_ITEMS + reason,
    }
    connection.execute(messages.insert(), row)
    mine = items.c.id.in_([each["id"] for each in held])
    connection.execute(update(items).where(mine).values(message_id=row["id"], pending=False))
    _name_stranded(connection, end, len(held), reason, now)


def _channel_before(connection: Connection, subscription: str) -> str:
    before = select(subscriptions.c.channel).where(subscriptions.c.id == subscription)
    return connection.scalar(before) or "email"


def _strand(connection: Connection, row: RowMapping, ids: Sequence[str], reason: str, now: datetime) -> None:
    if not ids:
        return
    freed = {"lease_until": None, "lease_holder": None, "enqueued_until": None}
    mine = messages.c.id.in_(ids)
    connection.execute(update(messages).where(mine).values(state="cancelled", error=reason, **freed))
    settle(connection, ids)
    changes = connection.scalar(select(func.count()).where(items.c.message_id.in_(ids))) or 0
    if changes:
        _name_stranded(connection, (row["subscription"], row["recipient"]), changes, reason, now)


def _name_stranded(connection: Connection, end: End, changes: int, reason: str, now: datetime) -> None:
    to = f" to {end[1]}" if end[1] else ""
    words = (
        f"{changes} change{'' if changes == 1 else 's'}{to} cannot be delivered: {reason}. "
        "recwatch redeliver --to SUBSCRIPTION sends what waits to another one"
    )
    log.warning("changes wait for nobody", subscription=end[0], changes=changes, reason=reason)
    if end[0] != Subscription.OPERATORS:
        notify(connection, NoticeType.DEAD, end[0], "stranded", words, now)
