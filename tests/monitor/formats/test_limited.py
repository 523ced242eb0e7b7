"""What a page may cost, however hostile: 500 MB and 10 s of CPU for each 10 MB begun (promise 10)."""

import os
import resource
from collections.abc import Callable
from contextlib import suppress

import pytest

from monitor.formats import NotAPage, extract, limited, read_markup
from monitor.formats.page.markup import is_cheap
from monitor.formats.phones import blank_phones
from tests.fakes import pages

_HEAD = "<!doctype html><html><body><h3>Lamps</h3><p>1 Open Recommendations</p>"
_TABLE = (
    "<table><tr><th>Agency Affected<th>Recommendation<th>Status</tr>"
    "<tr><td>A<td>Act. (Recommendation 1)<td>Open</table>"
)
_TAGS = ("a", "b", "em", "font", "i", "s", "tt", "u", "big", "code")
_INLINE = [f"<{tag} id=x{n}>" for n in range(24) for tag in _TAGS]
_EXPORT = (
    '"Title: x",,\r\n"status as of Oct 2, 2031 at 7:05 PM EST",,\r\nPublication Name,Publication  Number,'
    "Date Publication Issued,Director Name,Director Phone,"
    "Agency,Recommendation,Status,Priority,Comments,Topics\n"
)


def _page(*bombs: str) -> bytes:
    return "".join([_HEAD, _TABLE, *bombs, "</body></html>"]).encode()


def _cell(text: str) -> bytes:
    return f'{_EXPORT}T,GAO-31-1,d,n,,A,"{text}",Open,No,c,t\n'.encode()


BOMBS: dict[str, Callable[[], bytes]] = {
    "inline elements that are never closed": lambda: _page(*_INLINE[:240], "<p>x" * 20_000),
    "a few of them, many paragraphs": lambda: _page(*_INLINE[:40], "<p>x" * 4_500),
    "options": lambda: _page("<select>", "<option>" * 125_000, "</select>"),
    "options outside of anything": lambda: _page("<option>x" * 125_000),
    "attributes": lambda: _page("<p ", " ".join(f"a{n}" for n in range(200_000)), ">"),
    "links within links": lambda: _page("<a href=x><p>" * 40_000),
    "tables within tables": lambda: _page("<table><tr><td>" * 4_000),
    "headings within headings": lambda: _page("<h2><div>" * 120, "x " * 100_000, "</div></h2>" * 120),
    "headings of tables within each other": lambda: _page("<table><tr><th>Status<td>" * 120, "x " * 100_000),
    "lists": lambda: _page("<ul><li>" * 60_000),
    "text between rows": lambda: _page("<table>" + "x<tr>y" * 60_000),
    "a cell of tabs": lambda: _cell("x\n" + "\t" * 1_000_000 + "x"),
    "a cell of line ends and tabs": lambda: _cell("x" + "\n\t " * 300_000 + "x"),
    "a cell of options": lambda: _cell("<p>" + "<option>" * 125_000),
    "a cell of repeated words": lambda: _cell("a " * 500_000),
}


def _spent() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.mark.parametrize("name", BOMBS)
def test_no_page_costs_more_than_its_share(name: str) -> None:
    """It is read or refused, within the time; the child has a limit on memory, this process grows little."""
    body = BOMBS[name]()
    start, before = _spent(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with suppress(NotAPage):
        extract(blank_phones(body))
    assert _spent() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 500 * 1024


@pytest.mark.parametrize(
    "bomb", ['<div class="contact">a</p>' * 20_000 + "views-field-field-recommendation", "<a tel:" * 90_000]
)
def test_blanking_costs_no_more_than_its_share(bomb: str) -> None:
    """Contact blocks one within the other, and links that never end."""
    start = _spent()
    blanked = blank_phones(_page(bomb, '<div class="contact">(202) 555-0147</div>'))
    assert _spent() - start < 5
    assert b"555-0147" not in blanked


def _large(rows: int = 400) -> bytes:
    return pages.report(
        row.but(product="GAO-31-900001", number=str(n)) for n, row in enumerate(pages.rows(rows))
    )


def test_a_page_read_in_a_process_of_its_own_is_read_alike() -> None:
    """To the letter, notes, title and refusals included."""
    text = _large().decode()
    assert not is_cheap(text)
    assert extract(text.encode()) == read_markup(text, None, None)
    with pytest.raises(NotAPage, match="is cut off"):
        extract(text[: text.rindex("</html>")].encode())


def test_the_sites_own_pages_need_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten recommendations of an agency, thirty of a report."""
    monkeypatch.setattr(limited, "run", lambda *_: pytest.fail("a process"))
    extract(pages.agency(pages.rows(10)))
    extract(_large(30))


def test_memory_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child ends, whatever it was doing, and the page is refused in words for a person."""
    monkeypatch.setattr(limited, "MEMORY", 40 * 2**20)
    with pytest.raises(NotAPage, match="more memory or time"):
        limited.run(_large(400).decode().replace("pier", "pier " * 3_000), None, None)


def test_time_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likewise."""
    monkeypatch.setattr(limited, "SECONDS", 1)
    start = _spent()
    with pytest.raises(NotAPage, match="more memory or time"):
        limited.run(BOMBS["options"]().decode(), None, None)
    assert _spent() - start < 3
