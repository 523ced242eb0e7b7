"""A message that kills whoever sends it: others that are sent at the same time do not go down with it."""

import signal
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from monitor.record.schema import messages, notices
from monitor.record.store import Store
from tests.crash.killing import FORK, die, send
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import changes, configured, count, rows, webhook
from workers.context import Context
from workers.delivery.claim import MOST_LAPSES
from workers.fanout import fan_out
from workers.values import Message

POISONED = "poisoned"
BYSTANDERS = 12


def world(url: str) -> Context:
    def lethal(message: Message) -> Any:
        if message.subscription.id == POISONED:
            die()

    names = [f"s{number}" for number in range(BYSTANDERS // 2)]
    names += [POISONED, *(f"t{number}" for number in range(BYSTANDERS // 2))]
    subscribed = [webhook(name, f"{name}.example.org") for name in names]
    return context(Store(url), configured(*subscribed), FakeTransport(seconds=0.1, on_send=lethal))


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
        _let_leases_lapse(here.store)
    found = {row["subscription"]: row for row in rows(here.store, messages)}
    poisoned = found.pop(POISONED)
    assert (poisoned["state"], poisoned["lapses"], deaths) == ("dead", MOST_LAPSES, MOST_LAPSES)
    assert {row["state"] for row in found.values()} == {"sent"}
    assert jobs == MOST_LAPSES + 1  # a job goes on with the others after one that was sent alone
    assert max(row["lapses"] for row in found.values()) <= 2
    assert [row["outcome"] for row in rows(here.store, notices)] == ["dead"]
    here.store.close()


def _let_leases_lapse(store: Store) -> None:
    with store.write() as connection:
        held = messages.c.lease_holder.is_not(None)
        past = datetime.now(UTC) - timedelta(seconds=1)
        connection.execute(update(messages).where(held).values(lease_until=past))
