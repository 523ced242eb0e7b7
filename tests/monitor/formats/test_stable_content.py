"""What is set aside of a page before it is hashed is what the plain pattern finds."""

import re
from random import Random

from monitor.formats.stable_content import stable_content, stable_content_along

# The pattern in plain words, with the run of letters and figures that a cell has from its view.
_PLAIN = re.compile(rb"(<t[dh] [^<>]*?table-column-)[0-9A-Za-z]+")
_PIECES = (
    b"<td ",
    b"<th ",
    b"<t",
    b"t",
    b"table-column-",
    b"able-column-",
    b"7a",
    b"-",
    b">",
    b"<",
    b" ",
    b"x",
)


def test_of_a_cell_is_set_aside_what_the_plain_pattern_finds() -> None:
    """Nothing more, or a change would be missed; nothing less, or each page would be read."""
    dice, found = Random(4), 0
    for _ in range(20_000):
        page = b"<body>" + b"".join(dice.choices(_PIECES, k=dice.randrange(2, 14)))
        other = _PLAIN.sub(rb"\g<1>0", page)
        found += other != page
        assert stable_content(page) == stable_content(other), page
        for match in re.finditer(rb"7a", page):
            without = page[: match.start()] + page[match.end() :]
            aside = any(cell.end(1) <= match.start() < cell.end() for cell in _PLAIN.finditer(page))
            alone = aside and _PLAIN.sub(rb"\g<1>0", without) == other
            assert (stable_content(page) == stable_content(without)) == (alone or without == page), page
    assert found > 500


_MORE = (
    *_PIECES,
    *(b'<td x="table-column-', b"7a", b'<td x="table-column-0', b'<i class="js-view-dom-id-4') * 4,
    b"<div class=js-view-dom-id-",
    b"js-view-dom-id-",
    b"table",
    b"-column-",
    b"-view-dom-id-",
    b"js",
    b'<script src="',
    b'"></script>',
    b"</table>",
    b'<div class="version">',
    b"v4.1",
    b"</div",
    b'<script type="application/json" data-drupal-selector="drupal-settings-json">',
    b"</script>",
    b'<link rel="stylesheet" media="all" href="',
    b'"',
    b"<body>",
)


def _page(dice: Random) -> bytes:
    # Whole places and the pieces of such, in any order.
    whole = b'<link rel="stylesheet" media="all" href="%b"><body><td headers="table-column-%b"></table>'
    begins = whole % (dice.choice(_MORE), dice.choice(_MORE)) if dice.random() < 0.8 else b"<body>"
    return begins + b"".join(dice.choices(_MORE, k=dice.randrange(2, 20)))


def _another(page: bytes, dice: Random) -> bytes:
    """A page like another, with one stretch of it replaced."""
    start = dice.randrange(1, len(page))
    end = min(len(page), start + dice.randrange(8))
    if dice.random() < 0.7:
        start, end = dice.choice(list(re.finditer(rb"[0-9A-Za-z]+", page))).span()
    return page[:start] + dice.choice((*_MORE, b"", b"0", b"zz")) + page[end:]


def test_a_page_settled_along_another_ones_layout_is_settled_as_by_itself() -> None:
    """Where the hash is the other page's, looking everywhere would have given it too."""
    dice, same = Random(7), 0
    for _ in range(40_000):
        first = _page(dice)
        second = _another(first, dice)
        layout = stable_content(first)
        assert layout is not None
        along = stable_content_along(second, layout.layout)
        if along and along.digest == layout.digest:
            same += second != first
            assert stable_content(second) == layout, (first, second)
    assert same > 300


def test_what_differs_in_every_response_is_found_along_the_layout() -> None:
    """However long it is this time."""
    shape = (
        b'<html><link rel="stylesheet" media="all" href="/a%b.css"><body><p class="js-view-dom-id-%b">'
        b'<td headers="table-column-%b"></table><script src="/b%b.js"></script>'
        b'<div class="version">v1.%b</div>'
    )
    first = stable_content(shape % ((b"1",) * 5))
    assert first is not None
    for other in (b"2", b"34", b"0a0b0c"):
        assert stable_content_along(shape % ((other,) * 5), first.layout) == first
    assert stable_content_along(shape.replace(b"html", b"HTML") % ((b"1",) * 5), first.layout) != first
    assert stable_content_along(b"<html>", first.layout) is None
    assert stable_content_along(b"", first.layout) is None


def test_a_token_that_ends_with_the_beginning_of_another_place_makes_none() -> None:
    """Else the next token there, along the layout, would be the last place of its kind."""
    page = b'<html><body><td headers="table-column-%b-view-dom-id-001"></td>'
    first, other = page % b"14js", page % b"14jsa"
    known = stable_content(first)
    assert known is not None
    assert stable_content_along(other, known.layout) == stable_content(other)
    assert stable_content(page.replace(b"001", b"002") % b"14js") != known


def test_a_layout_that_is_none_is_no_help() -> None:
    """What was damaged, or kept by other code, is not gone along."""
    for layout in (b"", b"abc"):
        assert stable_content_along(b"<html>", layout) is None
    stable_content_along(b"<html>", b"\xff" * 8)


def test_a_page_with_a_nul_is_no_page_that_is_remembered() -> None:
    """It is refused, or read otherwise than without it, although it stands where nobody looks."""
    page = (
        b'<html><script type="application/json" data-drupal-selector="drupal-settings-json">{}</script><body>'
    )
    known = stable_content(page)
    assert known is not None
    assert known.layout
    damaged = page.replace(b"{}", b'{"a": "\x00"}')
    assert stable_content(damaged) is None
    assert stable_content_along(damaged, known.layout) is None
