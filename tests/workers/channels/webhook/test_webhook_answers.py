"""What a receiver's answer means."""

from datetime import UTC, datetime

import pytest

from workers.channels.text.retry_after import LONGEST_WAIT, retry_after
from workers.channels.text.secrets import excerpt_of
from workers.channels.webhook.answers import judge
from workers.values import TransportError

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def judged(status: int, excerpt: str = "", **headers: str) -> TransportError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    error = judge("example.org", status, named, excerpt, NOW)
    assert error is not None
    return error


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_success(status: int) -> None:
    """Any answer from 200 to 299 means delivered."""
    assert judge("example.org", status, {}, "", NOW) is None


@pytest.mark.parametrize(
    "status", [100, 301, 307, 400, 401, 403, 404, 413, 418, 422, 429, 500, 502, 503, 504, 599]
)
def test_whatever_else_is_tried_again_by_the_schedule(status: int) -> None:
    """No other answer gives an event up, and none is doubtful: the receiver said no."""
    error = judged(status)
    assert (error.permanent, error.pauses, error.ambiguous, error.retry_after) == (False, False, False, None)
    assert f"example.org answered {status}" in error.message


def test_410_ends_the_subscription() -> None:
    """Gone is permanent and pauses the subscription."""
    error = judged(410)
    assert error.permanent
    assert error.pauses


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_may_say_when_to_come_back(status: int) -> None:
    """Retry-After counts on 429 and 503."""
    assert judged(status, retry_after="120").retry_after == 120


@pytest.mark.parametrize("status", [500, 301, 404])
def test_retry_after_counts_on_no_other_answer(status: int) -> None:
    """Elsewhere the schedule decides."""
    assert judged(status, retry_after="120").retry_after is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1", 1),
        (" 90 ", 90),
        ("1.5", 1.5),
        ("86400", LONGEST_WAIT),
        ("9999999", LONGEST_WAIT),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30),
        ("Sun Mar  1 12:00:30 2026", 30),
        ("Sun, 01 Mar 2026 07:00:30 -0500", 30),
        ("Sat, 01 Mar 2036 12:00:30 GMT", LONGEST_WAIT),
        ("0", None),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("1e9", None),
        ("१२", None),
        ("nan", None),
        (".", None),
        ("Sat, 28 Feb 2026 12:00:30 GMT", None),
        ("Sun, 99 Mar 2026 12:00:30 GMT", None),
        ("Sun, 01 Mar 99999 12:00:30 GMT", None),
        ("9" * 400, LONGEST_WAIT),
    ],
)
def test_retry_after_is_read_in_both_forms_up_to_a_day(value: str, seconds: float | None) -> None:
    """Seconds or a date; what is past, zero or nonsense says nothing, and the schedule decides."""
    assert retry_after(value, NOW) == seconds


def test_a_redirect_names_where_it_led() -> None:
    """It is not followed; whoever reads the ledger sees which address to write, without its query."""
    error = judged(308, location="https://new.example.org/hooks?token=hunter2")
    assert "redirect to https://new.example.org/hooks;" in error.message
    assert "hunter2" not in error.message


def test_the_excerpt_is_short_inert_and_without_secrets() -> None:
    """What a receiver echoes does not bring a secret or a control character into the ledger."""
    said = excerpt_of(
        b"<p>bad\x1b[31m\n key whsec_abcdef, v1,c2ln " + b"x" * 900, ["whsec_abcdef", "v1,c2ln"]
    )
    assert said.startswith("<p>bad\ufffd[31m key ***, *** xxx")
    assert len(said) <= 200
    assert excerpt_of(b"\xff\x00", []) == "\ufffd\ufffd"
