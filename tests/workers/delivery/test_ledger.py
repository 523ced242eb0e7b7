"""The ledger: what became of messages, and what people may do about it."""

from datetime import timedelta

from sqlalchemy import update

from monitor.record.store.schema import items, messages
from monitor.record.store.store import Store
from tests.fakes.transport import context
from tests.workers.seeding import NOW, changes, configured, count, email, rows, slack, webhook
from workers.context import Context
from workers.delivery import ledger
from workers.messages.coverage import coverage
from workers.messages.fanout import fan_out

HOUR = timedelta(hours=1)


def told(store: Store, *subscribed: object, events: int = 1, **values: object) -> Context:
    world = context(store, configured(*(subscribed or (webhook(),))))  # type: ignore[arg-type]
    fan_out(world, changes(store, [(number, 2) for number in range(1, events + 1)], **values), NOW)
    return world


def settle(store: Store, state: str, **values: object) -> None:
    with store.write() as connection:
        connection.execute(update(messages).values(state=state, **values))


def test_deliveries_lists_messages_with_their_events(any_store: Store) -> None:
    """Newest first, by state or subscription, each with the events it holds."""
    told(any_store, webhook(), email(), events=2)
    with any_store.read() as connection:
        every = ledger.deliveries(connection)
        few = ledger.deliveries(connection, state="waiting", subscription="weekly", limit=1)
        assert ledger.deliveries(connection, state="dead") == []
        counts = ledger.by_state(connection)
    assert len(every) == 4
    assert all(len(entry.events) == 1 for entry in every)
    assert [entry.subscription for entry in few] == ["weekly"]
    assert counts == {"webhook": {"waiting": 2}, "email": {"waiting": 2}}


def test_redeliver_puts_the_dead_back_under_their_ids(any_store: Store) -> None:
    """All the dead, with the whole schedule before them; others stay as they are."""
    world = told(any_store, events=2)
    settle(any_store, "dead", failures=9, lapses=5, error="500")
    before = [row["id"] for row in rows(any_store, messages)]
    with any_store.write() as connection:
        back = ledger.redeliver(connection, world, NOW + HOUR)
    assert sorted(back.ids) == sorted(before)
    for row in rows(any_store, messages):
        assert (row["state"], row["failures"], row["lapses"]) == ("waiting", 0, 0)
        assert (row["due_at"], row["error"]) == (NOW + HOUR, None)
    with any_store.write() as connection:
        assert ledger.redeliver(connection, world, NOW).ids == ()


def test_redeliver_says_why_not(any_store: Store) -> None:
    """An unknown id, a message that is being sent, one whose subscription is gone: each has its reason."""
    world = told(any_store, events=1)
    [row] = rows(any_store, messages)
    settle(any_store, "waiting", lease_until=NOW + HOUR, lease_holder="job_1")
    with any_store.write() as connection:
        refused = ledger.redeliver(connection, world, NOW, ["msg_nothing", row["id"]]).refused
        assert refused == {"msg_nothing": "there is no such message", row["id"]: "it is being sent"}
        gone = context(any_store, configured())
        refused = ledger.redeliver(connection, gone, NOW + 2 * HOUR, [row["id"]]).refused
    assert refused == {row["id"]: "its subscription is no longer in the configuration"}


def test_a_message_that_was_sent_can_be_sent_again(any_store: Store) -> None:
    """Named by its id, any message goes out again."""
    world = told(any_store)
    settle(any_store, "sent", sent_at=NOW)
    [row] = rows(any_store, messages)
    with any_store.write() as connection:
        assert ledger.redeliver(connection, world, NOW, [row["id"]]).ids == (row["id"],)
    assert rows(any_store, messages)[0]["state"] == "waiting"


