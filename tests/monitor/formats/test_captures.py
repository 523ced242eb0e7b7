"""The real pages, read in place; skipped where they are not at hand."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.formats import NotAPage, extract
from monitor.formats.phones import blank_phones
from monitor.record.folding import is_boilerplate, text_fingerprint
from monitor.record.values import Capture, Format, Recommendation

AGENCY = "United States Customs and Border Protection"


def read(captures: Path, form: Format) -> Capture:
    """The capture of a format, recognised and not told."""
    (path,) = captures.glob(f"*.{form}.*")
    return extract(path.read_bytes())


def words(one: Recommendation) -> tuple[str, ...]:
    """What has to be the same whichever form of the page it is read from."""
    return one.key, text_fingerprint(one.text), one.status, one.fingerprint, one.agency, one.title


def test_the_text_of_an_agency_page_gives_its_ten(captures: Path) -> None:
    """Ten of 25, evidence of presence alone."""
    capture = read(captures, Format.TEXT)
    assert (capture.format, capture.announced, capture.complete) == (Format.TEXT, 25, False)
    assert len({one.key for one in capture.recommendations}) == 10
    assert {one.agency for one in capture.recommendations} == {AGENCY}
    assert [one.number for one in capture.recommendations] == [
        "4",
        "3",
        "1",
        "2",
        "1",
        "1",
        "5",
        "3",
        "4",
        "3",
    ]
    assert sum(is_boilerplate(one.narrative) for one in capture.recommendations) == 5
    assert all(one.text.endswith(f"(Recommendation {one.number})") for one in capture.recommendations)
    assert all(one.key.startswith("~") and one.product is None for one in capture.recommendations)


def test_markup_and_text_of_a_page_agree(captures: Path) -> None:
    """The same ten keys and words, whichever of the two was saved."""
    text, page = read(captures, Format.TEXT), read(captures, Format.AGENCY)
    assert [words(one) for one in text.recommendations] == [words(one) for one in page.recommendations]
    assert text.subject == page.subject == AGENCY


def test_a_reports_page_gives_four_two_of_them_priority(captures: Path) -> None:
    """The mark of a priority recommendation is read and is not part of the text."""
    capture = read(captures, Format.PRODUCT)
    assert (capture.complete, capture.subject) == (True, "GAO-25-108085")
    assert [one.priority for one in capture.recommendations] == [False, False, True, True]
    assert [one.number for one in capture.recommendations] == ["1", "2", "3", "4"]
    assert all(one.text.startswith("The D") and one.status == "open" for one in capture.recommendations)
    assert capture.recommendations[3].key == "GAO-25-108085#4@department-of-homeland-security"
    assert not any("  " in one.narrative or "\n" in one.narrative for one in capture.recommendations)


def test_every_row_of_the_export_is_read(captures: Path) -> None:
    """Entities, newlines in titles, both kinds of open, the stamp in Eastern time."""
    capture = read(captures, Format.CSV)
    assert (capture.complete, len(capture.recommendations), capture.notes) == (True, 6, ())
    assert capture.stamp == datetime(2026, 9, 28, 23, 5, tzinfo=UTC)
    assert [one.status for one in capture.recommendations].count("open-partially-addressed") == 1
    assert [one.priority for one in capture.recommendations] == [False, False, False, True, False, True]
    joined = "".join(one.title + one.text + one.narrative for one in capture.recommendations)
    assert "&amp;" not in joined
    assert "R&D" in joined
    assert "\n" not in capture.recommendations[4].title


def test_export_and_report_name_the_same_recommendation_alike(captures: Path) -> None:
    """The key is the same from both sources, so that they are one recommendation."""
    exported = {one.key: one for one in read(captures, Format.CSV).recommendations}
    (shared,) = [one for one in read(captures, Format.PRODUCT).recommendations if one.key in exported]
    assert exported[shared.key].title == shared.title
    assert text_fingerprint(exported[shared.key].text) == text_fingerprint(shared.text)


GUESSES: dict[str, Callable[[str], str]] = {
    "legend and comments": lambda page: re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL),
    "title links": lambda page: re.sub(r'<a href="/products/[^"]*"[^>]*>(.*?)</a>', r"\1", page),
    "title tags": lambda page: re.sub(r"<(/?)h4[^>]*>", r"<\1p>", page),
    "total's tag": lambda page: re.sub(r"<(/?)h2>", r"<\1div>", page),
    "row wrappers": lambda page: page.replace('class="views-row"', "").replace(
        'class="c-search-result', 'class="x'
    ),
    "toggle": lambda page: re.sub(r"<button[^>]*>Show</button>", "<span>Show</span>", page),
    "toggle as a link": lambda page: re.sub(r"<button[^>]*>Show</button>", '<a href="#">Show</a>', page),
    "hidden": lambda page: page.replace('hidden=""', "").replace("usa-accordion__content", "x"),
    "count's tag": lambda page: re.sub(r'<span class="count">(.*?)</span>', r"<div>\1</div>", page),
    "pager": lambda page: re.sub(r'<nav aria-label="Pagination".*?</nav>', "", page, flags=re.DOTALL),
    "breadcrumb": lambda page: re.sub(r'<nav class="usa-breadcrumb".*?</nav>', "", page, flags=re.DOTALL),
    "body class": lambda page: page.replace('class="path-agencies"', ""),
    "og:title": lambda page: re.sub(r"<meta property.*?>", "", page),
    "section": lambda page: page.replace("js-endpoint-recommendations", "x"),
    "sorted": lambda page: page.replace(">Status</a>", '>Status <span class="x">Sort descending</span></a>'),
    "numbers printed": lambda page: page.replace("</h4>", "</h4><p>GAO-24-999999</p><p>May 3, 2024</p>"),
    "numbers before": lambda page: re.sub(r"(<h4[^>]*>)", r"<p>GAO-24-999999</p>\1", page),
    "view ids": lambda page: re.sub(
        r"view-dom-id-\w+", "view-dom-id-1", re.sub(r"column-\d+", "column-7", page)
    ),
}


@pytest.mark.parametrize("guess", [*GUESSES, "all"])
def test_nothing_depends_on_a_guessed_part(captures: Path, guess: str) -> None:
    """Keys and words stay when a part of the reconstruction that nobody has seen is another, or gone."""
    (path,) = captures.glob("*.gao-agency.*")
    page = path.read_text()
    changes = (
        [GUESSES[guess]] if guess != "all" else [GUESSES[name] for name in GUESSES if "numbers" not in name]
    )
    altered = page
    for change in changes:
        altered = change(altered)
    assert altered != page
    before, after = extract(page.encode()), extract(altered.encode())
    assert [words(one) for one in after.recommendations] == [words(one) for one in before.recommendations]
    assert after.announced == 25


def test_real_pages_keep_their_bytes_when_phones_are_blanked(captures: Path) -> None:
    """They hold no numbers, and figures in narratives are none."""
    for path in captures.glob("*.gao-*.*"):
        assert blank_phones(path.read_bytes()) == path.read_bytes()


@pytest.mark.parametrize("form", [Format.PRODUCT, Format.AGENCY, Format.TEXT])
def test_a_real_page_cut_off_anywhere_is_refused_or_says_nothing_false(captures: Path, form: Format) -> None:
    """Wherever a page is cut, what is still read of it is what the whole page says."""
    (path,) = captures.glob(f"*.{form}.*")
    body = path.read_bytes()
    whole = {words(one) for one in extract(body).recommendations}
    for at in range(0, len(body) - 9, max(1, len(body) // 150)):
        assert read_or_nothing(body[:at]) in (None, whole) or form is Format.TEXT
        if form is Format.TEXT and (kept := read_or_nothing(body[:at])):
            assert len(kept - whole) <= 1  # a text cut at a sentence's end cannot be told from a whole one


def read_or_nothing(body: bytes) -> set[tuple[str, ...]] | None:
    """What is read of a page, None where it is refused."""
    try:
        return {words(one) for one in extract(body).recommendations}
    except NotAPage:
        return None
