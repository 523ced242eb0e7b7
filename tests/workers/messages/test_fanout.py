"""From an outbox row to messages: who hears, in how many messages, once."""

from typing import Any

import pytest
from sqlalchemy import update

from monitor.record.store.schema import (
    captures,
    descriptions,
    events,
    items,
    messages,
    notices,
    outbox,
    recommendations,
    subscriptions,
)
from monitor.record.store.store import Store
from tests.fakes.transport import context
from tests.workers.seeding import (
    NOW,
    capture,
    changes,
    configured,
    count,
    email,
    happen,
    reminder,
    rows,
    slack,
    wait,
    webhook,
)
from workers.messages import describe, storing
from workers.messages.fanout import fan_out
from workers.messages.ordering import rows_in_order


def test_every_matching_subscription_and_recipient_gets_a_message(any_store: Store) -> None:
    """One event becomes one message for each recipient of each subscription that it matches."""
    outbox_id = changes(any_store, [(1, 2)])
    elsewhere = webhook("elsewhere", match={"agencies": ["Coast Guard"]})
    world = context(any_store, configured(webhook(), email(to=["a@example.org", "b@example.org"]), elsewhere))

    assert fan_out(world, outbox_id, NOW)

    made = rows(any_store, messages, messages.c.subscription, messages.c.recipient)
    told = [(row["subscription"], row["recipient"], row["cause"], row["state"]) for row in made]
    assert told == [
        ("tracker", "", "instant", "waiting"),
        ("weekly", "a@example.org", "instant", "waiting"),
        ("weekly", "b@example.org", "instant", "waiting"),
    ]
    assert made[0]["host"] == "one.example.org:443"
    assert count(any_store, descriptions) == 1
    assert {row["id"] for row in rows(any_store, subscriptions)} == {
        "tracker",
        "weekly",
        "elsewhere",
        "operators",
    }


def test_a_second_run_adds_nothing(any_store: Store) -> None:
    """A describe job that runs again finds its row published and makes nothing."""
    outbox_id = changes(any_store, [(1, 2), (2, 2)])
    world = context(any_store, configured(webhook(), email()))
    fan_out(world, outbox_id, NOW)
    before = [count(any_store, table) for table in (messages, items, descriptions)]

    assert not fan_out(world, outbox_id, NOW)
    assert before == [count(any_store, table) for table in (messages, items, descriptions)]


def test_what_was_told_is_not_told_again_even_if_the_mark_is_lost(any_store: Store) -> None:
    """Items say who was told; a row whose mark was undone adds no second message."""
    outbox_id = changes(any_store, [(1, 2)])
    world = context(any_store, configured(webhook()))
    fan_out(world, outbox_id, NOW)
    with any_store.write() as connection:
        connection.execute(update(outbox).values(published_at=None, attempts=0))

    assert fan_out(world, outbox_id, NOW)
    assert count(any_store, messages) == 1


def test_many_events_become_one_summary_frozen_at_fan_out(any_store: Store) -> None:
    """More events of one capture than summarize_over become one message, its cause the capture."""
    outbox_id = changes(any_store, [(number, 2) for number in range(1, 5)])
    world = context(any_store, configured(email("few", summarize_over=3), email("many", summarize_over=4)))

    fan_out(world, outbox_id, NOW)

    few = rows(any_store, messages, subscription="few")
    assert [(row["cause"], row["cause_ref"]) for row in few] == [("summary", "1")]
    assert count(any_store, items, message_id=few[0]["id"]) == 4
    assert [row["cause"] for row in rows(any_store, messages, subscription="many")] == ["instant"] * 4


def test_a_webhook_gets_each_event_by_itself(store: Store) -> None:
    """A webhook never gets a summary."""
    outbox_id = changes(store, [(number, 2) for number in range(1, 5)])
    fan_out(context(store, configured(webhook(summarize_over=1))), outbox_id, NOW)
    assert [row["cause"] for row in rows(store, messages)] == ["instant"] * 4


def test_a_summary_by_the_web_api_has_every_event_in_its_thread(store: Store) -> None:
    """In Slack's Web API mode each event stands in full under the summary."""
    outbox_id = changes(store, [(number, 2) for number in range(1, 5)])
    fan_out(context(store, configured(slack(summarize_over=2))), outbox_id, NOW)

    [parent] = rows(store, messages, cause="summary")
    children = rows(store, messages, cause="instant")
    assert {row["parent_id"] for row in children} == {parent["id"]}
    held = rows(store, items, cause_class="thread")
    assert sorted(row["message_id"] for row in held) == sorted(row["id"] for row in children)
    assert count(store, items, cause_class="first", message_id=parent["id"]) == 4


def test_a_long_thread_holds_several_events_a_message(store: Store) -> None:
    """Slack takes a message a second: a thread of more than fifty events tells ten at once."""
    outbox_id = changes(store, [(number, 2) for number in range(1, 53)])
    fan_out(context(store, configured(slack())), outbox_id, NOW)
    assert count(store, messages) == 1 + 6
    assert count(store, items, cause_class="thread") == 52


def test_a_digest_only_collects(any_store: Store) -> None:
    """Events for a digest wait as items without a message."""
    outbox_id = changes(any_store, [(1, 2)])
    fan_out(context(any_store, configured(email(digest="daily 08:00"))), outbox_id, NOW)
    assert count(any_store, messages) == 0
    assert [row["message_id"] for row in rows(any_store, items)] == [None]


def test_imported_history_tells_nobody(store: Store) -> None:
    """A silent event makes no message; its row is done with."""
    outbox_id = changes(store, [(1, 2)], silent=True)
    assert fan_out(context(store, configured(webhook())), outbox_id, NOW)
    assert count(store, messages) == 0
    assert rows(store, outbox)[0]["published_at"] == NOW