def test_replay_makes_new_messages_each_time(any_store: Store) -> None:
    """Past events as new messages, numbered, to who matches, apart from the first ones."""
    world = told(any_store, webhook(), email("none", match={"kinds": ["matter"]}), events=2)
    with any_store.write() as connection:
        assert len(ledger.replay(connection, world, NOW, NOW + HOUR)) == 2
    with any_store.write() as connection:
        assert len(ledger.replay(connection, world, NOW, NOW + HOUR)) == 2
        assert ledger.replay(connection, world, NOW + 9 * HOUR, NOW + HOUR) == []
    refs = {row["cause_ref"].partition(":")[0] for row in rows(any_store, messages, cause="replay")}
    assert refs == {"1", "2"}
    assert {row["cause_class"] for row in rows(any_store, items)} == {"first", "replay:1", "replay:2"}
    assert len({row["id"] for row in rows(any_store, messages)}) == 6


def test_replay_tells_again_what_was_told_since_of_an_older_capture(any_store: Store) -> None:
    """A saved page is read after the time it bears, a held one believed days later: who lost what came since
    then lost these too. What was told before stays told, whenever it was told again.
    """
    world = context(any_store, configured(webhook()))
    fan_out(world, changes(any_store, [(1, 2)]), NOW + 24 * HOUR)
    fan_out(world, changes(any_store, [(2, 2)]), NOW + 72 * HOUR)
    with any_store.write() as connection:
        assert len(ledger.replay(connection, world, NOW + 48 * HOUR, NOW + 96 * HOUR)) == 1
        assert ledger.replay(connection, world, NOW + 96 * HOUR, NOW + 120 * HOUR) == []


def test_replay_tells_one_subscription_if_asked(store: Store) -> None:
    """`--subscription`: the others hear nothing; a digest's is one message."""
    world = told(store, webhook(), email(digest="daily 08:00"), events=3)
    weekly = world.configuration.subscription("weekly")
    assert weekly is not None
    with store.write() as connection:
        [message] = ledger.replay(connection, world, NOW, NOW + HOUR, weekly)
    assert count(store, items, message_id=message) == 3
    assert count(store, messages, cause="replay") == 1


def test_imported_history_is_not_replayed(store: Store) -> None:
    """What nobody was told of at first is not told again."""
    world = told(store, silent=True)
    with store.write() as connection:
        assert ledger.replay(connection, world, NOW, NOW + HOUR) == []


def test_pausing_and_resuming(any_store: Store) -> None:
    """Each once; resuming makes all that waited due, in the order in which it was made."""
    told(any_store, events=3)
    with any_store.write() as connection:
        assert ledger.pause(connection, "tracker", NOW)
        assert not ledger.pause(connection, "tracker", NOW)
    settle(any_store, "waiting", due_at=NOW + 5 * HOUR, enqueued_until=NOW + HOUR)
    with any_store.write() as connection:
        assert ledger.resume(connection, "tracker", NOW + HOUR)
        assert not ledger.resume(connection, "tracker", NOW + HOUR)
    assert {(row["due_at"], row["enqueued_until"]) for row in rows(any_store, messages)} == {
        (NOW + HOUR, None)
    }


def test_subscriptions_as_they_stand(store: Store) -> None:
    """Each with its pause and its messages by state, the operators' last."""
    world = told(store, webhook(), slack(), events=2)
    with store.write() as connection:
        ledger.pause(connection, "team", NOW)
        standing = ledger.subscriptions_now(connection, world)
    assert [(each.id, each.channel, each.paused_at, each.counts) for each in standing] == [
        ("tracker", "webhook", None, {"waiting": 2}),
        ("team", "slack", NOW, {"waiting": 2}),
        ("operators", "console", None, {}),
    ]
    assert standing[1].reason == "paused by hand"


def test_coverage_counts_what_stands_open(store: Store) -> None:
    """How many open recommendations a subscription would hear of, and how many are priorities."""
    world = told(
        store, webhook(match={"keywords": ["lanes"]}), webhook("other", match={"priority": True}), events=3
    )
    with store.read() as connection:
        counted = coverage(connection, world.configuration.subscriptions)
    assert [(each.total, each.priority) for each in counted.values()] == [(3, 0), (0, 0)]
