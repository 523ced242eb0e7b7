"""Dates found and brought into the contract's forms."""

import pytest

from workers.meaning.significance.reading.dates import find_dates, without_dates


@pytest.mark.parametrize(
    ("text", "name", "last"),
    [
        ("by May 31, 2024", "2024-05-31", "2024-05-31"),
        ("by 31 May 2024", "2024-05-31", "2024-05-31"),
        ("by 05/31/2024", "2024-05-31", "2024-05-31"),
        ("by 5/31/24", "2024-05-31", "2024-05-31"),
        ("on 2024-05-31", "2024-05-31", "2024-05-31"),
        ("by Sept. 2025", "2025-09", "2025-09-30"),
        ("by the end of February 2028", "2028-02", "2028-02-29"),
        ("in the second quarter of FY 2026", "FY2026-Q2", "2026-03-31"),
        ("in Q2 FY26", "FY2026-Q2", "2026-03-31"),
        ("in FY 2026 Q1", "FY2026-Q1", "2025-12-31"),
        ("in the third quarter of calendar year 2025", "2025-Q3", "2025-09-30"),
        ("in the fourth quarter of 2025", "2025-Q4", "2025-12-31"),
        ("by the end of fiscal year 2025", "FY2025", "2025-09-30"),
        ("in FY '25", "FY2025", "2025-09-30"),
        ("in summer 2025", "2025-summer", "2025-09-21"),
        ("in autumn of 2025", "2025-fall", "2025-12-20"),
        ("by the end of calendar year 2025", "2025", "2025-12-31"),
        ("in early 2025", "2025", "2025-05-02"),
        ("by mid-2025", "2025", "2025-08-31"),
        ("in late 2024", "2024", "2024-12-31"),
        ("in the first half of 2026", "2026", "2026-06-30"),
    ],
)
def test_a_date_is_read_with_its_form_and_its_last_day(text: str, name: str, last: str) -> None:
    """The form is as precise as the words are; the last day is what deadlines are compared by."""
    (found,) = find_dates(text)
    assert found.name == name
    assert found.last.isoformat() == last
    assert found.first <= found.last


@pytest.mark.parametrize(
    "text",
    [
        "it may 2024 times",
        "31 February 2024",
        "$2025 for pens",
        "2,025 people",
        "section 1592(d)",
        "13/45/2025",
        "",
    ],
)
def test_what_is_no_date_is_passed_over(text: str) -> None:
    """A verb, an amount, a day that no calendar has."""
    assert find_dates(text) == ()


def test_dates_are_found_in_order_at_their_places() -> None:
    """The span of a shaded date begins with the words that shade it."""
    text = "From May 2024 to the end of fiscal year 2026."
    found = find_dates(text)
    assert [text[mention.start : mention.stop] for mention in found] == [
        "May 2024",
        "end of fiscal year 2026",
    ]
    assert found[1].is_end


def test_dates_can_be_taken_out() -> None:
    """What is left are the words around them."""
    assert without_dates("By May 2024, in FY 2025").split() == ["By", ",", "in"]
