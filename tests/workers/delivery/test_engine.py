"""The engine: everything due goes out, each receiver by itself, and what came of it is recorded."""

import asyncio
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from monitor.record.store.schema import attempts, items, messages, notices, subscriptions
from monitor.record.store.store import Store
from tests.fakes.transport import HANG, FakeTransport, channels, context
from tests.workers.seeding import changes, configured, count, email, rows, slack, webhook
from workers.channels import CHANNELS
from workers.channels.email.render import render
from workers.context import Context
from workers.delivery import engine, ledger, loading, transactions
from workers.delivery.engine import deliver
from workers.messages.fanout import fan_out
from workers.values import Cause, Message, Receipt, TransportError

QUICK: dict[str, Any] = {"delivery": {"lease": "1s"}}  # a request is given up after half a second


def now() -> datetime:
    return datetime.now(UTC)


def ready(
    store: Store, *subscribed: dict[str, Any], events: int = 1, **tables: Any
) -> tuple[Context, FakeTransport]:
    """A world with so many events fanned out."""
    transport = FakeTransport()
    world = context(store, configured(*subscribed, **tables), transport)
    fan_out(world, changes(store, [(number, 2) for number in range(1, events + 1)]), now())
    return world, transport


def run(world: Context, channel: str = "webhook", stop: threading.Event | None = None) -> engine.Tally:
    return deliver(world, world.channels[channel], stop)


def later(store: Store) -> None:
    """Let every waiting message's time come."""
    with store.write() as connection:
        connection.execute(update(messages).where(messages.c.state == "waiting").values(due_at=now()))


def test_everything_due_goes_out_and_is_recorded(any_store: Store) -> None:
    """Each message is sent once, in one job, by one transport; the ledger says so."""
    world, transport = ready(any_store, webhook(), events=40)
    tally = run(world)
    assert (tally.sent, len(set(transport.ids())), len(transport.sent)) == (40, 40, 40)
    assert (transport.opened, transport.closed) == (1, 1)
    sent = rows(any_store, messages)
    assert {(row["state"], row["lease_holder"], row["attempts"]) for row in sent} == {("sent", None, 1)}
    assert {row["outcome"] for row in rows(any_store, attempts)} == {"sent"}
    assert run(world).sent == 0


def test_a_message_is_whole(store: Store) -> None:
    """What a channel gets: the event with its difference and meaning, the subscription, the recipient."""
    world, transport = ready(
        store, email(to=["a@example.org"]), operators={"channel": "email", "to": ["o@example.org"]}
    )
    run(world, "email")
    [message] = transport.sent
    [described] = message.described_events
    assert (message.cause, message.recipient, message.subscription.id) == (
        Cause.INSTANT,
        "a@example.org",
        "weekly",
    )
    assert "".join(text for kind, text in described.difference.narrative if kind != "delete") == (
        described.event.new.narrative if described.event.new else ""
    )
    assert described.significance.level == "substantive"
    assert message.operators_address == "o@example.org"


def test_without_operators_by_mail_one_leaves_by_a_mail_to_the_senders_plain_address(store: Store) -> None:
    """`from` may hold a name; a mailto that holds it too opens a mail to nobody."""
    world, transport = ready(
        store, email(), email={"from": "Desk <desk@agency.example>", "smtp_url": "smtp://127.0.0.1:2525"}
    )
    run(world, "email")
    mail = render(transport.sent[0], world.configuration.email.sender)
    assert str(mail["List-Unsubscribe"]).startswith("<mailto:desk@agency.example?subject=unsubscribe")


def test_nobody_is_sent_more_than_their_host_bears(store: Store) -> None:
    """Two in flight to one host, whatever is due."""
    world, transport = ready(store, webhook(), events=12)
    transport.seconds = 0.02
    run(world)
    assert transport.most["tracker"] == 2


