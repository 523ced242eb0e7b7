"""Webhooks over a real connection, to a receiver on loopback with scripted answers."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from monitor.record.http.posting import _beginning
from monitor.record.settings import Settings
from tests.fakes.receiver import BROKEN, GONE, HANGS, ODD_ACCEPTS, RESETS, Answer, Receiver, busy
from tests.workers.channels.made_up import described, message, notice
from workers.channels.webhook.settings import WebhookSubscription
from workers.channels.webhook.transport import WebhookTransport, open_transport
from workers.values import Cause, Message, Receipt, TransportError

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_C2FtcGxlLWtleS1mb3Itcm90YXRpb24h"
SLOW_BODY = Answer(body=b"x" * 300, drip=0.2)
SETTINGS = {"http": {"allow_private_networks": True}}
SHORT = {"delivery": {"lease": "6s"}}  # a request is given up after half of it


def to(url: str, **changes: Any) -> Message:
    subscription = WebhookSubscription.model_validate(
        {"id": "tracker", "channel": "webhook", "url": url, "secret": changes.pop("secret", SECRET)}
    )
    return message(*changes.pop("described_events", (described(),)), subscription=subscription, **changes)


def with_transport(
    work: Callable[[WebhookTransport], Awaitable[Any]],
    clock: Callable[[], datetime] | None = None,
    **tables: Any,
) -> Any:
    async def run() -> Any:
        transport = open_transport(Settings.model_validate({**SETTINGS, **tables}), Path())
        if clock:
            transport._clock = clock
        try:
            return await work(transport)
        finally:
            await transport.close()

    return asyncio.run(run())


def sent(made: Message, **tables: Any) -> Receipt:
    receipt = with_transport(lambda transport: transport.send(made), **tables)
    assert isinstance(receipt, Receipt)
    return receipt


def failure(made: Message, **tables: Any) -> TransportError:
    with pytest.raises(TransportError) as caught:
        sent(made, **tables)
    return caught.value


def test_a_message_arrives_signed() -> None:
    """The receiver's library verifies the bytes as they came."""
    with Receiver() as receiver:
        assert sent(to(receiver.url)).detail == "200 ok"
        (request,) = receiver.requests
    body = request.verify(SECRET)
    assert body["data"]["subscription"] == "tracker"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("recwatch/")
    assert request.id == "msg_5kTq2VwJb8RrXn4HsLm6Zd"


def test_every_attempt_has_the_same_id_and_its_own_time() -> None:
    """`webhook-id` belongs to the message, `webhook-timestamp` to the attempt."""
    times = iter(
        datetime(2026, 3, 1, 12, minute, tzinfo=timezone(timedelta(hours=-5))) for minute in range(9)
    )

    async def twice(transport: WebhookTransport) -> None:
        with pytest.raises(TransportError):
            await transport.send(to(receiver.url))
        await transport.send(to(receiver.url))

    with Receiver() as receiver:
        receiver.script.append(BROKEN)
        with_transport(twice, clock=lambda: next(times))
        first, second = receiver.requests
    assert first.id == second.id
    assert first.body == second.body
    stamps = [datetime.fromtimestamp(int(each.headers["webhook-timestamp"]), UTC) for each in (first, second)]
    assert [stamp.hour for stamp in stamps] == [17, 17]
    assert stamps[0] < stamps[1]


def test_each_secret_is_signed_with() -> None:
    """While a secret is rotated, receivers with either accept."""
    with Receiver() as receiver:
        sent(to(receiver.url, secret=[OTHER, SECRET]))
        for secret in (SECRET, OTHER):
            receiver.requests[0].verify(secret)


def test_tests_and_replays_are_marked() -> None:
    """A sample and a repeat say what they are."""
    with Receiver() as receiver:
        for cause in (Cause.INSTANT, Cause.TEST, Cause.REPLAY):
            sent(to(receiver.url, cause=cause))
        marks = [(each.json["data"]["test"], each.json["data"]["replayed"]) for each in receiver.requests]
    assert marks == [(False, False), (True, False), (False, True)]


