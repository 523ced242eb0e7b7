"""What a Slack subscription may say."""

import pytest
from pydantic import ValidationError

from workers.channels.slack.settings import SlackSubscription

WEBHOOK = "https://hooks.example.org/services/T0/B0/made-up"


def made(**keys: str) -> SlackSubscription:
    return SlackSubscription.model_validate({"id": "cbp-team", "channel": "slack", **keys})


@pytest.mark.parametrize(
    ("keys", "threads"),
    [({"webhook_url": WEBHOOK}, False), ({"token": "xoxb-1", "channel_id": "C0123ABCD"}, True)],
)
def test_either_way_is_enough(keys: dict[str, str], threads: bool) -> None:
    """A webhook's address suffices, and so do a token and a channel; only the latter has threads."""
    assert made(**keys).threads is threads


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({}, "webhook_url is missing"),
        ({"token": "xoxb-1"}, "channel_id is missing"),
        ({"channel_id": "C0123ABCD"}, "token is missing"),
        ({"webhook_url": WEBHOOK, "token": "xoxb-1", "channel_id": "C0123ABCD"}, "not both"),
        ({"webhook_url": WEBHOOK, "channel_id": "C0123ABCD"}, "not both"),
        ({"webhook_url": "hooks.example.org/x"}, "is not a web address"),
        ({"token": "xoxb-1", "channel_id": "#general"}, "is a name"),
        ({"token": "xoxb-1", "channel_id": "C0123ABCD", "api_url": "ftp://x"}, "web address"),
        ({"webhook_url": WEBHOOK, "webhok": "x"}, "Extra inputs"),
    ],
)
def test_anything_else_is_refused_with_the_reason(keys: dict[str, str], complaint: str) -> None:
    """Exactly one way must be given, in full; the error says what is missing."""
    with pytest.raises(ValidationError, match=complaint):
        made(**keys)


def test_secrets_stay_out_of_errors_and_printouts() -> None:
    """Neither a refused address nor a printed subscription shows what would let somebody post."""
    with pytest.raises(ValidationError) as caught:
        made(webhook_url="not-an-address/secret-part")
    assert "secret-part" not in "".join(error["msg"] for error in caught.value.errors())
    shown = repr(made(token="xoxb-secret", channel_id="C1")) + made(webhook_url=WEBHOOK).model_dump_json()
    assert "xoxb-secret" not in shown
    assert "made-up" not in shown


def test_a_value_that_waits_for_the_environment_passes() -> None:
    """Verbs that only read don't fill placeholders in; the shape is checked once it is filled in."""
    assert not made(webhook_url="${SLACK_WEBHOOK_URL}").threads