def test_a_failure_is_retried_by_the_schedule(store: Store) -> None:
    """Nothing is sent before its time; then the same id is sent again, as a certain repeat of nothing."""
    world, transport = ready(store, webhook(), delivery={"retry": ["500s"]})
    transport.script["tracker"] = [TransportError("503 from the receiver")]
    before = now()
    run(world)
    [row] = rows(store, messages)
    assert (row["state"], row["failures"], row["error"]) == ("waiting", 1, "503 from the receiver")
    assert before + timedelta(seconds=400) < row["due_at"] < now() + timedelta(seconds=600)
    run(world)
    assert len(transport.sent) == 1

    later(store)
    run(world)
    assert len(set(transport.ids())) == 1
    assert transport.sent[1].uncertain is False
    assert [row["outcome"] for row in rows(store, attempts)] == ["transient", "sent"]
    assert rows(store, messages)[0]["error"] is None


def test_an_unknown_outcome_marks_the_repeat(store: Store) -> None:
    """Promise 2: a repeat that may be one is marked, until it has arrived."""
    world, transport = ready(store, webhook())
    transport.script["tracker"] = [TransportError("reset", ambiguous=True), TransportError("503")]
    for _ in range(3):
        run(world)
        later(store)
    assert [message.uncertain for message in transport.sent] == [False, True, True]
    assert rows(store, messages)[0]["uncertain"] is False


def test_a_channels_own_mistake_costs_a_step_only(store: Store) -> None:
    """An error that no transport declares is kept in the ledger, and the message is tried again."""
    world, transport = ready(store, webhook())
    transport.script["tracker"] = [KeyError("blocks")]
    run(world)
    [row] = rows(store, messages)
    assert (row["state"], row["failures"], row["uncertain"]) == ("waiting", 1, True)
    assert "KeyError" in row["error"]


def test_a_channel_that_does_not_open_loses_nothing(store: Store) -> None:
    """Where a transport cannot even be made, its messages go through the schedule."""
    world, _ = ready(store, webhook())

    def broken(*_: Any) -> Any:
        raise OSError("no such certificate file")

    world.channels = {"webhook": replace(world.channels["webhook"], open=broken)}
    run(world)
    [row] = rows(store, messages)
    assert (row["state"], row["failures"]) == ("waiting", 1)
    assert "certificate" in row["error"]


def test_the_dead_are_announced_once_an_incident(store: Store) -> None:
    """Operators hear of the first message that a receiver misses, and again only after one has arrived."""
    world, transport = ready(store, webhook(), events=3, delivery={"retry": []})
    transport.script["tracker"] = [TransportError("500")] * 3
    run(world)
    assert [row["state"] for row in rows(store, messages)] == ["dead"] * 3
    [notice] = rows(store, notices)
    assert (notice["type"], notice["concerns"]) == ("delivery.dead", "tracker")
    assert "500" in notice["message"]

    fan_out(world, changes(store, [(4, 2)]), now())
    run(world)
    transport.script["tracker"] = [TransportError("500")]
    fan_out(world, changes(store, [(5, 2)]), now())
    run(world)
    assert count(store, notices) == 2


def test_each_recipients_trouble_is_announced(store: Store) -> None:
    """One address that refuses does not hide another that does."""
    world, transport = ready(store, email(to=["a@example.org", "b@example.org"]))
    transport.script["weekly"] = [TransportError("550 unknown", permanent=True)] * 2
    run(world, "email")
    assert sorted(row["message"].split()[3] for row in rows(store, notices)) == [
        "a@example.org",
        "b@example.org",
    ]


def test_a_receiver_that_is_gone_pauses_its_subscription(store: Store) -> None:
    """410: the subscription is paused, operators hear once, and its messages wait until it is resumed."""
    world, transport = ready(store, webhook(), events=3)
    transport.script["tracker"] = [TransportError("410 Gone", permanent=True, pauses=True)]
    run(world)
    assert [row["state"] for row in rows(store, messages)] == ["waiting"] * 3
    paused = {row["id"]: row["reason"] for row in rows(store, subscriptions) if row["paused_at"]}
    assert paused == {"tracker": "410 Gone"}
    assert [row["type"] for row in rows(store, notices)] == ["subscription.paused"]
    seen = len(transport.sent)
    assert seen == 1

    run(world)
    assert len(transport.sent) == seen
    with store.write() as connection:
        assert ledger.resume(connection, "tracker", now())
    run(world)
    assert [row["state"] for row in rows(store, messages)] == ["sent"] * 3


