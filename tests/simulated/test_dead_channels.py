"""A channel dead for a day: the others go on at once, and it catches up in order when it is back."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.record.settings import Delivery
from monitor.record.store.schema import events, messages, notices, outbox
from monitor.record.store.store import Store
from tests.fakes.receiver import BROKEN, HANGS, OK, Receiver, busy
from tests.fakes.slack import Answer as SlackAnswer
from tests.fakes.slack import FakeSlack
from tests.fakes.smtp import FakeSmtp
from tests.simulated.travel import Days, days, now
from tests.workers.seeding import SECRET, changes, configured, email, rows, webhook
from workers.configuration import Configuration
from workers.delivery import ledger
from workers.messages.fanout import fan_out
from workers.values import Cause

PRIVATE = {"allow_private_networks": True}


def free_port() -> int:
    """One on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Ends:
    """Three receivers, each on a port of its own, each of which can be away."""

    def __init__(self) -> None:
        self.slack, self.email, self.webhook = (
            FakeSlack(at=free_port()),
            FakeSmtp(at=free_port()),
            Receiver(at=free_port()),
        )

    def configuration(self) -> Configuration:
        slack = {
            "id": "team",
            "channel": "slack",
            "webhook_url": f"http://127.0.0.1:{self.slack.at}/services/x",
        }
        return configured(
            slack,
            email("liaison"),
            webhook(url=f"http://127.0.0.1:{self.webhook.at}/hook"),
            http=PRIVATE,
            email={"smtp_url": f"smtp://127.0.0.1:{self.email.at}?starttls=off", "from": "gao@example.org"},
        )

    def of(self, channel: str) -> Any:
        return getattr(self, channel)

    def events(self, channel: str) -> list[str]:
        """Events' ids as they arrived there."""
        if channel == "webhook":
            return [request.json["data"]["event_id"] for request in self.webhook.requests]
        if channel == "slack":
            return [_event_in(str(message)) for message in self.slack.messages]
        return [_event_in(str(mail)) for mail in self.email.messages]


def _event_in(text: str) -> str:
    found = re.search(r"evt_[0-9A-Za-z]+", text)
    assert found
    return found[0]


def happened(store: Store) -> list[tuple[int, int, str]]:
    """Recommendation, revision and id of all events."""
    return [(row["recommendation_id"], row["revision"], row["id"]) for row in rows(store, events)]


def in_order(arrived: list[str], store: Store) -> bool:
    """Whether each recommendation's events arrived in the order of its revisions."""
    known = {name: (recommendation, revision) for recommendation, revision, name in happened(store)}
    told = [known[name] for name in arrived]
    return all(
        [revision for one, revision in told if one == recommendation]
        == sorted(revision for one, revision in told if one == recommendation)
        for recommendation in {one for one, _ in told}
    )


@contextmanager
def dead(ends: Ends, channel: str) -> Iterator[None]:
    """The channel's receiver is away (the webhook's: there, and hanging); the others are there."""
    with ExitStack() as stack:
        for name in ("slack", "email", "webhook"):
            if name != channel or name == "webhook":
                stack.enter_context(ends.of(name))
        if channel == "webhook":
            ends.webhook.otherwise = HANGS
        yield
        ends.webhook.otherwise = OK


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Seconds by channel after which a request is given up, in place of twenty, which pass in earnest."""
    seconds: dict[str, float] = {}

    def given_up_after(_: Delivery) -> timedelta:
        return timedelta(seconds=seconds.get(threading.current_thread().name, 20))

    monkeypatch.setattr(Delivery, "request_timeout", property(given_up_after))
    return seconds


@pytest.mark.parametrize("channel", ["slack", "email", "webhook"])
def test_a_channel_dead_for_a_day_delays_no_other_and_catches_up_in_order(
    channel: str, store: Store, tmp_path: Path, patience: dict[str, float]
) -> None:
    """The others have each change within seconds; then it gets what waited, each once, in order."""
    ends = Ends()
    others = {"slack", "email", "webhook"} - {channel}
    with days(store, tmp_path, ends.configuration()) as house:
        with dead(ends, channel):
            patience[channel] = 0.2
            for hour in range(0, 24, 8):
                # One recommendation that changes again and again, and one more each time.
                house.happen((1, 2 + hour // 8), (100 + hour, 2))
                assert all(set(ends.events(name)) == ids(store) for name in others), hour
                house.go(hours=8)
            ends.webhook.requests.clear()
            assert states(store, channel) == {"waiting"}
            assert not ends.events(channel)
        waits = {row["sent_at"] - row["created_at"] for row in rows(store, messages, state="sent")}
        assert max(waits) < timedelta(seconds=60)  # of the clock that jumps by hours

        patience.clear()
        with ends.of(channel):
            house.happen((900, 2))  # the first that arrives
            house.go(minutes=5)
            arrived = ends.events(channel)
            assert set(arrived) == ids(store)
            assert len(arrived) == len(set(arrived))
            assert in_order(arrived, store)
            assert states(store, channel) == {"sent"}
            if channel == "slack":  # one at a time: what waited comes as it happened
                assert arrived[1:] == as_made(store, channel)[:-1]


def ids(store: Store) -> set[str]:
    return {name for _, _, name in happened(store)}


def as_made(store: Store, channel: str) -> list[str]:
    """Events' ids in the order in which their messages were made."""
    return [row["cause_ref"] for row in rows(store, messages, messages.c.created_at, channel=channel)]


