"""Sending to Slack, against a Slack on loopback."""

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.record.settings import Http, Settings
from tests.fakes.receiver import ODD_ACCEPTS, Receiver
from tests.fakes.slack import Answer, FakeSlack
from tests.workers.channels.made_up import described, several
from tests.workers.channels.slack.sending import to_slack
from workers.channels.slack import transport as transports
from workers.channels.slack.settings import SlackSubscription
from workers.channels.slack.transport import SlackTransport, open_transport
from workers.values import Cause, Message, Receipt, TransportError

OPEN = Http(allow_private_networks=True)


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with FakeSlack() as running:
        yield running


def by_webhook(slack: FakeSlack, **changes: Any) -> Message:
    keys = {"id": "cbp-team", "channel": "slack", "webhook_url": slack.webhook_url}
    return to_slack(described(), subscription=SlackSubscription.model_validate(keys), **changes)


def by_api(slack: FakeSlack, **changes: Any) -> Message:
    keys = {"id": "cbp-team", "channel": "slack", "token": "xoxb-made-up", "channel_id": "C0123ABCD"}
    subscription = SlackSubscription.model_validate({**keys, "api_url": slack.api_url})
    return to_slack(described(), subscription=subscription, **changes)


def send(*messages: Message, timeout: float = 5.0, http: Http = OPEN) -> list[Receipt]:
    async def all_of_them() -> list[Receipt]:
        transport = SlackTransport(http, timedelta(seconds=timeout))
        try:
            return [await transport.send(message) for message in messages]
        finally:
            await transport.close()

    return asyncio.run(all_of_them())


def failure(message: Message, timeout: float = 5.0, http: Http = OPEN) -> TransportError:
    with pytest.raises(TransportError) as caught:
        send(message, timeout=timeout, http=http)
    return caught.value


WAYS = pytest.mark.parametrize("made", [by_webhook, by_api], ids=["webhook", "api"])


@WAYS
def test_a_message_is_posted_once(slack: FakeSlack, made: Any) -> None:
    """One send, one post, and Slack finds nothing wrong with it."""
    (receipt,) = send(made(slack))
    assert len(slack.posts) == len(slack.messages) == 1
    assert slack.messages[0]["text"].startswith("GAO-23-105607 rec. 5 (CBP)")
    assert receipt.detail


def test_the_web_api_gives_a_receipt_for_threads(slack: FakeSlack) -> None:
    """The message's timestamp and channel are what a later message stands under."""
    (receipt,) = send(by_api(slack))
    assert receipt.data == {"ts": slack.messages[0]["ts"], "channel": "C0123ABCD"}
    send(by_api(slack, thread=receipt.data))
    assert slack.messages[1]["thread_ts"] == receipt.data["ts"]
    assert slack.posts[0].headers["authorization"] == "Bearer xoxb-made-up"


def test_a_message_carries_its_id(slack: FakeSlack) -> None:
    """Metadata is how it is found again; readers do not see it."""
    message = by_api(slack)
    send(message)
    named = {"event_type": "recwatch_message", "event_payload": {"id": message.id}}
    assert slack.messages[0]["metadata"] == named


@WAYS
@pytest.mark.parametrize("keep", [True, False])
def test_a_connection_dropped_after_the_request_is_ambiguous(slack: FakeSlack, made: Any, keep: bool) -> None:
    """The message may stand there; the SDK must not post it again by itself."""
    slack.answer(Answer(drop=True, keep=keep))
    error = failure(made(slack))
    assert error.ambiguous
    assert not error.permanent
    assert len(slack.posts) == 1


@WAYS
def test_a_timeout_is_ambiguous(slack: FakeSlack, made: Any) -> None:
    """A request that was written and not answered may have arrived."""
    slack.answer(Answer(hang=True))
    error = failure(made(slack), timeout=3.0)
    assert (error.ambiguous, error.timed_out, error.permanent) == (True, True, False)
    assert len(slack.posts) == 1


@WAYS
def test_a_refused_connection_is_not_ambiguous(made: Any) -> None:
    """Nothing was sent, so nothing can have arrived."""
    with FakeSlack() as gone:
        message = made(gone)
    error = failure(message)
    assert (error.ambiguous, error.permanent) == (False, False)


def test_an_uncertain_message_is_looked_for_before_it_is_posted_again(slack: FakeSlack) -> None:
    """An answer that was lost leads to no second message, wherever in the history the first stands."""
    slack.page_size = 2
    slack.answer(Answer(drop=True, keep=True))
    failure(by_api(slack))
    for number in range(5):
        slack.accept({"text": f"somebody else {number}"})
    (receipt,) = send(by_api(slack, uncertain=True))
    assert len(slack.posts) == 1
    assert receipt.data["ts"] == slack.messages[0]["ts"]
    oldest = slack.requests[1].payload["oldest"]
    assert float(oldest) < by_api(slack).created_at.timestamp()