def test_throttling_holds_the_receiver_and_no_other(store: Store) -> None:
    """Retry-After holds back all that waits for a receiver, but not another receiver on its host."""
    world, transport = ready(store, webhook("a"), webhook("b"), events=6)
    transport.script["a"] = [TransportError("429", retry_after=300)] * 2
    run(world)
    assert count(store, messages, subscription="b", state="sent") == 6
    waiting = rows(store, messages, subscription="a")
    assert len([message for message in transport.sent if message.subscription.id == "a"]) <= 2
    assert {row["failures"] for row in waiting} == {0}
    assert all(row["due_at"] > now() + timedelta(seconds=200) for row in waiting)


def test_one_hanging_receiver_delays_only_itself(store: Store) -> None:
    """Promise 3: while one receiver hangs, the other's messages go out, those that come meanwhile too."""
    world, transport = ready(store, webhook("slow", "slow.example.org"), webhook("fast"), events=4)
    answers = asyncio.Event()  # once the other has everything; in vain, each would be given up after 30 s
    transport.script["slow"] = [answers] * 9
    late = threading.Thread(target=lambda: fan_out(world, changes(store, [(9, 2)]), now()))

    def come(_message: Any) -> None:
        fast = sum(message.subscription.id == "fast" for message in transport.sent)
        if fast == 4 and late.ident is None:
            late.start()
        if fast == 5:
            answers.set()

    transport.on_send = come
    run(world)
    late.join()
    assert [count(store, messages, subscription=each, state="sent") for each in ("fast", "slow")] == [5, 5]
    assert {row["outcome"] for row in rows(store, attempts)} == {"sent"}


def test_a_receiver_that_hangs_is_given_up_and_may_have_got_it(store: Store) -> None:
    """Promise 2: what was given up is tried again, as a repeat that may be one."""
    world, transport = ready(store, webhook(), events=4, **QUICK)
    transport.script["tracker"] = [HANG] * 9
    run(world)
    hung = rows(store, messages)
    assert {row["state"] for row in hung} == {"waiting"}
    tried = [row for row in hung if row["attempts"]]
    assert all(row["uncertain"] for row in tried)
    assert "no answer within" in tried[0]["error"]


def test_a_result_is_recorded_only_by_the_leases_holder(any_store: Store) -> None:
    """Invariant 3: who lost the lease while sending records nothing; whoever has it decides."""
    world, transport = ready(any_store, webhook())

    def steal(_message: Any) -> None:
        with any_store.write() as connection:
            connection.execute(update(messages).values(lease_holder="another"))

    transport.on_send = steal
    run(world)
    [row] = rows(any_store, messages)
    assert (row["state"], row["lease_holder"]) == ("waiting", "another")
    assert rows(any_store, attempts) == []


def test_a_paced_host_is_waited_for(store: Store) -> None:
    """Messages to a paced host go out one a slot, in one job where the slots are near."""
    transport = FakeTransport()
    world = context(store, configured(webhook()), transport, pace=timedelta(milliseconds=100))
    fan_out(world, changes(store, [(number, 2) for number in range(1, 5)]), now())
    began = time.monotonic()
    run(world)
    assert len(transport.sent) == 4
    assert time.monotonic() - began > 0.3


def test_a_receiver_that_left_the_configuration_is_not_written_to(store: Store) -> None:
    """A message whose recipient is no longer configured is cancelled, with the reason."""
    _, transport = ready(store, email(to=["a@example.org", "b@example.org"]))
    changed = context(store, configured(email(to=["b@example.org"])), transport)
    run(changed, "email")
    assert [message.recipient for message in transport.sent] == ["b@example.org"]
    [row] = rows(store, messages, recipient="a@example.org")
    assert (row["state"], row["error"]) == ("cancelled", "its subscription no longer goes to a@example.org")