def test_a_reminder_goes_out_by_itself(any_store: Store) -> None:
    """An outbox row of one event without a capture is told like any other."""
    fan_out(context(any_store, configured(webhook())), reminder(any_store, 1, 1), NOW)
    [event] = rows(any_store, events)
    assert [row["cause_ref"] for row in rows(any_store, messages)] == [event["id"]]


def test_earlier_revisions_are_fanned_out_first(any_store: Store) -> None:
    """A job for a later capture does the earlier one's row first where they share a recommendation."""
    first = changes(any_store, [(1, 2)])
    second = changes(any_store, [(1, 3), (2, 2)])
    unrelated = changes(any_store, [(3, 2)])
    reminded = reminder(any_store, 1, 3)

    fan_out(context(any_store, configured(webhook())), reminded, NOW)

    held = rows(any_store, items, items.c.id, recommendation_id=1)
    assert [row["revision"] for row in held] == [2, 3, 3]
    done = {row["id"]: row["published_at"] is not None for row in rows(any_store, outbox)}
    assert done == {first: True, second: True, unrelated: False, reminded: True}


def chained(store: Store, length: int) -> list[int]:
    """Captures each of which changes what the one before it was the first to change; their outbox rows."""
    with store.write() as connection:
        one = capture(connection)
        happen(connection, 1, 2, one)
    [recommendation], [change] = rows(store, recommendations), rows(store, events)
    [taken] = rows(store, captures)
    numbers = range(2, length + 1)
    ends = [(number, 2, number) for number in numbers] + [(number - 1, 3, number) for number in numbers]
    with store.write() as connection:
        connection.execute(captures.insert(), [taken | {"id": number} for number in numbers])
        known = [recommendation | {"id": number, "key": f"k{number}"} for number in numbers]
        connection.execute(recommendations.insert(), known)
        about = [
            dict(zip(("recommendation_id", "revision", "capture_id"), each, strict=True)) for each in ends
        ]
        made = [change | each | {"id": f"evt_{number}"} for number, each in enumerate(about)]
        connection.execute(events.insert(), made)
        every = [{"id": number, "capture_id": number, "created_at": NOW} for number in (1, *numbers)]
        connection.execute(outbox.insert(), every)
    return [1, *numbers]


def test_however_long_the_chain_the_earliest_is_fanned_out_first(store: Store) -> None:
    """More captures than Python recurses, each to be described after the one before it, are put in order."""
    every = chained(store, 1_100)
    with store.read() as connection:
        assert rows_in_order(connection, every[-1]) == every


class _Broken(Exception):
    pass


def _fail_on(monkeypatch: pytest.MonkeyPatch, number: int) -> list[int]:
    calls: list[int] = []
    real = describe.describe_event

    def describing(event: Any, history: Any = ()) -> Any:
        if event.recommendation_id == number:
            calls.append(number)
            raise _Broken
        return real(event, history)

    monkeypatch.setattr(describe, "describe_event", describing)
    return calls


def test_what_cannot_be_described_goes_out_plain(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """After three tries an event goes out as substantive without signals; operators hear of it."""
    calls = _fail_on(monkeypatch, 1)
    outbox_id = changes(store, [(1, 2), (2, 2)])

    fan_out(context(store, configured(webhook(match={"significance": "substantive"}))), outbox_id, NOW)

    assert len(calls) == 3
    by_event = {row["event_id"]: row for row in rows(store, descriptions)}
    plain, whole = (by_event[row["id"]] for row in rows(store, events, events.c.recommendation_id))
    assert (plain["level"], plain["signals"]) == ("substantive", [])
    assert [run[0] for run in plain["diff"]["narrative"]] == ["delete", "insert"]
    assert "equal" in [run[0] for run in whole["diff"]["narrative"]]
    assert count(store, messages) == 2
    [notice] = rows(store, notices)
    assert (notice["type"], notice["outcome"], notice["concerns"]) == (
        "source.failing",
        "undescribed",
        "gao-open",
    )


def test_three_tries_that_killed_the_process_count_as_three(store: Store) -> None:
    """A try is counted before it is made: what kills its process is not described a fourth time."""
    outbox_id = changes(store, [(1, 2)])
    with store.write() as connection:
        connection.execute(update(outbox).values(attempts=3))

    fan_out(context(store, configured(webhook())), outbox_id, NOW)
    assert [row["signals"] for row in rows(store, descriptions)] == [[]]
    assert count(store, messages) == 1


def test_the_row_is_published_only_with_its_messages(
    any_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Invariant 2: where the messages cannot be written, the row stays due, and a later run makes them."""
    outbox_id = changes(any_store, [(1, 2)])
    world = context(any_store, configured(webhook()))

    def fail(*_: Any) -> None:
        raise _Broken

    with monkeypatch.context() as patched:
        patched.setattr(storing, "store_messages", fail)
        with pytest.raises(_Broken):
            fan_out(world, outbox_id, NOW)
    assert rows(any_store, outbox)[0]["published_at"] is None
    assert count(any_store, descriptions) == 0

    assert fan_out(world, outbox_id, NOW)
    assert count(any_store, messages) == 1


def test_a_stored_description_is_never_computed_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where an event has its description, routing reads that one."""
    with store.write() as connection:
        one = capture(connection)
        event = happen(connection, 1, 2, one)
        row = {"event_id": event, "diff": {"narrative": [], "record": {}}, "level": "cosmetic", "signals": []}
        connection.execute(descriptions.insert(), row)
        outbox_id = wait(connection, one)
    _fail_on(monkeypatch, 1)

    fan_out(context(store, configured(webhook(match={"significance": "redated"}))), outbox_id, NOW)
    assert count(store, messages) == 0
    assert rows(store, descriptions)[0]["level"] == "cosmetic"
