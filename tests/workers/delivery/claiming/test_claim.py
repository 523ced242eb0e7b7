"""Claims: who may send what, and when."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from monitor.record.store.schema import attempts, items, messages, receivers, subscriptions
from monitor.record.store.store import Store
from tests.fakes.transport import context
from tests.workers.seeding import NOW, changes, configured, email, reminder, rows, slack, webhook
from workers.delivery.claiming.claim import ClaimRequest, Claims, Limits, claim
from workers.delivery.claiming.hosts import receiver_name
from workers.delivery.claiming.leasing import LeaseTerms, lease
from workers.messages import storing
from workers.messages.fanout import fan_out

LEASE = timedelta(seconds=60)
LIMITS = Limits("webhook", 32, 2, None, LEASE)


def made(
    store: Store,
    *captures: list[tuple[int, int]],
    subscriptions: Any = None,
    now: datetime = NOW,
    answered: bool = True,
) -> None:
    """Fan captures out, in order, to receivers that have answered before."""
    world = context(store, configured(*(subscriptions or [webhook()])))
    for pairs in captures:
        fan_out(world, changes(store, pairs), now)
    for each in world.configuration.subscriptions if answered else ():
        known(store, each.id, storing.host_of(world, each), each.channel)


def take(
    store: Store,
    now: datetime = NOW,
    free: int = 32,
    limits: Limits = LIMITS,
    holder: str = "job_1",
    **more: Any,
) -> Claims:
    with store.write() as connection:
        return claim(connection, ClaimRequest(limits, free, holder, now, **more))


def known(
    store: Store, name: str, host: str = "one.example.org:443", channel: str = "webhook", **values: Any
) -> None:
    """How a receiver has fared at its host so far: as a rule, it has answered."""
    row = {"name": receiver_name(channel, host, name), "host": host, "subscription": name}
    with store.write() as connection:
        connection.execute(delete(receivers).where(receivers.c.name == row["name"]))
        connection.execute(insert(receivers), row | {"answered_at": NOW} | values)


def settle(store: Store, catch: Claims, state: str = "sent") -> None:
    with store.write() as connection:
        mine = messages.c.id.in_([each.id for each in catch.claimed])
        connection.execute(
            update(messages).where(mine).values(state=state, lease_until=None, lease_holder=None)
        )


def revisions(store: Store, catch: Claims) -> list[tuple[int, int]]:
    held = {row["message_id"]: (row["recommendation_id"], row["revision"]) for row in rows(store, items)}
    return [held[each.id] for each in catch.claimed]


def test_what_is_claimed_is_nobody_elses(any_store: Store) -> None:
    """Invariant 3: a message has one sender at a time, for the length of the lease."""
    made(any_store, [(1, 2)])
    first = take(any_store)
    assert [each.holder for each in first.claimed] == ["job_1"]
    assert first.claimed[0].lease_until == NOW + LEASE
    assert take(any_store, NOW + LEASE - timedelta(seconds=1), holder="job_2").claimed == ()


def test_a_lapsed_lease_is_taken_over_and_counted(any_store: Store) -> None:
    """Whose sender never reported back may have arrived: it is sent again, marked, and on the record."""
    made(any_store, [(1, 2)])
    take(any_store)
    [again] = take(any_store, NOW + LEASE, holder="job_2").claimed
    assert (again.holder, again.uncertain) == ("job_2", True)
    [row] = rows(any_store, messages)
    assert (row["lapses"], row["attempts"], row["failures"]) == (1, 2, 0)
    assert [row["outcome"] for row in rows(any_store, attempts)] == ["unknown"]


STEPS = (timedelta(hours=1), timedelta(hours=2), timedelta(hours=3))


@pytest.mark.parametrize(
    ("retry", "waits"),
    [((), (0, 0)), (STEPS[:1], (1, 0)), (STEPS[:2], (1, 2)), (STEPS, (1, 2, 3))],
    ids=["no schedule", "one step", "two steps", "three steps"],
)
def test_lapses_go_along_the_schedule(
    any_store: Store, retry: tuple[timedelta, ...], waits: tuple[int, ...]
) -> None:
    """A message whose senders keep dying waits for each step of the schedule before it is given up."""
    made(any_store, [(1, 2)])
    limits = replace(LIMITS, retry=retry)
    now = NOW
    for lapses, hours in enumerate([0, 0, 0, *waits]):
        wait = timedelta(hours=hours)
        if hours:
            catch = take(any_store, now, limits=limits)
            assert (catch.claimed, catch.given_up) == ((), ())
            [row] = rows(any_store, messages)
            assert (row["due_at"], row["lease_holder"], row["failures"]) == (now + wait, None, 0)
            assert take(any_store, now + wait - timedelta(seconds=1), limits=limits).claimed == ()
        [claimed] = take(any_store, now + wait, limits=limits).claimed
        assert claimed.lapses == lapses
        now += wait + LEASE
    last = take(any_store, now, limits=limits)
    assert (last.claimed, len(last.given_up)) == ((), 1)
    [row] = rows(any_store, messages)
    most = max(5, 3 + len(retry))
    assert (row["state"], row["lapses"], row["uncertain"]) == ("dead", most, True)
    assert [each["outcome"] for each in rows(any_store, attempts)] == ["unknown"] * most


def test_later_revisions_wait_for_earlier_ones(any_store: Store) -> None:
    """Invariant 8: of one recommendation only the earliest message is claimable, of another one too."""
    made(any_store, [(1, 2)], [(1, 3), (2, 2)])
    first = take(any_store)
    assert revisions(any_store, first) == [(1, 2), (2, 2)]
    assert take(any_store).claimed == ()
    settle(any_store, first)
    assert revisions(any_store, take(any_store)) == [(1, 3)]


def test_a_retry_holds_the_next_one_up(any_store: Store) -> None:
    """Order holds through retries: what is due now waits for an earlier one that is due tomorrow."""
    made(any_store, [(1, 2)], [(1, 3)])
    with any_store.write() as connection:
        earliest = messages.c.id == take_ids(any_store)[0]
        connection.execute(update(messages).where(earliest).values(due_at=NOW + timedelta(days=1)))
    assert take(any_store).claimed == ()


def take_ids(store: Store) -> list[str]:
    return [row["message_id"] for row in rows(store, items, items.c.revision)]


@pytest.mark.parametrize("state", ["dead", "cancelled", "sent"])
def test_a_settled_one_does_not_hold_up_the_next(any_store: Store, state: str) -> None:
    """A dead or cancelled message does not hold up the next."""
    made(any_store, [(1, 2)], [(1, 3)])
    settle(any_store, take(any_store), state)
    assert revisions(any_store, take(any_store)) == [(1, 3)]


def test_order_is_kept_for_each_recipient_alone(any_store: Store) -> None:
    """One recipient's trouble does not hold up another."""
    made(any_store, [(1, 2)], [(1, 3)], subscriptions=[email(to=["a@example.org", "b@example.org"])])
    mail = Limits("email", 8, 8, None, LEASE)
    first = take(any_store, limits=mail)
    settle(any_store, Claims(tuple(each for each in first.claimed if each.recipient == "b@example.org")))
    assert [each.recipient for each in take(any_store, limits=mail).claimed] == ["b@example.org"]


