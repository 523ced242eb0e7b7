"""What a worker does once before its first fork, so that its jobs need not: one change, told and sent.

A job is a fork that lives for a tenth of a second, and most of that went into composing the statements that
the one before it had composed as well. The rehearsal runs them all in one transaction that is rolled back;
what was composed stays with the engine, which the forks inherit (monitor.record.store).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import SQLAlchemyError

from monitor.record.ids import new_id
from monitor.record.schema import captures, events, messages, outbox, recommendations, revisions
from monitor.record.store import Store, StoreError
from workers.channels import CHANNELS
from workers.configuration import Configuration
from workers.context import Context
from workers.delivery.claim import Limits, Line, claim
from workers.delivery.loading import load
from workers.delivery.record import Result, record, unmark
from workers.fanout import fan_out
from workers.values import Receipt

log = structlog.get_logger(__name__)

_CHANNEL = "rehearsal"  # no other job claims what stands in line for it
_THEN = datetime(2000, 1, 1, tzinfo=UTC)
_SUBSCRIPTION = {
    "id": _CHANNEL,
    "channel": "webhook",
    "url": "https://rehearsal.example.org/",
    "secret": "whsec_cmVoZWFyc2Fs",
}


class _OverError(Exception):
    """Rolls everything back."""


def rehearse(context: Context) -> None:
    """Run the statements of describing and delivering; nothing of it stays in the store."""
    try:
        with suppress(_OverError), context.store.write() as connection:
            _play(connection)
            raise _OverError
    except (StoreError, SQLAlchemyError) as error:
        log.debug("nothing was rehearsed", error=str(error))
    finally:
        context.store.close()  # a fork must not inherit a connection


@dataclass
class _Stage:
    """A store in which every transaction is the one that will be rolled back."""

    connection: Connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        yield self.connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        yield self.connection


def _play(connection: Connection) -> None:
    configuration = Configuration.model_validate({"subscriptions": [_SUBSCRIPTION]})
    stage = cast("Store", _Stage(connection))
    context = Context(configuration, cast("Any", None), stage, cast("Any", None), CHANNELS)
    fan_out(context, _change(connection), _THEN)
    mine = messages.c.subscription == _CHANNEL
    connection.execute(update(messages).where(mine).values(channel=_CHANNEL))
    limits = Limits(_CHANNEL, 1, 1, timedelta(seconds=1), timedelta(seconds=1))
    catch = claim(connection, limits, 1, _CHANNEL, _THEN, line=Line(_CHANNEL))
    told = [replace(each, channel="webhook") for each in catch.claimed]
    load(connection, configuration, told)
    results = [Result(each, 0.0, _THEN, receipt=Receipt()) for each in catch.claimed]
    record(connection, results, configuration.delivery, _THEN)
    unmark(connection, _CHANNEL, _THEN, _THEN)


def _change(connection: Connection) -> int:
    """A made-up recommendation whose narrative changed; gives its outbox row."""
    capture = connection.scalar(insert(captures).values(_CAPTURE).returning(captures.c.id))
    about = insert(recommendations).values(_RECOMMENDATION | {"key": new_id(_CHANNEL)})
    recommendation = connection.scalar(about.returning(recommendations.c.id))
    sides = [_REVISION | {"recommendation_id": recommendation, "number": number} for number in (1, 2)]
    connection.execute(insert(revisions), sides)
    event = _EVENT | {"id": new_id("evt"), "recommendation_id": recommendation, "capture_id": capture}
    connection.execute(insert(events).values(event))
    waits = insert(outbox).values(capture_id=capture, created_at=_THEN, attempts=0)
    return int(connection.execute(waits.returning(outbox.c.id)).scalar_one())


_STATE = {"status": "open", "priority": False, "narrative": "None.", "fingerprint": "", "text": "Rehearse."}
_SUBJECT = {
    "key": _CHANNEL,
    "product": None,
    "kind": "recommendation",
    "number": None,
    "agency": "",
    "title": "",
    "text": "Rehearse.",
    "url": None,
}
_CAPTURE = {
    "source_id": _CHANNEL,
    "origin": "",
    "captured_at": _THEN,
    "recorded_at": _THEN,
    "sha256": "",
    "headers": {},
    "outcome": "changed",
}
_RECOMMENDATION = _STATE | {
    "kind": "recommendation",
    "agency": "",
    "agency_folded": "",
    "title": "",
    "title_hash": "",
    "text_fingerprint": "",
    "revision": 2,
    "present": False,
    "first_seen_at": _THEN,
    "changed_at": _THEN,
}
_REVISION = _STATE | {"source_id": _CHANNEL, "format": "", "observed_at": _THEN}
_EVENT = {
    "type": "recommendation.updated",
    "source_id": _CHANNEL,
    "at": _THEN,
    "revision": 2,
    "old_revision": 1,
    "new_revision": 2,
    "changed": ["narrative"],
    "subject": _SUBJECT,
    "silent": False,
}
