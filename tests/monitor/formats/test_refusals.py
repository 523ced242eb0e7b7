"""What stands in a page's place, and formats that are not the one named."""

import json

import pytest

from monitor.record.values import Format
from tests.monitor.formats.plain import agency_page, cells, group, refusal, report, table
from tests.monitor.formats.test_csv import export, row
from tests.monitor.formats.test_text import ROW
from tests.monitor.formats.test_text import page as text_page

PAGES = {
    Format.CSV: export(row()),
    Format.PRODUCT: report(table(cells())).encode(),
    Format.AGENCY: agency_page(group("Lamps: A", cells())).encode(),
    Format.TEXT: text_page(ROW).encode(),
}


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("", "empty"),
        (" \r\n\t\ufeff", "empty"),
        ("\0\0\0", "empty"),
        (
            "<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1></body></html>",
            "a refusal",
        ),
        ('<html><head></head><body><script src="/a?bm-verify=AAQ"></script></body></html>', "a bot check"),
        (
            '<html><head><meta http-equiv="refresh" content="5; URL=\'/?bm-verify=AA\'"></head></html>',
            "a bot check",
        ),
        ("<html><body>Please solve this captcha</body></html>", "a bot check"),
        ("<html><body>Just a moment...<div id='cf-chl'></div></body></html>", "a bot check"),
        ("<html><body><form>Sign in to go on <input type='password'></form></body></html>", "a login page"),
        ("<html><body><h1>Page not found</h1></body></html>", "not found"),
        ("<html><body>503: temporarily unavailable</body></html>", "an error page"),
        ("<html><body><noscript>Please enable JavaScript</noscript></body></html>", "wants JavaScript"),
        ("<html><body><div id='root'></div></body></html>", "not loaded"),
        ("<html></html>", "not loaded"),
        (
            "<html><body>" + "<p>Harbor news of the day.</p>" * 20 + "</body></html>",
            "not a known page",
        ),
        ('{"recommendations": []}', "JSON"),
        ("<?xml version='1.0'?><rss><channel><item>GAO-31-900001</item></channel></rss>", "not a known page"),
        ("Harbor news of the day.", "not a known page"),
        ("Access Denied", "a refusal"),
        (
            '"Title: Download",,\r\n"Source: a database, status as of Oct 2, 2031 at 7:05 PM EST",,\r\n',
            "column names",
        ),
    ],
)
def test_what_stands_in_a_pages_place_is_named(page: str, reason: str) -> None:
    """A refused, blank or unloaded page is never a page without recommendations."""
    assert reason in refusal(page).reason


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (b"PK\x03\x04 xl/workbook.xml", "workbook"),
        (b"%PDF-1.7", "PDF"),
        (b"bplist00", "web archive of Safari"),
        (b"\xd0\xcf\x11\xe0", "office program"),
        (b"\x89PNG\r\n", "picture"),
        (b"abc\0\0\0\0def\0\1\2", "not text"),
    ],
)
def test_files_that_are_no_text_are_refused_with_what_to_do(start: bytes, reason: str) -> None:
    """Each with a hint at what to save instead, where there is one."""
    error = refusal(start + b"x" * 100)
    assert reason in error.reason
    assert error.hint or reason == "not text"


@pytest.mark.parametrize("looks", list(Format))
@pytest.mark.parametrize("named", list(Format))
def test_a_page_of_another_format_than_named_is_refused_by_name(looks: Format, named: Format) -> None:
    """The reason says what the page looks like instead."""
    if looks is not named:
        assert str(looks) in refusal(PAGES[looks], named).reason


@pytest.mark.parametrize("form", list(Format))
def test_half_a_page_is_refused_as_any_format(form: Format) -> None:
    """Recognised or named."""
    half = PAGES[form][: int(len(PAGES[form]) * 0.8)]
    assert refusal(half).reason
    assert refusal(half, form).reason


def test_a_refusal_reads_as_one_line() -> None:
    """Reason first, what to do in brackets."""
    error = refusal("<html><body>Access Denied</body></html>")
    assert str(error) == f"{error.reason} ({error.hint})"
    assert "\n" not in str(error)
    assert json.dumps(error.reason)


@pytest.mark.parametrize("page", ["<div>" * 100_000, "<b>" * 1_000 + "x", "<p>" * 400_000])
def test_a_page_that_would_take_long_to_parse_is_refused(page: str) -> None:
    """A parser's work grows with the square of the depth."""
    assert "nested" in refusal(f"<html><body>{page}</body></html>").reason


def test_a_refusal_that_quotes_the_page_is_one_printable_line() -> None:
    """Whatever the page has there: the message goes to a terminal and into a log."""
    error = refusal(export(row(priority="Ye\n\x1b[2J\u2028s\x0c!")))
    assert '"ye [2j s !" for its priority' in str(error)
    assert str(error).isprintable()