def test_an_uncertain_message_that_is_not_there_is_posted(slack: FakeSlack) -> None:
    """The history of others does not count as ours."""
    slack.accept(
        {"text": "x", "metadata": {"event_type": "recwatch_message", "event_payload": {"id": "msg_other"}}}
    )
    send(by_api(slack, uncertain=True))
    assert len(slack.posts) == 1


def test_an_uncertain_message_in_a_thread_is_looked_for_in_the_thread(slack: FakeSlack) -> None:
    """A channel's history does not hold what stands in its threads."""
    (parent,) = send(by_api(slack))
    message = by_api(slack, thread=parent.data, uncertain=True)
    slack.accept(
        {
            "thread_ts": parent.data["ts"],
            "metadata": {"event_type": "recwatch_message", "event_payload": {"id": message.id}},
        }
    )
    send(message)
    assert len(slack.posts) == 1
    assert slack.requests[-1].path.endswith("conversations.replies")


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (Answer(error="missing_scope"), True),
        (Answer(error="an_unknown_word"), True),
        (Answer(error="internal_error"), False),
        (Answer(error="ratelimited", status=429, retry_after="7"), False),
        (Answer(status=502, body="<html>"), False),
    ],
)
def test_a_history_that_cannot_be_read(slack: FakeSlack, answer: Answer, again: bool) -> None:
    """Where it never can be, the message is posted again; where it may be later, nothing is posted now."""
    slack.history_script.append(answer)
    message = by_api(slack, uncertain=True)
    if again:
        send(message)
    else:
        error = failure(message)
        assert not error.permanent
        assert error.retry_after == (7.0 if answer.retry_after else None)
    assert len(slack.posts) == again


@WAYS
def test_throttling_frees_the_worker_at_once(slack: FakeSlack, made: Any) -> None:
    """Retry-After goes to the store; the SDK must not sleep inside the job."""
    slack.answer(Answer(429, "ratelimited", retry_after="3600"))
    error = failure(made(slack))
    assert error.retry_after == 3600
    assert not error.ambiguous
    assert len(slack.posts) == 1


@WAYS
def test_refused_blocks_fall_back_to_plain_text_once(slack: FakeSlack, made: Any) -> None:
    """Slack posts nothing when it refuses blocks; a plain message beats none."""
    slack.answer(Answer(400 if made is by_webhook else 200, "invalid_blocks"))
    send(made(slack))
    first, second = slack.posts
    assert "blocks" in first.payload
    assert "blocks" not in second.payload
    assert "[now: September 2025." in second.payload["text"]


@WAYS
def test_refused_twice_is_refused_for_good(slack: FakeSlack, made: Any) -> None:
    """Two posts are all that one attempt makes; then the message is dead, and the subscription goes on."""
    status = 400 if made is by_webhook else 200
    slack.answer(Answer(status, "invalid_blocks"), Answer(status, "invalid_blocks"))
    error = failure(made(slack))
    assert (error.permanent, error.pauses) == (True, False)
    assert len(slack.posts) == 2


def test_a_thread_that_is_gone_does_not_take_the_message_with_it(slack: FakeSlack) -> None:
    """Somebody deleted the message above; this one then stands in the channel."""
    slack.answer(Answer(error="thread_not_found"))
    send(by_api(slack, thread={"ts": "1.000100", "channel": "C0123ABCD"}))
    assert "thread_ts" not in slack.messages[0]


def test_a_channel_that_is_gone_pauses(slack: FakeSlack) -> None:
    """The words of the error say what to do."""
    slack.answer(Answer(error="not_in_channel"))
    error = failure(by_api(slack))
    assert (error.permanent, error.pauses) == (True, True)
    assert "invite" in error.message


@pytest.mark.parametrize("status", [302, 307, 308])
@WAYS
def test_redirects_are_not_followed(slack: FakeSlack, made: Any, status: int) -> None:
    """A redirected post would come back as a page and count as sent, or be posted elsewhere."""
    slack.answer(Answer(status, location="/elsewhere"))
    error = failure(made(slack))
    assert "redirects" in error.message
    assert not error.permanent
    assert [request.path for request in slack.requests] == [slack.posts[0].path]


@pytest.mark.parametrize("body", ["<html>sign in</html>", '"ok"', "[]", ""])
def test_an_answer_that_is_no_slack_answer_is_no_success(slack: FakeSlack, body: str) -> None:
    """A portal in between, or a wrong api_url, must not swallow messages."""
    slack.answer(Answer(body=body))
    assert not failure(by_api(slack)).permanent