def test_operators_hear_by_webhook() -> None:
    """A notice has the contract's shape, signed like any other body."""
    with Receiver() as receiver:
        sent(to(receiver.url, described_events=(), notice=notice(), cause=Cause.NOTICE))
        assert receiver.requests[0].verify(SECRET)["type"] == "source.blocked"


@pytest.mark.parametrize("number", [0, 2])
def test_a_webhook_takes_one_event_a_message(number: int) -> None:
    """A message of several events is a mistake that no retry mends."""
    with Receiver() as receiver:
        assert failure(to(receiver.url, described_events=(described(),) * number)).permanent
        assert receiver.requests == []


def test_answers_are_judged() -> None:
    """A plain failure is transient, 410 pauses, Retry-After is handed on; one attempt each."""
    with Receiver() as receiver:
        receiver.script.extend([BROKEN, GONE, busy("120"), busy("90", 503)])
        broken, gone, *waits = (failure(to(receiver.url)) for _ in range(4))
        assert len(receiver.requests) == 4
    assert (broken.permanent, broken.ambiguous, broken.retry_after) == (False, False, None)
    assert "answered 500: oh dear" in broken.message
    assert (gone.permanent, gone.pauses) == (True, True)
    assert [each.retry_after for each in waits] == [120, 90]


def test_redirects_are_not_followed() -> None:
    """A signed body goes to the address that was configured and to no other."""
    with Receiver() as other, Receiver() as receiver:
        receiver.script.append(Answer(307, (("Location", other.url),)))
        error = failure(to(receiver.url))
        assert other.requests == []
    assert other.url in error.message
    assert not error.permanent


def test_a_receiver_that_hangs_is_given_up_in_time_and_may_have_got_it() -> None:
    """No answer within the request's time: ambiguous, and the next time is sent the same id."""
    with Receiver() as receiver:
        receiver.script.append(HANGS)
        began = time.monotonic()
        error = failure(to(receiver.url), **SHORT)
        assert 2.8 < time.monotonic() - began < 30  # it would hang for a minute
    assert (error.ambiguous, error.timed_out, error.permanent) == (True, True, False)


def test_a_connection_that_breaks_off_after_the_request_is_ambiguous() -> None:
    """The receiver may have worked on it."""
    with Receiver() as receiver:
        receiver.script.append(RESETS)
        error = failure(to(receiver.url))
        assert len(receiver.requests) == 1
    assert (error.ambiguous, error.timed_out) == (True, False)


