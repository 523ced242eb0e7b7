"""A clock that jumps into the future and comes back: nothing waits for that future, nothing is sent twice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from monitor.record.settings import Delivery
from monitor.record.store.schema import lookups, messages, outbox, paces, subscriptions
from monitor.record.store.store import Store
from tests.fakes.clock import NOON
from tests.fakes.pages import report, rows
from tests.fakes.receiver import BROKEN, OK, Receiver
from tests.fakes.site import Answer
from tests.monitor.poller.world import World, in_world, piers
from tests.simulated.travel import Days, days, now
from tests.workers import seeding
from tests.workers.seeding import configured, email, webhook
from workers.schedule.clock_repair import repair_times

FAR = 400  # days


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as opened:
        yield opened


@pytest.fixture
def house(store: Store, tmp_path: Path, receiver: Receiver) -> Iterator[Days]:
    """A webhook, and a daily digest by mail into files."""
    configuration = configured(
        webhook(url=receiver.url),
        email(digest="daily 08:00"),
        http={"allow_private_networks": True},
        email={"smtp_url": "file:mail", "from": "gao@example.org"},
    )
    with days(store, tmp_path, configuration) as opened:
        yield opened


def sent(store: Store, subscription: str) -> int:
    return seeding.count(store, messages, subscription=subscription, state="sent")


def test_what_was_put_off_under_a_clock_that_ran_ahead_goes_out_when_it_is_back(
    house: Days, store: Store, receiver: Receiver
) -> None:
    """Retries, a dead sender's lease, a host's pace, marks: all of them from a year that has not come."""
    receiver.otherwise = BROKEN
    house.happen((1, 2), (2, 2))
    house.jump(days=FAR)
    house.happen((3, 2))
    with store.write() as connection:
        one = update(messages).where(messages.c.subscription == "tracker", messages.c.failures == 1)
        connection.execute(one.values(lease_until=now() + timedelta(minutes=1), lease_holder="killed"))
        connection.execute(update(paces).values(next_at=now() + timedelta(minutes=1)))
    receiver.otherwise = OK
    receiver.requests.clear()
    house.jump(days=-FAR)
    house.go(minutes=5)
    assert sent(store, "tracker") == 3
    assert len(receiver.ids()) == len(set(receiver.ids())) == 3


def test_digests_go_on_after_a_slot_in_the_future_was_made(house: Days, store: Store) -> None:
    """The next morning's digest is sent, and once; the year that was visited too early changes nothing."""
    house.go(days=1)
    house.happen((1, 2))
    house.jump(days=FAR)
    assert sent(store, "weekly") == 1
    house.jump(days=-FAR)
    house.happen((2, 2))
    house.go(days=1, minutes=5)
    assert sent(store, "weekly") == 2
    house.go(days=3)
    assert sent(store, "weekly") == 2
    house.happen((3, 2))
    house.jump(days=FAR - 6)
    house.go(days=4)
    assert sent(store, "weekly") == 3


def test_a_clock_that_jumps_to_and_fro_sends_nothing_twice(
    house: Days, store: Store, receiver: Receiver
) -> None:
    """Whichever way it goes, a message that arrived has arrived."""
    for number, jump in enumerate((1, -1, FAR, -FAR, -FAR, FAR), start=1):
        house.happen((number, 2))
        house.jump(days=jump)
    house.go(minutes=5)
    assert sent(store, "tracker") == 6
    assert len(receiver.ids()) == len(set(receiver.ids())) == 6


def test_times_that_we_may_have_given_are_left_alone(store: Store) -> None:
    """The schedule's longest wait and its jitter, a day that a receiver asked for, a lease."""
    delivery = Delivery()
    with store.write() as connection:
        seeding.wait(connection, seeding.capture(connection))
        connection.execute(update(outbox).values(enqueued_until=seeding.NOW + delivery.lease))
        row = {"id": "msg_1", "subscription": "a", "channel": "webhook", "recipient": "", "cause": "notice"}
        times = {
            "created_at": seeding.NOW,
            "due_at": seeding.NOW + timedelta(hours=24) * 1.1,
            "lease_until": seeding.NOW + delivery.lease,
            "enqueued_until": seeding.NOW + delivery.lease,
        }
        connection.execute(messages.insert(), row | times | {"cause_ref": "1", "state": "waiting"})
        connection.execute(paces.insert(), {"name": "a", "next_at": seeding.NOW + timedelta(hours=1)})
        connection.execute(subscriptions.insert(), {"id": "a", "first_seen_at": seeding.NOW})
        assert repair_times(connection, delivery, seeding.NOW) == 0
        assert repair_times(connection, delivery, seeding.NOW - timedelta(days=FAR)) == 5


PAGE = rows(12)


def test_a_poller_goes_on_after_a_year_that_has_not_come(store: Store, tmp_path: Path) -> None:
    """Polls, look-ups of what left, and what another source shows: each at once when the clock is back."""

    async def check(world: World) -> None:
        # The site's own clock is right all the while.
        world.serve(PAGE, stamp=world.clock.now())
        world.clock.forward(days=FAR)
        assert await world.outcome("piers") == "baseline"
        world.clock.forward(hours=12)
        world.serve(PAGE[1:], stamp=NOON + timedelta(hours=12))
        await world.poll("piers")  # asks what became of the first, in vain
        assert [row.settled for row in world.all(lookups)] == [None]

        world.clock.forward(days=-FAR, hours=12)
        gone = PAGE[0].but(status="Closed – Implemented", narrative="The Bureau finished in March 2031.")
        world.site.answers(f"/products/{gone.product.lower()}", Answer(200, report([gone])))
        world.serve([PAGE[1].but(priority=True), *PAGE[2:]], stamp=world.clock.now())
        (reading,) = await world.poll(due_only=True)
        assert (reading.updated, reading.closed) == (1, 1)
        assert world.source().last_captured_at <= world.clock.now()

    in_world(store, tmp_path, check, piers())


def test_another_sources_page_is_not_taken_for_an_old_one(store: Store, tmp_path: Path) -> None:
    """What was observed in a year that has not come must not make each later page a late witness."""

    async def check(world: World) -> None:
        world.serve(PAGE, stamp=world.clock.now())
        world.clock.forward(days=FAR)
        await world.poll("piers")
        world.clock.forward(days=-FAR)
        finished = PAGE[1].but(narrative="The Bureau replaced every lamp on pier 2.")
        world.site.answers("/report", Answer(200, report([finished])))
        (reading,) = await world.poll("report")
        assert reading.updated == 1

    in_world(store, tmp_path, check, piers(), {"id": "report", "format": "gao-product", "url": "/report"})
