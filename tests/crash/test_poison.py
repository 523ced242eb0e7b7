"""A message that kills whoever sends it, or whose result breaks: others do not go down with it."""

import signal
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection

from monitor.record.store.schema import attempts, messages, notices
from monitor.record.store.store import Store
from tests.crash.killing import FORK, die, let_leases_lapse, send
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import changes, configured, count, rows, webhook
from workers.context import Context
from workers.delivery import transactions
from workers.delivery.claiming.lapses import FEWEST
from workers.delivery.results import Result
from workers.messages.fanout import fan_out
from workers.values import Message, Receipt, TransportError

POISONED = "poisoned"
BYSTANDERS = 12


def world(url: str) -> Context:
    def lethal(message: Message) -> Any:
        if message.subscription.id == POISONED:
            die()

    names = [f"s{number}" for number in range(BYSTANDERS // 2)]
    names += [POISONED, *(f"t{number}" for number in range(BYSTANDERS // 2))]
    subscribed = [webhook(name, f"{name}.example.org") for name in names]
    return context(
        Store(url),
        configured(*subscribed, delivery={"retry": []}),
        FakeTransport(seconds=0.1, on_send=lethal),
    )


def test_a_message_that_kills_its_senders_takes_no_other_with_it(url: str) -> None:
    """Promise 3: it is given up after five of them, and all others arrive, each after a lapse or two."""
    here = world(url)
    fan_out(here, changes(here.store, [(1, 2)]), datetime.now(UTC))
    here.store.close()
    jobs = deaths = 0
    while count(here.store, messages, state="waiting") and jobs < 2 * BYSTANDERS:
        here.store.close()
        child = FORK.Process(target=lambda: send(world(url)))
        child.start()
        child.join()
        jobs += 1
        deaths += child.exitcode == -signal.SIGKILL
        let_leases_lapse(here.store)
    found = {row["subscription"]: row for row in rows(here.store, messages)}
    poisoned = found.pop(POISONED)
    assert (poisoned["state"], poisoned["lapses"], deaths) == ("dead", FEWEST, FEWEST)
    assert {row["state"] for row in found.values()} == {"sent"}
    assert jobs == FEWEST + 1  # a job goes on with the others after one that was sent alone
    assert max(row["lapses"] for row in found.values()) <= 2
    assert [row["outcome"] for row in rows(here.store, notices)] == ["dead"]
    here.store.close()


def test_an_answer_that_cannot_be_written_down_as_it_is(url: str) -> None:
    """A database that takes no NUL still records what came of an attempt, and of those beside it."""
    here = context(
        Store(url), configured(webhook("a"), webhook("b"), webhook("c")), transport := FakeTransport()
    )
    fan_out(here, changes(here.store, [(1, 2)]), datetime.now(UTC))
    transport.script["a"] = [Receipt("250 \x00 taken")]
    transport.script["b"] = [TransportError("550 \x00 no", permanent=True)]
    send(here)
    states = {row["subscription"]: row["state"] for row in rows(here.store, messages)}
    assert states == {"a": "sent", "b": "dead", "c": "sent"}
    assert {row["detail"] for row in rows(here.store, attempts)} == {"250  taken", "550  no", "ok"}
    here.store.close()


def test_a_result_that_cannot_be_recorded_takes_no_other_with_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong with one, what is known of the others is written, and they are not sent again."""
    here = context(
        Store(url), configured(webhook("a"), webhook("b"), webhook("c")), transport := FakeTransport()
    )
    fan_out(here, changes(here.store, [(1, 2)]), datetime.now(UTC))
    real = transactions.record

    def broken(connection: Connection, results: Sequence[Result], *rest: Any) -> None:
        real(connection, results, *rest)
        if any(each.claimed.subscription == "b" for each in results):
            raise ValueError("a mistake of our own")

    monkeypatch.setattr(transactions, "record", broken)
    send(here)
    states = {row["subscription"]: row["state"] for row in rows(here.store, messages)}
    assert states == {"a": "sent", "b": "waiting", "c": "sent"}
    assert len(transport.sent) == 3
    here.store.close()
