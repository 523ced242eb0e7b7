"""The keys of a webhook subscription."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError
from standardwebhooks.webhooks import Webhook

from workers.channels.webhook.settings import SMALLEST_BODY, WebhookSubscription

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def make(**keys: Any) -> WebhookSubscription:
    given = {"id": "t", "channel": "webhook", "url": "https://example.org/h", "secret": SECRET}
    return WebhookSubscription.model_validate({**given, **keys})


def refusal(**keys: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        make(**keys)
    assert len(caught.value.errors()) == 1
    return str(caught.value.errors()[0]["msg"])


def test_one_secret_or_several() -> None:
    """A secret is a text, or a list while it is being rotated."""
    assert make().signing_keys() == (SECRET,)
    other = "whsec_" + base64.b64encode(b"another key of 24 bytes!").decode()
    assert make(secret=[other, SECRET]).signing_keys() == (other, SECRET)


@pytest.mark.parametrize("length", [24, 25, 26, 64])
def test_what_is_accepted_the_library_accepts(length: int) -> None:
    """Padded or not, a secret that passes can sign."""
    padded = "whsec_" + base64.b64encode(b"\xfb" * length).decode()
    for secret in (padded, padded.rstrip("=")):
        Webhook(make(secret=secret).signing_keys()[0])


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("", "begins with whsec_"),
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begins with whsec_"),
        ("whsec_", "nothing follows"),
        ("whsec_not base64", "is not base64"),
        ("whsec_ab-_", "is not base64"),
        ("whsec_abcd-efg_h", "is not base64"),
        ("whsec_abcd efgh", "is not base64"),
        ([], "at least one"),
        ([SECRET, "x"], "begins with whsec_"),
    ],
)
def test_a_secret_that_receivers_would_read_otherwise_is_refused(secret: Any, words: str) -> None:
    """The library drops characters that are no base64 and signs with what is left; other libraries don't."""
    assert words in refusal(secret=secret)


def test_a_secret_is_required() -> None:
    """No webhook goes out unsigned."""
    with pytest.raises(ValidationError, match="secret"):
        WebhookSubscription.model_validate({"id": "t", "channel": "webhook", "url": "https://example.org/h"})


def test_a_refusal_does_not_repeat_the_secret() -> None:
    """What is wrong with a secret is said without showing it."""
    assert "hunter2" not in refusal(secret="whsec_hunter2-hunter2")


def test_an_unfilled_reference_passes() -> None:
    """Verbs that only read leave ${NAME} as it stands."""
    assert make(secret="${TRACKER_SECRET}")


def test_a_webhook_has_no_digest() -> None:
    """One body holds one event, so a digest is refused with what to use instead."""
    assert "leave digest out" in refusal(digest="daily 08:00")


def test_a_body_has_a_least_size() -> None:
    """Ids, marks and hashes of an event need room."""
    assert make(max_body=SMALLEST_BODY).max_body == SMALLEST_BODY
    assert make(max_body="64kB").max_body == 64_000
    assert str(SMALLEST_BODY) in refusal(max_body=SMALLEST_BODY - 1)


def test_the_address_for_people_hides_what_may_be_secret() -> None:
    """Credentials, path and query are left out wherever an address is shown: any may hold the key."""
    made = make(url="https://u:hunter2@example.org:8443/hooks/hunter2?key=hunter2#part")
    assert made.address == "https://example.org:8443/…"
    assert "hunter2" not in made.model_dump_json()
    assert make(url="https://example.org/").address == "https://example.org/"
