"""Dates, statuses, agencies and texts in the words that all channels share."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.channels.text import inert, words

ANY_TEXT = st.text(st.characters(), max_size=200)


@pytest.mark.parametrize(
    ("date", "said"),
    [
        ("2024-05-31", "May 31, 2024"),
        ("2024-05", "May 2024"),
        ("2024", "2024"),
        ("2024-Q2", "Q2 2024"),
        ("FY2025", "FY 2025"),
        ("FY2026-Q2", "Q2 FY 2026"),
        ("2025-summer", "summer 2025"),
        ("by and by", "by and by"),
        ("2024-02-30", "2024-02-30"),
        ("FY2025-03", "FY2025-03"),
        ("2024-later", "2024-later"),
    ],
)
def test_dates_are_said_as_people_say_them(date: str, said: str) -> None:
    """Every form that the contract names has its words; what is none of them stays as it is."""
    assert words.date_in_words(date) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2024-05", "2025-09", "16 months later"),
        ("2025-09", "2024-05", "16 months earlier"),
        ("2024-05", "2024-06", "1 month later"),
        ("2024-05", "2026-05", "2 years later"),
        ("2024-05-03", "2024-05-15", "12 days later"),
        ("2024-05-28", "2024-06-02", "5 days later"),
        ("2024-12-31", "2025-01-31", "1 month later"),
        ("2024", "2025", "1 year later"),
        ("2024-Q2", "2024-Q3", "3 months later"),
        ("FY2025", "FY2026", "1 year later"),
        ("FY2025", "2026-03", "about 6 months later"),
        ("2025-summer", "2025-12", "about 4 months later"),
    ],
)
def test_a_shift_is_counted_from_end_to_end(old: str, new: str, said: str) -> None:
    """Periods are compared by their ends; "about" where they are not equally exact."""
    assert words.shift_in_words(old, new) == said
    assert words.moved_later(old, new) == said.endswith("later")


@pytest.mark.parametrize(
    ("old", "new"),
    [("2024", "2024-12"), ("2024-05", "2024-05-31"), ("FY2025", "2025"), ("2024", "soon"), ("", "")],
)
def test_nothing_is_claimed_of_dates_that_overlap(old: str, new: str) -> None:
    """A year and a month within it are neither earlier nor later than each other."""
    assert words.shift_in_words(old, new) == ""


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("open", "Open"),
        ("open-partially-addressed", "Open, partially addressed"),
        ("closed-implemented", "Closed, implemented"),
        ("closed-not-implemented", "Closed, not implemented"),
        ("Under\nReview", "Under Review"),
    ],
)
def test_statuses_are_said_as_people_say_them(status: str, said: str) -> None:
    """The four known statuses have words, another keeps the page's."""
    assert words.status_in_words(status) == said


@pytest.mark.parametrize(
    ("agency", "short"),
    [
        ("United States Customs and Border Protection", "CBP"),
        ("U.S. Customs and Border Protection", "CBP"),
        ("Department of Homeland Security: U.S. Customs & Border Protection", "CBP"),
        ("Department of Homeland Security", "DHS"),
        ("Department of State", "State"),
        ("Department of the Treasury", "Treasury"),
        ("Board of Made-up Affairs (BMA)", "BMA"),
        ("Board of Made-up Affairs", "Board of Made-up Affairs"),
        ("Congress", "Congress"),
        ("", ""),
    ],
)
def test_agencies_are_shortened(agency: str, short: str) -> None:
    """A known short name, else the one that the page prints itself, else the name."""
    assert words.agency_in_short(agency) == short


def test_a_long_unknown_agency_is_cut() -> None:
    """A headline has no room for a name of any length."""
    assert len(words.agency_in_short("Interagency Council on " + "Very " * 30 + "Long Names")) <= 48


@given(ANY_TEXT)
def test_a_safe_text_controls_nothing(text: str) -> None:
    """No control character but tab and newline, no direction override, no invisible tag survives."""
    for character in inert.safe(text):
        category = unicodedata.category(character)
        assert category != "Cs"
        assert category != "Cc" or character in "\t\n"
        assert unicodedata.bidirectional(character) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )


@given(ANY_TEXT)
def test_a_plain_text_stays_as_it_is(text: str) -> None:
    """Making a text safe twice changes nothing more."""
    once = inert.safe(text)
    assert inert.safe(once) == once
    assert (
        inert.safe("Agency’s § 1592 – “quoted” ½ 中 é\n\nNext") == "Agency’s § 1592 – “quoted” ½ 中 é\n\nNext"
    )


@given(ANY_TEXT)
def test_one_line_is_one_line(text: str) -> None:
    """Nothing in a text for a headline starts another line."""
    assert len(inert.one_line(text).splitlines()) <= 1


@given(ANY_TEXT, st.integers(2, 80))
def test_a_cut_text_is_no_longer_than_asked(text: str, most: int) -> None:
    """At most so many characters, and an ellipsis exactly where something was cut."""
    cut = words.cut(text, most)
    assert len(cut) <= most
    assert cut == text or (cut.endswith("…") and text.startswith(cut[:-1]))


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (22, "22nd")]
)
def test_ordinals(number: int, said: str) -> None:
    """2nd, 3rd, 11th."""
    assert words.ordinal(number) == said