def test_of_one_revision_the_change_goes_before_its_reminder(any_store: Store) -> None:
    """A reminder has the revision that it reminds of; the change was made first and goes first."""
    made(any_store, [(1, 2)])
    fan_out(context(any_store, configured(webhook())), reminder(any_store, 1, 2), NOW)
    first = take(any_store)
    assert len(first.claimed) == 1
    settle(any_store, first)
    assert len(take(any_store).claimed) == 1


def test_a_thread_waits_for_its_summary(any_store: Store) -> None:
    """What goes under a summary goes once the summary has gone, or never will."""
    made(any_store, [(number, 2) for number in range(1, 4)], subscriptions=[slack(summarize_over=2)])
    limits = Limits("slack", 16, 16, None, LEASE)
    [parent] = take(any_store, limits=limits).claimed
    assert parent.cause == "summary"
    assert take(any_store, limits=limits).claimed == ()
    settle(any_store, Claims((parent,)), "dead")
    assert len(take(any_store, limits=limits).claimed) == 3


def test_the_claims_own_condition_decides(any_store: Store) -> None:
    """Whatever was read before it, the update takes nothing that somebody else holds."""
    made(any_store, [(1, 2)])
    [mine] = take(any_store).claimed
    with any_store.write() as connection:
        assert lease(connection, [mine.id], LeaseTerms("job_2", NOW, LEASE)) == []
    assert rows(any_store, messages)[0]["lease_holder"] == "job_1"


def test_what_hangs_under_a_message_waits_for_it(any_store: Store) -> None:
    """A thread waits for its parent's receipt even where they share no recommendation."""
    made(any_store, [(1, 2), (2, 2)])
    parent, child = (row["id"] for row in rows(any_store, messages))
    with any_store.write() as connection:
        connection.execute(update(messages).where(messages.c.id == child).values(parent_id=parent))
    assert [each.id for each in take(any_store).claimed] == [parent]


def test_a_later_event_waits_for_the_thread(any_store: Store) -> None:
    """A recommendation's event in a thread goes before its next event."""
    subscriptions = [slack(summarize_over=2)]
    made(any_store, [(1, 2), (2, 2), (3, 2)], [(1, 3)], subscriptions=subscriptions)
    limits = Limits("slack", 16, 16, None, LEASE)
    settle(any_store, take(any_store, limits=limits))
    assert sorted(revisions(any_store, take(any_store, limits=limits))) == [(1, 2), (2, 2), (3, 2)]


def test_a_paused_subscription_is_left_alone(any_store: Store) -> None:
    """While paused, messages wait."""
    made(any_store, [(1, 2)])
    with any_store.write() as connection:
        connection.execute(update(subscriptions).values(paused_at=NOW))
    assert take(any_store).claimed == ()


