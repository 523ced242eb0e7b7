"""An agency's page: groups, titles, totals, and keys that no link decides."""

import pytest

from monitor.record.values import Format
from tests.monitor.formats.plain import AGENCY, agency_page, cells, group, read, refusal, table

ONE = cells()
TWO = cells(text="The Director should wait. (Recommendation 2)")


def test_rows_belong_to_the_nearest_title_before_them() -> None:
    """A report may be split into several groups; a table without a title continues the group."""
    page = agency_page(group("Lamps: A", ONE), group("Oil: B", ONE), group("Lamps: A", TWO))
    capture = read(page)
    assert [(one.title, one.number) for one in capture.recommendations] == [
        ("Lamps: A", "1"),
        ("Oil: B", "1"),
        ("Lamps: A", "2"),
    ]
    assert (capture.format, capture.complete, capture.announced) == (Format.AGENCY, False, 25)
    assert capture.subject == AGENCY


def test_an_agency_page_is_never_complete() -> None:
    """It lists the first ten, so that absence means nothing even where the numbers agree."""
    assert read(agency_page(group("Lamps: A", ONE), total=1)).complete is False


@pytest.mark.parametrize(
    "lines",
    [
        "<h4>Lamps: A</h4><p>GAO-31-900001</p><p>May 3, 2031</p><p>Show</p><p>1 Open Recommendations</p>",
        "<p>GAO-31-900001</p><h4>Lamps: A</h4><p>Show</p><p>1 Open Recommendations</p><p>1 Priority</p>",
        "<a href='/products/gao-31-900001'>Lamps: A</a><button>Show</button>1 Open Recommendations",
        "<span>Lamps: A</span> <span>Show</span> <span>1 Open Recommendations</span>",
        "<div>GAO-31-900001 Lamps: A</div><div>1 Open Recommendation</div>",
        "<p>Some news</p><h4>Lamps: A</h4><a>Hide</a> 1 Open Recommendations",
    ],
)
def test_a_title_is_found_whatever_stands_round_it(lines: str) -> None:
    """Numbers, dates and buttons are no titles, and links and tags decide nothing."""
    (one,) = read(agency_page(lines + table(ONE))).recommendations
    (plain,) = read(agency_page(group("Lamps: A", ONE))).recommendations
    assert (one.title, one.key) == ("Lamps: A", plain.key)
    assert one.product in (None, "GAO-31-900001")


def test_a_linked_or_printed_number_is_given_and_is_not_the_key() -> None:
    """Whether a page links its reports changes between captures; its keys do not."""
    (one,) = read(agency_page(group('<a href="/products/gao-31-900001-0">Lamps: A</a>', ONE))).recommendations
    assert (one.product, one.url) == ("GAO-31-900001", "https://www.gao.gov/products/gao-31-900001")
    assert one.key.startswith("~")


def test_two_reports_of_one_title_are_told_apart_by_their_texts() -> None:
    """Titles are not unique: neither recommendation hides the other."""
    page = agency_page(
        group("Lamps: A", ONE), group("Lamps: A", cells(text="Congress-like. (Recommendation 1)"))
    )
    capture = read(page)
    assert len({one.key for one in capture.recommendations}) == 2
    assert any("told apart" in note for note in capture.notes)


def test_an_agency_with_nothing_open_is_an_empty_capture() -> None:
    """Where the page says so itself."""
    capture = read(agency_page(total=0))
    assert (capture.recommendations, capture.announced) == ((), 0)


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (agency_page(total=3), "announces 3 open recommendations and shows none"),
        (agency_page(group("Lamps: A", ONE, count=2)), "announces 2 open recommendations and shows 1"),
        (agency_page("<h4>T</h4><div>1 Open Recommendations</div>"), "last group's table"),
        (
            agency_page(group("Lamps: A", ONE), "<h4>T</h4><div>1 Open Recommendations</div>"),
            "last group's table",
        ),
        (agency_page("<h4>T</h4><p>1 Open Recommendations</p>", group("Lamps: A", ONE)), "no table"),
        (agency_page(group("", cells(agency="Mint"))).replace(AGENCY, ""), "no report's title"),
        (agency_page(group("Lamps: A", ONE))[:-8], "cut off"),
        (agency_page(group("Lamps: A", ONE)).replace("<th>Status", "<th>Standing"), "not in a known table"),
    ],
)
def test_a_page_that_contradicts_itself_is_refused(page: str, reason: str) -> None:
    """Totals and groups are held against what was read."""
    assert reason in refusal(page).reason


def test_more_than_announced_is_read_and_noted() -> None:
    """Totals disagree between pages; more is no sign of a page cut short."""
    capture = read(agency_page(group("Lamps: A", ONE, TWO), total=1))
    assert len(capture.recommendations) == 2
    assert "announces 1 and lists 2" in capture.notes[0]
