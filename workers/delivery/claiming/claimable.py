"""Which messages may go out now: conditions on rows of `messages`, shared by claiming and dispatching."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from monitor.record.store.schema import items, messages, paces, subscriptions
from workers.messages.planning import FIRST, THREAD
from workers.values import Cause

Moment = datetime | BindParameter[datetime]  # a time, or its place in a statement that is built once


def pace_name(channel: str, host: str) -> str:
    """The row of `paces` that limits a host."""
    return f"{channel}/{host}"


def is_due(now: Moment) -> ColumnElement[bool]:
    """Waiting, its time has come, nobody holds it, and it is not blocked; no test (sending_tests.py)."""
    return and_(
        messages.c.state == "waiting",
        ~messages.c.blocked,
        messages.c.due_at <= now,
        messages.c.cause != Cause.TEST,
        or_(messages.c.lease_until.is_(None), messages.c.lease_until <= now),
    )


@cache
def is_free() -> ColumnElement[bool]:
    """Not paused, and nothing that has to go out before it is still on its way."""
    return and_(_not_paused(), _parent_settled(), _none_earlier())


@cache
def is_blocked() -> ColumnElement[bool]:
    """Paused, or something that has to go out before it is on its way: only a change of another row frees it.

    What waits for its summary alone is left out: they share their recommendations.
    """
    return or_(is_paused(), ~_none_earlier())


def is_in_pace(now: Moment) -> ColumnElement[bool]:
    """Its host's next slot has come, or its host has no pace yet."""
    name = messages.c.channel + literal("/") + func.coalesce(messages.c.host, "")
    paced = select(paces.c.name).where(paces.c.name == name, paces.c.next_at > now)
    return _finds_none(paced.correlate(messages))


def is_unmarked(now: Moment, epoch: str) -> ColumnElement[bool]:
    """No job stands in the queue for it, as far as its mark says. Where the epoch is gone, no mark holds."""
    return or_(
        messages.c.enqueued_until.is_(None),
        messages.c.enqueued_until <= now,
        messages.c.epoch.is_(None),
        messages.c.epoch != epoch,
    )


@cache
def is_paused() -> ColumnElement[bool]:
    """Its subscription is paused."""
    paused = select(subscriptions.c.id).where(subscriptions.c.paused_at.is_not(None))
    return messages.c.subscription.in_(paused)


def _not_paused() -> ColumnElement[bool]:
    return ~is_paused()


def _parent_settled() -> ColumnElement[bool]:
    """The summary whose thread it is in has gone out, or never will."""
    parent = messages.alias("parent")
    state = select(parent.c.state).where(parent.c.id == messages.c.parent_id).correlate(messages)
    return state.scalar_subquery().is_distinct_from("waiting")


def _none_earlier() -> ColumnElement[bool]:
    """Invariant 8: no earlier message for the same subscription, recipient and recommendation is on its way.

    Earlier is a lower revision; of two with one revision (a change, and a reminder of it) the one made
    first, but for digests, which hold many recommendations and could otherwise wait for each other.
    A digest's item that no slot has taken yet counts as on its way. The state decides; the mark on items
    (settling.py) only spares a look at all that was settled in years.
    """
    mine, other, holder = items.alias("mine"), items.alias("other"), messages.alias("holder")
    same_line = or_(
        other.c.cause_class == mine.c.cause_class,
        and_(other.c.cause_class.in_((FIRST, THREAD)), mine.c.cause_class.in_((FIRST, THREAD))),
    )
    tie = and_(other.c.revision == mine.c.revision, other.c.id < mine.c.id, messages.c.cause != Cause.DIGEST)
    earlier = (
        select(other.c.id)
        .select_from(other.outerjoin(holder, holder.c.id == other.c.message_id))
        .where(
            other.c.pending,
            other.c.subscription == mine.c.subscription,
            other.c.recipient == mine.c.recipient,
            other.c.recommendation_id == mine.c.recommendation_id,
            or_(other.c.revision < mine.c.revision, tie),
            same_line,
            or_(
                other.c.message_id.is_(None),
                and_(other.c.message_id != messages.c.id, holder.c.state == "waiting"),
            ),
        )
        .correlate(mine, messages)
    )
    held_up = select(mine.c.id).where(mine.c.message_id == messages.c.id, ~_finds_none(earlier))
    return _finds_none(held_up.correlate(messages))


def _finds_none(query: Select[Any]) -> ColumnElement[bool]:
    """What EXISTS denies, looked up row by row.

    PostgreSQL turns EXISTS into joins, by how many rows it takes to be pending or waiting: what its last
    count found, which is next to none, while what waits comes and goes by the thousand.
    """
    return query.limit(literal_column("1")).scalar_subquery().is_(None)
