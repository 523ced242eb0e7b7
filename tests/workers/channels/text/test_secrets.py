"""What is secret in an address stays out of what people read."""

import pytest

from workers.channels.text.secrets import excerpt_of, masked, secrets_of

URL = (
    "https://desk:p%40ss-word@hooks.example.org/services/T00000001/B0/abcdefgh%2F1234?key=hunter2hunter2&a=1"
)


@pytest.mark.parametrize(
    "secret",
    [
        "p%40ss-word",
        "p@ss-word",
        "T00000001",
        "abcdefgh%2F1234",
        "abcdefgh/1234",
        "hunter2hunter2",
        "/services/T00000001/B0/abcdefgh%2F1234",
        "key=hunter2hunter2&a=1",
    ],
)
def test_each_part_that_may_be_secret_is_masked(secret: str) -> None:
    """Password, path and query, whole and in parts, as written and as read."""
    assert secret not in masked(f"before {secret} after", secrets_of(URL))
    assert masked("before hooks.example.org after", secrets_of(URL)) == "before hooks.example.org after"


def test_what_is_not_an_address_is_secret_as_a_whole() -> None:
    """Nobody can say which part of it is."""
    assert masked("no [http://[secret here", secrets_of("http://[secret")) == "no [*** here"


def test_short_words_are_left_alone() -> None:
    """What occurs by chance is not masked: the text would be garbled."""
    assert masked("at /hooks/gao: ok", secrets_of("https://example.org/hooks/gao")) == "at /hooks/gao: ok"


def test_an_excerpt_is_one_short_inert_line() -> None:
    """The ledger takes no terminal's commands, and no secret that ends beyond the cut."""
    said = excerpt_of(b"a\n\x1b[31m" + b"b" * 180 + b" secret-key " * 9, ["secret-key"])
    assert len(said) <= 200
    assert "\x1b" not in said
    assert "\n" not in said
    assert "secret" not in said
