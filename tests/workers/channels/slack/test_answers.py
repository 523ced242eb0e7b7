"""What Slack's answers mean."""

import pytest

from workers.channels.slack.answers import read_api, read_webhook


@pytest.mark.parametrize(
    "word", ["channel_not_found", "is_archived", "not_in_channel", "invalid_auth", "token_revoked"]
)
def test_what_only_the_owner_can_mend_pauses_the_subscription(word: str) -> None:
    """A channel or a token that is gone is permanent, and nothing more is sent until somebody acts."""
    error = read_api(200, word, None)
    assert (error.permanent, error.pauses, error.ambiguous) == (True, True, False)


def test_refused_blocks_are_permanent_and_pause_nothing() -> None:
    """The next message may be fine."""
    error = read_api(200, "invalid_blocks", None)
    assert (error.permanent, error.pauses) == (True, False)


@pytest.mark.parametrize("word", ["internal_error", "fatal_error"])
def test_an_error_that_may_have_posted_is_ambiguous(word: str) -> None:
    """Slack says of these that some aspect of the operation may have succeeded."""
    error = read_api(200, word, None)
    assert (error.ambiguous, error.permanent, error.retry_after) == (True, False, None)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        ("0", 1.0),
        (None, 30.0),
        ("soon", 30.0),
        ("99999999", 86_400.0),
        ("²", 30.0),
        ("-5", 30.0),
    ],
)
def test_throttling_names_a_time_of_a_second_to_a_day(header: str | None, seconds: float) -> None:
    """Retry-After is honoured up to a day; where it says nothing sensible there is a default."""
    for error in (read_api(429, "ratelimited", header), read_webhook(429, "", header)):
        assert error is not None
        assert error.retry_after == seconds
        assert not error.permanent
        assert not error.ambiguous


@pytest.mark.parametrize(
    ("status", "body"), [(403, "action_prohibited"), (404, "no_service"), (410, "channel_is_archived")]
)
def test_a_webhook_that_is_gone_pauses_the_subscription(status: int, body: str) -> None:
    """403, 404 and 410 are the webhook's own end."""
    error = read_webhook(status, body, None)
    assert error is not None
    assert (error.permanent, error.pauses, error.word) == (True, True, body)


def test_only_an_answer_without_a_page_is_a_yes() -> None:
    """A sign-in page with status 200 is not Slack saying ok."""
    assert read_webhook(200, "ok", None) is None
    error = read_webhook(200, "<!DOCTYPE html><title>Sign in</title>", None)
    assert error is not None
    assert not error.permanent


@pytest.mark.parametrize(("status", "ambiguous"), [(500, True), (502, True), (503, False), (504, True)])
def test_a_server_that_fails_is_tried_again(status: int, ambiguous: bool) -> None:
    """5xx is transient; all but 503 may have posted."""
    for error in (read_api(status, "", None), read_webhook(status, "", None)):
        assert error is not None
        assert (error.permanent, error.ambiguous) == (False, ambiguous)


def test_an_unknown_word_is_tried_again() -> None:
    """Slack adds errors; giving up on one that is not understood would lose the message."""
    error = read_api(200, "a_new_word", None)
    assert (error.permanent, error.ambiguous) == (False, False)


def test_redirects_are_said_as_such() -> None:
    """Slack never redirects; the address is wrong and may be mended."""
    for error in (read_api(302, "", None), read_webhook(302, "", None)):
        assert error is not None
        assert "redirects" in error.message
        assert not error.permanent


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_accepted(status: int) -> None:
    """Not 200 alone: gateways in between answer otherwise."""
    assert read_webhook(status, "", None) is None


def test_an_answer_is_quoted_on_one_short_inert_line() -> None:
    """The ledger takes no terminal's commands."""
    error = read_webhook(500, "a\n\x1b[31m" + "b" * 500, None)
    assert error is not None
    assert "\x1b" not in error.message
    assert "\n" not in error.message
    assert len(error.message) < 200
