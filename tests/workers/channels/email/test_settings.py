"""What a subscription by mail may say."""

import pytest
from pydantic import ValidationError

from workers.channels.email.settings import EmailSubscription, mail_address


def made(*to: str) -> EmailSubscription:
    return EmailSubscription.model_validate({"id": "weekly", "channel": "email", "to": list(to)})


def test_each_address_gets_messages_of_its_own() -> None:
    """One recipient a message: a partial refusal would raise nothing. An address given twice is one."""
    assert made("a@example.org", "b@example.org", "a@example.org").recipients() == (
        "a@example.org",
        "b@example.org",
    )


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "first.last+tag@sub.example.org",
        "o'brien@example.org",
        "prüfung@example.org",
        "a@bücher.example",
    ],
)
def test_addresses_pass(address: str) -> None:
    """Ordinary ones, plus tags, local hosts, and other alphabets."""
    assert mail_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@example.org",
        "a@",
        "a b@example.org",
        "A <a@example.org>",
        "a@example.org\nBcc: b@example.org",
        "a@example.org\r\n",
        "a@example.org,b@example.org",
        "a@@example.org",
        ".a@example.org",
        "a..b@example.org",
        "a@-example.org",
        "a@example..org",
        '"quoted"@example.org',
        "a>b@example.org",
        "a\x00@example.org",
        "x" * 250 + "@example.org",
    ],
)
def test_anything_that_could_end_a_header_or_a_command_is_refused(address: str) -> None:
    """What passes stands in a header and in RCPT TO as it is."""
    with pytest.raises(ValidationError, match="not a valid mail address"):
        made(address)


def test_nobody_is_too_few() -> None:
    """A subscription without a recipient would be silent."""
    with pytest.raises(ValidationError, match="at least 1 item"):
        made()