def test_no_proxy_is_taken_from_the_environment(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    """[http] proxy is for sources and webhooks; the SDK reads HTTPS_PROXY unless it is told not to."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    send(by_webhook(slack), by_api(slack))
    assert len(slack.messages) == 2


def test_secrets_stay_out_of_errors_and_logs(slack: FakeSlack, caplog: pytest.LogCaptureFixture) -> None:
    """Neither the webhook's address nor the token is written anywhere."""
    caplog.set_level("DEBUG")
    slack.answer(Answer(500, "no"), Answer(drop=True))
    said = str(failure(by_webhook(slack))) + str(failure(by_api(slack))) + caplog.text
    assert "made-up" not in said


def test_the_registry_opens_it_with_the_deliverys_time(slack: FakeSlack, tmp_path: Path) -> None:
    """A request is given up after half the lease or 20 s."""
    settings = Settings.model_validate(
        {"delivery": {"lease": "1s"}, "http": {"allow_private_networks": True}}
    )
    slack.answer(Answer(hang=True))

    async def sending() -> None:
        transport = open_transport(settings, tmp_path)
        try:
            await transport.send(by_webhook(slack))
        finally:
            await transport.close()

    with pytest.raises(TransportError) as caught:
        asyncio.run(sending())
    assert caught.value.timed_out


@WAYS
def test_a_send_lasts_no_longer_than_its_lease(
    slack: FakeSlack, made: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fallback after a slow refusal does not get the whole time again."""
    slack.answer(Answer(400 if made is by_webhook else 200, "invalid_blocks", delay=3), Answer(hang=True))
    started = time.monotonic()
    monkeypatch.setattr(transports, "_PATIENCE", 0.2)
    error = failure(made(slack), timeout=25)
    assert (error.ambiguous, error.timed_out) == (True, True)
    assert 4.9 < time.monotonic() - started < 20  # without it 28


def test_a_long_summary_passes_as_it_is(slack: FakeSlack) -> None:
    """Three hundred changes are posted without the fallback."""
    keys = {"id": "cbp-team", "channel": "slack", "webhook_url": slack.webhook_url}
    subscription = SlackSubscription.model_validate(keys)
    send(to_slack(*several(300), cause=Cause.SUMMARY, subscription=subscription))
    assert len(slack.posts) == 1


@pytest.mark.parametrize("name", ODD_ACCEPTS)
def test_accepted_is_accepted(name: str) -> None:
    """A final 2xx status of an incoming webhook is success, whatever a strict parser says of the rest."""
    with Receiver(otherwise=ODD_ACCEPTS[name]) as receiver:
        keys = {"id": "cbp-team", "channel": "slack", "webhook_url": receiver.url}
        send(to_slack(described(), subscription=SlackSubscription.model_validate(keys)))
        assert len(receiver.requests) == 1


@WAYS
def test_private_addresses_are_refused_unless_allowed(slack: FakeSlack, made: Any) -> None:
    """Neither webhook_url nor api_url reaches what only this machine can reach; nothing was sent."""
    error = failure(made(slack), http=Http())
    assert slack.requests == []
    assert (error.ambiguous, error.permanent) == (False, False)
    assert "allow_private_networks" in error.message


@WAYS
def test_a_proxy_is_asked_for_no_private_name(slack: FakeSlack, made: Any) -> None:
    """With [http] proxy the name is checked before the proxy, and the proxy is used."""
    message = made(slack)
    assert "allow_private_networks" in failure(message, http=Http(proxy=slack.url)).message
    assert slack.requests == []
    send(message, http=Http(proxy=slack.url, allow_private_networks=True))
    assert slack.posts[-1].path.startswith("http://")  # as proxies are asked


@WAYS
def test_an_answer_that_echoes_secrets_brings_none_into_the_ledger(slack: FakeSlack, made: Any) -> None:
    """Neither the webhook's path nor the token is in an error."""
    by_hook = made is by_webhook
    words = "nothing at /services/T000/B000/made-up" if by_hook else "nothing for xoxb-made-up"
    slack.answer(Answer(500 if by_hook else 200, words))
    assert "made-up" not in failure(made(slack)).message


def test_an_answer_of_the_api_that_breaks_off_is_ambiguous(slack: FakeSlack) -> None:
    """The message is looked for before it is posted again."""
    slack.answer(Answer(body='{"ok": true, "ts": "17', keep=True))
    assert failure(by_api(slack)).ambiguous
    send(by_api(slack, uncertain=True))
    assert len(slack.posts) == 1
