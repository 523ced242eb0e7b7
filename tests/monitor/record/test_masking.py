"""Secrets are masked wherever they are shown."""

import pytest

from monitor.record import masking
from monitor.record.masking import masked, masked_url, without_known


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_known", {})


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:pw1@h.org/a", "https://u:********@h.org/a"),
        ("https://key@h.org/a", "https://********@h.org/a"),
        ("https://h.org/a?q=", "https://h.org/a?q="),
        ("https://h.org/a?q=x&key=y#z", "https://h.org/a?q=********&key=********#********"),
        ("https://h.org/a?justatoken", "https://h.org/a?********"),
        ("https://[h/a", "********"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    """Password, a user alone, the values of parameters; an empty one says nothing."""
    assert masked_url(url) == shown


def test_the_path_of_a_webhook_is_secret_too() -> None:
    """Whoever knows it may post."""
    assert masked_url("https://h.org/hooks/T0/B0", path=True) == "https://h.org/********"
    assert masked_url("https://h.org/", path=True) == "https://h.org/"


def test_what_is_known_is_masked_in_any_text_longest_first() -> None:
    """An address before the password inside it."""
    masking.know({"pw12": "********", "https://u:pw12@h": "https://u:********@h"})
    assert without_known("see https://u:pw12@h, pw12") == "see https://u:********@h, ********"


def test_what_is_not_known_is_masked_by_its_shape() -> None:
    """Passwords in addresses and parameters named like secrets, in errors of any library."""
    text = "cannot connect to postgresql://me:hunter2@db/x?sslmode=require&password=hunter3"
    assert masked(text) == "cannot connect to postgresql://me:********@db/x?sslmode=require&password=********"
    assert masked("see https://example.org/a?q=1: 10:30") == "see https://example.org/a?q=1: 10:30"