def test_a_receiver_that_is_not_there_got_nothing() -> None:
    """A refused connection is a plain failure: a repeat cannot be a duplicate."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        error = failure(to(f"http://127.0.0.1:{free.getsockname()[1]}/h"))
    assert (error.ambiguous, error.permanent) == (False, False)
    assert "connection refused" in error.message


def test_private_addresses_are_refused_unless_allowed() -> None:
    """By default nothing on this machine can be posted to; nothing was sent."""
    with Receiver() as receiver:
        error = failure(to(receiver.url), http={})
        assert receiver.requests == []
    assert not error.ambiguous
    assert "allow_private_networks" in error.message


@pytest.mark.parametrize("answer", [SLOW_BODY, Answer(ragged=True), Answer(body=b"y" * 2_000_000)])
def test_a_status_counts_whatever_becomes_of_the_body(answer: Answer) -> None:
    """2xx is success although the body is slow, broken off or huge; the time is kept."""
    with Receiver() as receiver:
        receiver.script.append(answer)
        began = time.monotonic()
        receipt = sent(to(receiver.url), **SHORT)
        assert time.monotonic() - began < 30  # the slow one is there after a minute
    assert receipt.detail.startswith("200")
    assert len(receipt.detail) <= 204


@pytest.mark.parametrize("name", ODD_ACCEPTS)
def test_accepted_is_accepted(name: str) -> None:
    """A final 2xx status is success, whatever a strict parser says of the rest; nothing is posted again."""

    async def twice(transport: WebhookTransport) -> list[Receipt]:
        return [await transport.send(to(receiver.url)), await transport.send(to(receiver.url))]

    with Receiver() as receiver:
        receiver.script.append(ODD_ACCEPTS[name])
        first, second = with_transport(twice, **SHORT)
        assert len(receiver.requests) == 2  # the oddity stays with its own message
    assert first.detail[:2] == "20"
    assert second.detail == "200 ok"


@pytest.mark.parametrize("after", [b"Content-Length: x\r\n\r\n", b"", b"no colon\r\n\r\n"])
def test_a_refusal_is_a_refusal_whatever_follows_it(after: bytes) -> None:
    """410 pauses, 429 gives its time where it can be read, 500 fails: the status counts."""
    with Receiver() as receiver:
        for status in (b"410 Gone", b"429 Slow down\r\nRetry-After: 120", b"500 Oh dear"):
            receiver.script.append(Answer(raw=(b"HTTP/1.1 " + status + b"\r\n" + after,)))
        gone, busy_, broken = (failure(to(receiver.url)) for _ in range(3))
    assert (gone.permanent, gone.pauses) == (True, True)
    assert busy_.retry_after == 120
    assert (broken.permanent, broken.ambiguous) == (False, False)
    assert "answered 500" in broken.message


@pytest.mark.parametrize(
    "raw", [b"", b"HTTP/1.1 2", b"HTTP/1.1 200", b"HTTP/1.1 99 ?\r\n\r\n", b"SSH-2.0-x\r\n\r\n"]
)
def test_without_a_status_nothing_was_accepted(raw: bytes) -> None:
    """What breaks off before its status, or is not HTTP, is an unknown outcome."""
    with Receiver() as receiver:
        receiver.script.append(Answer(raw=(raw,)))
        error = failure(to(receiver.url))
    assert (error.ambiguous, error.permanent) == (True, False)


class Endless(httpx.AsyncByteStream):
    """A body without an end; counts what was taken of it."""

    taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.taken += 1000
            yield b"z" * 1000


def test_no_more_than_64_kb_of_an_answer_are_read() -> None:
    """A receiver cannot make us read without end."""
    body = Endless()

    async def read() -> bytes:
        return await _beginning(httpx.Response(200, stream=body), asyncio.get_running_loop().time() + 60)

    assert len(asyncio.run(read())) == 64 * 1024
    assert body.taken <= 64 * 1024 + 1000


def test_an_answer_is_asked_for_uncompressed() -> None:
    """What was read cannot unfold into more."""
    with Receiver() as receiver:
        sent(to(receiver.url))
        assert receiver.requests[0].headers["accept-encoding"] == "identity"


def test_a_slow_receiver_keeps_nobody_waiting() -> None:
    """Messages to others go out while one hangs."""

    async def both(transport: WebhookTransport) -> bool:
        slow = asyncio.create_task(transport.send(to(hanging.url)))
        await asyncio.gather(*(transport.send(to(receiver.url)) for _ in range(20)))
        hangs_still = not slow.done()
        slow.cancel()
        return hangs_still

    with Receiver() as receiver, Receiver(otherwise=HANGS) as hanging:
        assert with_transport(both, delivery={"lease": "60s"})
        assert len(receiver.requests) == 20


def test_an_answer_that_echoes_secrets_does_not_bring_them_into_the_ledger() -> None:
    """The error's text holds no key, no signature, no credentials of the url."""
    with Receiver() as receiver:
        receiver.on_request = lambda request: receiver.script.append(
            Answer(400, body=f"{SECRET} {request.headers['webhook-signature']} hunter2hunter2".encode())
        )
        url = receiver.url.replace("http://", "http://user:hunter2hunter2@")
        error = failure(to(url))
        assert receiver.requests[0].headers["authorization"].startswith("Basic ")
    assert error.message.endswith("*** *** ***")
    assert "hunter2" not in error.message


def test_an_address_that_cannot_be_asked_is_a_failure_and_no_crash() -> None:
    """What passes as an address and is none after all is told as one line."""
    error = failure(to("http://h/" + "x" * 70_000))  # longer than the client takes
    assert not error.ambiguous