def states(store: Store, channel: str) -> set[str]:
    return {row["state"] for row in rows(store, messages, channel=channel)}


def test_a_receiver_that_throttles_for_a_day_uses_nothing_of_the_schedule(
    store: Store, tmp_path: Path
) -> None:
    """Asked to come again each hour, it is: no oftener, and with all attempts still before it."""
    slowly = SlackAnswer(429, error="ratelimited", retry_after="3600")
    with Receiver(otherwise=busy("3600")) as receiver, FakeSlack(choose=lambda _: slowly) as slack:
        team = {"id": "team", "channel": "slack", "webhook_url": slack.webhook_url}
        configuration = configured(webhook(url=receiver.url), team, http=PRIVATE)
        with days(store, tmp_path, configuration) as house:
            house.happen((1, 2), (2, 2), (3, 2))
            house.go(days=1, minutes=5)
            waiting = [row for row in rows(store, messages) if row["cause"] != Cause.NOTICE]
            assert {(row["state"], row["failures"]) for row in waiting} == {("waiting", 0)}
            # Those in flight as it first said so, then one an hour (or two, at the same moment).
            assert 24 <= len(receiver.requests) <= 2 * 25 + 1
            assert 24 <= len(slack.posts) <= 25
            receiver.otherwise, slack.choose = OK, None
            receiver.requests.clear()
            house.go(hours=1, minutes=5)
            assert sorted(receiver.ids()) == sorted(
                row["id"] for row in waiting if row["channel"] == "webhook"
            )
            assert len(slack.messages) == 3


def test_a_receiver_that_fails_for_three_days_is_given_up_told_once_and_sent_by_hand(
    store: Store, tmp_path: Path
) -> None:
    """Dead by the schedule's end, one notice for all; `redeliver` sends each under its old id."""
    with Receiver(otherwise=BROKEN) as receiver, Receiver() as desk:
        configuration = configured(
            webhook(url=receiver.url),
            http=PRIVATE,
            operators={"channel": "webhook", "url": desk.url, "secret": SECRET},
        )
        with days(store, tmp_path, configuration) as house:
            house.happen((1, 2), (2, 2), (3, 2))
            house.go(hours=60)
            assert {row["state"] for row in rows(store, messages)} == {"waiting"}
            house.go(hours=24)
            dead = [row["id"] for row in rows(store, messages, subscription="tracker", state="dead")]
            assert len(dead) == 3
            assert [row["type"] for row in rows(store, notices)] == ["delivery.dead"]
            assert [request.json["type"] for request in desk.requests] == ["delivery.dead"]
            house.go(days=7)
            assert len(receiver.requests) == 3 * 10  # the first attempt, and nine of the schedule
            receiver.otherwise = OK
            receiver.requests.clear()
            with store.write() as connection:
                ledger.redeliver(connection, house.context, now())
            house.settle()
            assert sorted(receiver.ids()) == sorted(dead)
            assert len(desk.requests) == 1


def test_one_receiver_that_hangs_among_a_hundred_delays_only_itself(
    store: Store, tmp_path: Path, patience: dict[str, float]
) -> None:
    """While its first request hangs, everybody else gets everything, what comes later too."""
    patience["webhook"] = 120
    with ExitStack() as stack:
        others = [stack.enter_context(Receiver()) for _ in range(99)]
        hanging = stack.enter_context(Receiver(otherwise=HANGS))
        subscribed = [webhook(f"w{n}", url=one.url) for n, one in enumerate([hanging, *others])]
        with days(store, tmp_path, configured(*subscribed, http=PRIVATE, delivery={"lease": "5m"})) as house:
            began = time.monotonic()
            job = threading.Thread(target=house.happen, args=((1, 2), (2, 2)))
            job.start()
            for one in others:
                one.wait(2, 110)
            changes(store, [(3, 2)], at=now())
            fan_out_all(house)
            for one in others:
                one.wait(3, 110)
            took = time.monotonic() - began
            assert took < 110, "the hanging request was waited for"
            assert len(hanging.requests) <= 2  # what one host may have in flight
            hanging.otherwise = OK
            hanging.__exit__()
            job.join(60)
            assert not job.is_alive()
    sent = {row["subscription"] for row in rows(store, messages, state="sent")}
    assert len(sent) == 99


def fan_out_all(house: Days) -> None:
    """Make the messages of what has no messages yet."""
    for row in rows(house.store, outbox, published_at=None):
        fan_out(house.context, row["id"])
