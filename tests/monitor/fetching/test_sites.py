"""Names of hosts, redirects and Retry-After, by themselves."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.fetching.retry_after import retry_at
from monitor.fetching.sites import host_of, robots_address, within_site, without_password

NOON = datetime(2030, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Example.org./a", "www.example.org"),
        ("https://www.example.org:443/", "www.example.org"),
        ("http://www.example.org:8080/", "www.example.org:8080"),
        ("http://[::1]:81/", "[::1]:81"),
    ],
)
def test_one_host_has_one_name(url: str, host: str) -> None:
    """Case, a trailing dot and the usual port make no other host."""
    assert host_of(url) == host


def test_the_rules_stand_at_the_root_of_the_host() -> None:
    """Without a password that the address may hold."""
    assert robots_address("https://me:pw@example.org:8443/a/b?c") == "https://example.org:8443/robots.txt"


def test_a_password_in_an_address_is_not_shown() -> None:
    """Nor stored with a capture."""
    assert without_password("https://me:pw@example.org/a?q=@") == "https://example.org/a?q=@"


@pytest.mark.parametrize(
    ("url", "location", "target"),
    [
        ("https://www.example.org/a", "/b", "https://www.example.org/b"),
        ("https://www.example.org/a", "https://example.org/b#part", "https://example.org/b"),
        ("https://example.org/a", "https://www.example.org/b", "https://www.example.org/b"),
        ("http://example.org/a", "https://www.example.org/a", "https://www.example.org/a"),
        ("https://www.example.org/a", "http://www.example.org/a", None),
        ("https://www.example.org:8443/a", "http://www.example.org:8443/a", None),
        ("https://www.example.org/a", "https://prod.example.org/a", None),
        ("https://www.example.org/a", "https://www.example.org:8443/a", None),
        ("https://www.example.org/a", "https://www.example.org.evil.example/a", None),
        ("https://www.example.org/a", "https://user@www.example.org/a", None),
        ("https://www.example.org/a", "javascript:alert(1)", None),
        ("https://www.example.org/a", "https://www.example.org:99999/", None),
    ],
)
def test_a_site_is_its_name_with_or_without_www(url: str, location: str, target: str | None) -> None:
    """Another name, another port, and the way down from https lead elsewhere."""
    assert within_site(url, location) == target


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta(0)),
        ("Fri, 01 Mar 2030 13:00:00 GMT", timedelta(hours=1)),
        ("999999999999999999999", timedelta(days=1)),
        ("864000", timedelta(days=1)),
        ("Fri, 01 Mar 2080 13:00:00 GMT", timedelta(days=1)),
        ("Fri, 01 Mar 2030 11:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms_up_to_a_day(value: str | None, wait: timedelta | None) -> None:
    """What is past or no time says nothing."""
    assert retry_at(value, NOON) == (None if wait is None else NOON + wait)