def test_one_host_has_two_in_flight_whoever_sends(any_store: Store) -> None:
    """Two requests to a host at a time, over all jobs."""
    made(any_store, [(number, 2) for number in range(1, 6)])
    assert len(take(any_store, free=1).claimed) == 1
    assert len(take(any_store, holder="job_2").claimed) == 1
    assert take(any_store, holder="job_3").claimed == ()


def test_after_a_time_out_a_receiver_gets_one_at_a_time(any_store: Store) -> None:
    """A receiver that timed out lately gets one request, or none while a job winds down."""
    made(any_store, [(number, 2) for number in range(1, 4)])
    known(any_store, "tracker", timed_out_at=NOW)
    assert take(any_store, avoid_slow=True).claimed == ()
    assert len(take(any_store).claimed) == 1
    assert take(any_store).claimed == ()


def test_hosts_share_the_slots(any_store: Store) -> None:
    """A host with many messages does not keep another's waiting."""
    many = [(number, 2) for number in range(1, 9)]
    made(any_store, many, subscriptions=[webhook("a", "a.example.org"), webhook("b", "b.example.org")])
    assert (
        sorted(each.host for each in take(any_store).claimed)
        == ["a.example.org:443"] * 2 + ["b.example.org:443"] * 2
    )


def test_hosts_that_hang_leave_half_the_slots(any_store: Store) -> None:
    """However many hosts hang, half of a job's slots are for others."""
    hosts = [webhook(f"s{number}", f"h{number}.example.org") for number in range(6)]
    made(any_store, [(1, 2)], subscriptions=hosts)
    for number in range(5):
        known(any_store, f"s{number}", f"h{number}.example.org:443", timed_out_at=NOW)
    claimed = take(any_store, limits=Limits("webhook", 4, 2, None, LEASE)).claimed
    assert len(claimed) == 3
    assert "h5.example.org:443" in [each.host for each in claimed]


def test_a_paced_host_is_claimed_once_a_slot(any_store: Store) -> None:
    """Invariant 9: a host's next allowed time is claimed with the message, from any process."""
    made(any_store, [(number, 2) for number in range(1, 4)])
    paced = Limits("webhook", 32, 2, timedelta(seconds=1), LEASE)
    first = take(any_store, limits=paced)
    assert len(first.claimed) == 1
    assert first.next_slot == NOW + timedelta(seconds=1)
    second = take(any_store, NOW + timedelta(milliseconds=900), limits=paced, holder="job_2")
    assert (second.claimed, second.next_slot) == ((), NOW + timedelta(seconds=1))
    assert len(take(any_store, NOW + timedelta(seconds=1), limits=paced).claimed) == 1


def test_a_channel_sees_its_own_messages_only(any_store: Store) -> None:
    """A job of one channel claims nothing of another."""
    made(any_store, [(1, 2)], subscriptions=[email()])
    assert take(any_store).claimed == ()


def shared(store: Store, *names: str, count: int = 4, now: datetime = NOW, answered: bool = True) -> None:
    """Receivers at one host, with messages for each."""
    pairs = [(number, 2) for number in range(1, count + 1)]
    made(store, pairs, subscriptions=[webhook(name) for name in names], now=now, answered=answered)


def by_name(catch: Claims) -> list[str]:
    return [each.subscription for each in catch.claimed]


PACED = Limits("webhook", 32, 2, timedelta(milliseconds=50), LEASE)


def test_receivers_at_a_host_take_turns(any_store: Store) -> None:
    """Invariant 9: within what a host may take, who was served longest ago is next, however long its line."""
    shared(any_store, "busy", count=6)
    shared(any_store, "quiet", count=2, now=NOW + timedelta(seconds=1))
    served = []
    for turn in range(4):
        now = NOW + timedelta(seconds=2, milliseconds=60 * turn)
        catch = take(any_store, now, limits=PACED, holder=f"job_{turn}")
        served += by_name(catch)
        settle(any_store, catch)
    assert sorted(served[:2]) == sorted(served[2:]) == ["busy", "quiet"]


def test_one_that_never_answered_has_one_request(any_store: Store) -> None:
    """A receiver that hangs from its first request on has no more than that one in flight."""
    shared(any_store, "new", answered=False)
    assert by_name(take(any_store)) == ["new"]
    assert take(any_store, holder="job_2").claimed == ()
    assert take(any_store, NOW + LEASE / 2, holder="job_3").claimed == ()


def test_one_that_hangs_takes_no_turn_of_others(any_store: Store) -> None:
    """Its request counts for itself: the host's capacity is there for who answers."""
    shared(any_store, "hangs", "works")
    known(any_store, "hangs", timed_out_at=NOW)
    assert sorted(by_name(take(any_store))) == ["hangs", "works", "works"]
    assert take(any_store, holder="job_2").claimed == ()


def test_one_that_begins_to_hang_gives_its_host_back(any_store: Store) -> None:
    """A request that takes longer than a second takes up none of the host, and its receiver gets no other."""
    shared(any_store, "works")
    assert by_name(take(any_store)) == ["works", "works"]
    shared(any_store, "other", count=2)
    assert take(any_store, holder="job_2").claimed == ()
    assert by_name(take(any_store, NOW + timedelta(seconds=2), holder="job_3")) == ["other", "other"]