def test_a_thread_hangs_from_what_its_summary_got(store: Store) -> None:
    """The summary's receipt is the thread of what goes under it; without one it goes by itself."""
    world, transport = ready(store, slack("one", summarize_over=1), slack("two", summarize_over=1), events=2)
    transport.script["one"] = [Receipt("ok", {"ts": "1.2", "channel": "C1"})]
    transport.script["two"] = [TransportError("invalid_blocks", permanent=True)]
    run(world, "slack")
    threads = [(each.subscription.id, each.thread) for each in transport.sent if each.cause is Cause.INSTANT]
    assert (
        sorted(threads, key=lambda pair: pair[0])
        == [("one", {"ts": "1.2", "channel": "C1"})] * 2 + [("two", None)] * 2
    )


def test_a_message_that_cannot_be_put_together_holds_up_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong with one message, those claimed with it are sent."""
    world, _ = ready(store, webhook(), events=2)
    bad = rows(store, messages, messages.c.created_at)[0]["id"]
    real = loading.load

    def load(connection: Connection, configuration: Any, claimed: Any, known: Any) -> Any:
        if bad in [each.id for each in claimed]:
            raise ValueError("unreadable")
        return real(connection, configuration, claimed, known)

    monkeypatch.setattr(transactions, "load", load)
    run(world)
    by_id = {row["id"]: row for row in rows(store, messages)}
    assert by_id.pop(bad)["error"] == "it could not be put together: ValueError: unreadable"
    assert [row["state"] for row in by_id.values()] == ["sent"]


def test_a_repeat_of_a_dead_message_bears_its_id(store: Store) -> None:
    """redeliver sends under the old id."""
    world, transport = ready(store, webhook(), delivery={"retry": []})
    transport.script["tracker"] = [TransportError("500")]
    run(world)
    with store.write() as connection:
        back = ledger.redeliver(connection, world, now())
    run(world)
    assert transport.ids() == [*back.ids, *back.ids]
    assert count(store, messages, state="sent") == 1


def test_order_holds_through_retries(any_store: Store) -> None:
    """Promise 8: for one recommendation, the later change is never seen before the earlier one."""
    transport = FakeTransport()
    world = context(any_store, configured(webhook()), transport)
    for revision in (2, 3, 4):
        fan_out(world, changes(any_store, [(1, revision)]), now())
    transport.script["tracker"] = [TransportError("503"), None, TransportError("503")]
    for _ in range(4):
        run(world)
        later(any_store)
    assert [message.described_events[0].event.revision for message in transport.arrived] == [2, 3, 4]
    assert count(any_store, items) == 3


def test_real_channels_open(store: Store, tmp_path: Path) -> None:
    """The registry's console, end to end: a message is claimed, shown and recorded."""
    world, _ = ready(store, {"id": "here", "channel": "console"})
    world.home, world.channels = tmp_path, CHANNELS
    run(world, "console")
    assert count(store, messages, state="sent") == 1
    assert channels(FakeTransport())["console"].concurrency == 1


def test_one_that_hangs_holds_up_no_other_at_its_host(store: Store) -> None:
    """Invariant 9: at one host, a path that hangs has one request in flight and no turn of others."""
    host = "shared.example.org"
    world, transport = ready(store, webhook("hangs", host), webhook("works", host), events=20, **QUICK)
    transport.script["hangs"] = [HANG] * 3
    began, took = time.monotonic(), dict[str, float]()

    def note(message: Message) -> None:
        took[message.subscription.id] = time.monotonic() - began

    transport.on_send = note
    run(world)
    assert count(store, messages, subscription="works", state="sent") == 20
    assert transport.most["hangs"] == 1
    assert took["works"] < 15
