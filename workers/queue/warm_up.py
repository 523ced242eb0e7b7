"""What a worker does once before its first fork, so that its jobs need not: one change, told and sent.

A job is a fork that lives for a tenth of a second, and most of that went into composing the statements that
the one before it had composed as well. The rehearsal runs them all in one transaction that is rolled back;
what was composed stays with the engine, which the forks inherit (monitor.record.store.store).
"""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from weakref import WeakKeyDictionary

import httpx
import structlog
from sqlalchemy import Connection, Dialect, Engine, StaticPool, insert
from sqlalchemy.exc import SQLAlchemyError

from monitor.record.ids import new_id
from monitor.record.store.schema import captures, events, metadata, outbox, recommendations, revisions
from monitor.record.store.store import Store
from workers.channels import CHANNELS
from workers.channels.channel import Channel
from workers.channels.webhook.settings import WebhookSubscription
from workers.configuration import Configuration
from workers.context import Context
from workers.delivery.claiming.claim import ClaimRequest, Limits, claim
from workers.delivery.engine import deliver
from workers.delivery.loading import load
from workers.delivery.results import Result, record, unmark
from workers.messages.fanout import fan_out
from workers.values import Message, Receipt, Transport

log = structlog.get_logger(__name__)

_CHANNEL = "rehearsal"  # no other job claims what stands in line for it
_THEN = datetime(2000, 1, 1, tzinfo=UTC)
_SUBSCRIPTION = {
    "id": _CHANNEL,
    "channel": "webhook",
    "url": "https://rehearsal.example.org/",
    "secret": "whsec_cmVoZWFyc2FscmVoZWFyc2FscmVoZWFyc2Fs",
}


class _OverError(BaseException):
    """Rolls everything back. No Exception: what a job does about its messages' mistakes is not meant."""


_stages: WeakKeyDictionary[Dialect, Engine] = WeakKeyDictionary()


def compose_statements(store: Store, *, fully: bool = False) -> None:
    """Run the statements of describing and delivering; nothing of it reaches the store.

    On SQLite they run on a database in memory, so that nobody waits for their turn to write; on a server in a
    transaction that is rolled back, which leaves an open connection. `fully`: the sending as well, which may
    leave a thread, so not before a fork.
    """
    try:
        with suppress(_OverError), _stage(store).connect() as connection, connection.begin():
            _play(connection, fully)
            raise _OverError
    except SQLAlchemyError as error:
        log.debug("nothing was rehearsed", error=str(error))


def _stage(store: Store) -> Engine:
    """The store's own engine, or one in memory that shares all that is composed with it."""
    engine = store.engine
    if not store.is_sqlite:
        return engine
    if engine.dialect not in _stages:
        pool = StaticPool(_in_memory)
        stage = Engine(pool, engine.dialect, engine.url, execution_options=engine.get_execution_options())
        metadata.create_all(stage)
        _stages[engine.dialect] = stage
    return _stages[engine.dialect]


@dataclass
class _Stage:
    """A store in which every transaction is the one that will be rolled back."""

    connection: Connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Where the store is in trouble the rehearsal is over: nobody waits for it, nobody is told."""
        try:
            yield self.connection
        except SQLAlchemyError as error:
            raise _OverError(str(error)) from error

    def write(self, *, light: bool = False) -> AbstractContextManager[Connection]:
        return self.read()


def _play(connection: Connection, fully: bool) -> None:
    subscription = WebhookSubscription.model_validate(_SUBSCRIPTION)
    # A channel of its own: on a server, nobody's messages but its own are claimed.
    configuration = Configuration.model_validate({"subscriptions": [], "delivery": {"lease": "60s"}})
    own = subscription.model_copy(update={"channel": _CHANNEL})
    configuration = configuration.model_copy(update={"subscriptions": (own,)})
    stage = cast("Store", _Stage(connection))
    context = Context(configuration, Path(), stage, cast("Any", None), {_CHANNEL: _channel()})
    fan_out(context, _change(connection), _THEN)
    if fully:
        deliver(context, context.channels[_CHANNEL])
    else:
        _by_hand(connection, configuration)


def _by_hand(connection: Connection, configuration: Configuration) -> None:
    """What the engine does with the store, without its threads: there must be none at a fork."""
    limits = Limits(_CHANNEL, 1, 1, timedelta(seconds=1), timedelta(seconds=1))
    catch = claim(connection, ClaimRequest(limits, 1, _CHANNEL, _THEN))
    load(connection, configuration, catch.claimed)
    results = [Result(each, 0.0, _THEN, receipt=Receipt()) for each in catch.claimed]
    record(connection, results, configuration.delivery, _THEN)
    unmark(connection, _CHANNEL, _THEN, _THEN)


def _channel() -> Channel:
    webhook = CHANNELS["webhook"]
    return replace(webhook, name=_CHANNEL, open=_open, pace=lambda _: timedelta(seconds=1))


def _open(_settings: Any, _home: Path) -> Transport:
    """The webhooks' own, where this process has it; nothing leaves the process."""
    if module := sys.modules.get("workers.channels.webhook.transport"):
        answers = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(b"ok")))
        return cast("Transport", module.WebhookTransport(answers, "", timedelta(seconds=1)))
    return _Nowhere()


class _Nowhere:
    """Takes everything."""

    async def send(self, message: Message) -> Receipt:
        return Receipt()

    async def close(self) -> None:
        return None


def _change(connection: Connection) -> int:
    """A made-up recommendation whose narrative changed; gives its outbox row."""
    capture = connection.scalar(insert(captures).values(_CAPTURE).returning(captures.c.id))
    about = insert(recommendations).values(_RECOMMENDATION | {"key": new_id(_CHANNEL)})
    recommendation = connection.scalar(about.returning(recommendations.c.id))
    sides = [
        _REVISION | {"recommendation_id": recommendation, "number": number, "narrative": text}
        for number, text in ((1, _OLD), (2, _NEW))
    ]
    connection.execute(insert(revisions), sides)
    event = _EVENT | {"id": new_id("evt"), "recommendation_id": recommendation, "capture_id": capture}
    connection.execute(insert(events).values(event))
    waits = insert(outbox).values(capture_id=capture, created_at=_THEN, attempts=0)
    return int(connection.execute(waits.returning(outbox.c.id)).scalar_one())


_OLD = "The agency agreed. In March 2024, officials said that it was done in part, by May 2025 in whole."
_NEW = "The agency agreed. In March 2025, officials said that it was done in part. It expects June 2026."
_STATE = {"status": "open", "priority": False, "narrative": _NEW, "fingerprint": "", "text": "Rehearse."}
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


def _in_memory() -> Any:
    return sqlite3.connect(":memory:", check_same_thread=False)
