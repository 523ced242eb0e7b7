"""What still stands promised in a narrative, and when it lapses."""

from datetime import UTC, date, datetime

import pytest

from workers.meaning.promises import Promise, find_promises

CBP = "United States Customs and Border Protection"
STANDS = "CBP expects to complete the guidance by May 2024."


def days(narrative: str, agency: str = CBP) -> list[tuple[str, str]]:
    return [(each.name, each.last_day.isoformat()) for each in find_promises(agency, narrative)]


@pytest.mark.parametrize(
    ("when", "name", "last_day"),
    [
        ("May 31, 2024", "2024-05-31", "2024-05-31"),
        ("May 2024", "2024-05", "2024-05-31"),
        ("the second quarter of fiscal year 2026", "FY2026-Q2", "2026-03-31"),
        ("the fourth quarter of calendar year 2024", "2024-Q4", "2024-12-31"),
        ("fiscal year 2025", "FY2025", "2025-09-30"),
        ("summer 2025", "2025-summer", "2025-09-21"),
        ("2025", "2025", "2025-12-31"),
        ("early 2025", "2025", "2025-12-31"),
        ("winter 2025", "2025-winter", "2026-03-19"),
    ],
)
def test_a_promise_stands_until_the_last_day_of_what_it_names(when: str, name: str, last_day: str) -> None:
    """A month, quarter, season or year is not over before its end, however it is shaded."""
    assert days(f"CBP expects to complete the guidance by {when}.") == [(name, last_day)]


def test_a_day_ends_in_washington() -> None:
    """The last day is over at midnight in US Eastern time, summer or winter."""
    assert Promise("2024-05", date(2024, 5, 31), "").lapses_at == datetime(2024, 6, 1, 4, tzinfo=UTC)
    assert Promise("2024", date(2024, 12, 31), "").lapses_at == datetime(2025, 1, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "narrative",
    [
        f"{STANDS} In April 2024, CBP said that it now expects to complete the guidance by September 2025.",
        f"{STANDS} In April 2024, CBP said that it would complete these actions by September 2025.",
        "As of January 2024, CBP had delayed completion of the guidance from May 2024 to September 2025.",
    ],
)
def test_a_promise_that_was_replaced_is_not_awaited(narrative: str) -> None:
    """A narrative keeps what was said before; the later date for the same deed is the one that counts."""
    assert days(narrative) == [("2025-09", "2025-09-30")]


def test_another_deed_is_another_promise() -> None:
    """A later date for something else replaces nothing."""
    narrative = (
        "CBP expects to complete the guidance on scanners by May 2024. "
        "CBP plans to hire forty veterinarians for the kennels by September 2025."
    )
    assert [name for name, _ in days(narrative)] == ["2024-05", "2025-09"]


def test_a_promise_that_was_met_is_not_awaited() -> None:
    """What a later sentence reports as done is not overdue."""
    narrative = (
        "CBP expects to issue the guidance on scanners by May 2024. "
        "In April 2024, CBP issued the guidance on scanners."
    )
    assert days(narrative) == []


@pytest.mark.parametrize(
    "narrative",
    [
        "",
        "When we confirm what actions the agency has taken, we will provide updated information.",
        "We expect to follow up by May 2024.",
        "The Act requires CBP to complete the guidance by May 2024.",
        "CBP had planned to complete the guidance by May 2024.",
    ],
)
def test_what_the_agency_did_not_promise_is_never_awaited(narrative: str) -> None:
    """GAO's own dates, dates by law and plans of the past are no promises."""
    assert days(narrative) == []


def test_the_same_day_said_twice_is_one_promise() -> None:
    """One last day is awaited once, with the words that stand first."""
    narrative = (
        "CBP expects to issue the scanner manual by May 2024. "
        "CBP plans to hire forty veterinarians by May 31, 2024."
    )
    [promise] = find_promises(CBP, narrative)
    assert (promise.name, promise.text) == (
        "2024-05",
        "CBP expects to issue the scanner manual by May 2024.",
    )
