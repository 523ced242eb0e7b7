"""Digests whatever happens in between: each event in exactly one, each slot once, in whatever order."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count as numbers
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from monitor.record.store.schema import digests as slots
from monitor.record.store.schema import items, messages
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import changes, configured, email, rows
from workers.context import Context
from workers.delivery import ledger
from workers.delivery.engine import deliver
from workers.messages.fanout import fan_out
from workers.schedule import digests, reconciliation
from workers.values import TransportError

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Days before the clocks change in New York, in spring and in autumn.
BEGINNINGS = [datetime(2026, 3, 5, 9, 30, tzinfo=UTC), datetime(2025, 10, 30, 9, 30, tzinfo=UTC)]
SCHEDULES = ["daily 02:30", "daily 01:30", "weekly sun 02:00", "monthly 31 08:00"]
RECIPIENTS = ["a@example.org", "b@example.org"]
_ids = numbers(1)

steps = st.lists(
    st.tuples(
        st.sampled_from((HOUR / 60, HOUR, 7 * HOUR, DAY, 20 * DAY)),
        st.sampled_from(
            [
                "event",
                "event",
                "event",
                "again",
                "slot",
                "slot",
                "look",
                "crash",
                "send",
                "hand",
                "pause",
                "resume",
                "restart",
            ]
        ),
    ),
    max_size=24,
)
failures = st.lists(st.sampled_from(("none", "later", "maybe")), max_size=6)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('digests') / 'recwatch.sqlite3'}") as opened:
        yield opened


class _Killed(Exception):
    """The process ended."""


class _World:
    """One weekly subscription of its own, and what happens to it."""

    def __init__(self, store: Store, schedule: str, answers: list[str], now: datetime) -> None:
        self.store, self.now = store, now
        self.name = f"digest-{next(_ids)}"
        self.transport = FakeTransport()
        self.transport.script[self.name] = [_ANSWERS[answer] for answer in answers]
        self.keys: dict[str, Any] = {"digest": schedule, "timezone": "America/New_York"}
        self.number, self.revision = 0, 2
        self.by_hand: set[str] = set()
        self.context = self.restarted()
        reconciliation.reconcile(self.context, now)

    def restarted(self) -> Context:
        subscribed = email(self.name, to=RECIPIENTS, **self.keys)
        # Waits of no length: what fails is tried again at the next sending.
        patient = {"retry": ["0s"] * 12}
        return context(self.store, configured(subscribed, delivery=patient), self.transport)

    def do(self, step: str) -> None:
        getattr(self, f"_{step}")()

    def _event(self) -> None:
        self.number, self.revision = next(_ids) + 1_000, 2
        fan_out(self.context, changes(self.store, [(self.number, 2)]), self.now)

    def _again(self) -> None:
        """The same recommendation changes once more."""
        if self.number:
            self.revision += 1
            fan_out(self.context, changes(self.store, [(self.number, self.revision)]), self.now)

    def _look(self) -> None:
        digests.make_due(self.context, self.now)

    def _slot(self) -> None:
        """The next slot comes, is seen at once, and what it made goes out."""
        [subscription] = self.context.configuration.subscriptions
        coming = digests.next_slot_of(subscription, self.now)
        assert coming
        self.now = coming
        self._look()
        self._send()

    def _crash(self) -> None:
        """The dispatcher ends with its message made and its items not yet in it."""

        def killed(*given: Any) -> Any:
            real(*given)
            raise _Killed

        real = digests.storing.store_messages
        with patch.object(digests.storing, "store_messages", killed):
            try:
                digests.make_due(self.context, self.now)
            except _Killed:
                self.context = self.restarted()

    def _send(self) -> None:
        deliver(self.context, self.context.channels["email"])

    def _hand(self) -> None:
        self.by_hand.add(digests.name_of(self.now))
        [subscription] = self.context.configuration.subscriptions
        with self.store.write() as connection:
            digests.make_now(connection, self.context, subscription, self.now)

    def _pause(self) -> None:
        with self.store.write() as connection:
            ledger.pause(connection, self.name, self.now)

    def _resume(self) -> None:
        with self.store.write() as connection:
            ledger.resume(connection, self.name, self.now)

    def _restart(self) -> None:
        self.context = self.restarted()

    def settle(self) -> None:
        """Time goes on, and nothing is in the way any more."""
        self._resume()
        for _ in range(3):
            self.now += 32 * DAY
            self._look()
        while any(row["state"] == "waiting" for row in rows(self.store, messages, subscription=self.name)):
            self._send()


_ANSWERS = {
    "none": None,
    "later": TransportError("451 later"),
    "maybe": TransportError("the connection broke off", ambiguous=True),
}


@settings(max_examples=25, deadline=None)
@given(steps, st.sampled_from(SCHEDULES), st.sampled_from(BEGINNINGS), failures)
def test_each_event_is_in_exactly_one_digest(
    store: Store, steps: list[tuple[timedelta, str]], schedule: str, begins: datetime, answers: list[str]
) -> None:
    """None lost, none in two, and what arrived twice bears one id; over crashes, restarts and summer time."""
    world = _World(store, schedule, answers, begins)
    for passing, step in steps:
        world.now += passing
        world.do(step)
    world.settle()

    held = rows(store, items, subscription=world.name)
    assert all(row["message_id"] for row in held)
    told = Counter((row["recipient"], row["event_id"]) for row in held)
    arrived = {message.id: message for message in world.transport.arrived}
    seen = Counter(
        (message.recipient, described.event.id)
        for message in arrived.values()
        for described in message.described_events
    )
    assert seen == told
    assert set(told.values()) <= {1}
    _check_slots(store, world, schedule)


def _check_slots(store: Store, world: _World, schedule: str) -> None:
    """Every digest stands for one slot of its own, at the local time that was asked for."""
    with store.read() as connection:
        query = select(slots.c.recipient, slots.c.slot, slots.c.message_id).where(
            slots.c.subscription == world.name
        )
        made = list(connection.execute(query.order_by(slots.c.recipient, slots.c.slot)))
    causes = {row["id"]: row["cause_ref"] for row in rows(store, messages, subscription=world.name)}
    for recipient in RECIPIENTS:
        mine = [row.slot for row in made if row.recipient == recipient]
        assert mine == sorted(set(mine))
    assert all(causes[row.message_id] == row.slot for row in made if row.message_id)
    by_schedule = {row.slot for row in made} - world.by_hand
    zone, gap = ZoneInfo("America/New_York"), "2026-03-08 03:00"  # where 02:00 and 02:30 do not exist
    for slot in by_schedule:
        local = f"{datetime.fromisoformat(slot).astimezone(zone):%Y-%m-%d %H:%M}"
        assert local.endswith(schedule.rpartition(" ")[2]) or local == gap
