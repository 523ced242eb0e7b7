"""What is set aside of a page before it is hashed is what the plain pattern finds."""

import re
from random import Random

from monitor.formats.settled import settle

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
        assert settle(page) == settle(other), page
        for match in re.finditer(rb"7a", page):
            without = page[: match.start()] + page[match.end() :]
            aside = any(cell.end(1) <= match.start() < cell.end() for cell in _PLAIN.finditer(page))
            alone = aside and _PLAIN.sub(rb"\g<1>0", without) == other
            assert (settle(page) == settle(without)) == (alone or without == page), page
    assert found > 500
