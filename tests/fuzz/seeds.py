"""What fuzzing begins with: pages in every shape, and the pieces that decide what a page is taken for."""

import gzip
from pathlib import Path

from monitor.record.values import Format
from tests.fakes import pages
from tests.fakes.pages import BOILERPLATE, Row
from tests.monitor.formats.plain import agency_page, cells, group, report, table
from tests.monitor.formats.test_csv import export, row
from tests.monitor.formats.test_saved import archive
from tests.monitor.formats.test_text import COLUMNS, OTHER, ROW, page

CAPTURES = Path(__file__).parents[3] / "shared" / "captures"
_VARIED = [
    Row(narrative=BOILERPLATE),
    Row(
        number="2",
        status="Open – Partially Addressed",
        priority=True,
        narrative="It said “soon” — 19 U.S.C. § 1592.",
    ),
    Row(number="", text="Congress should consider lamps.", agency="Congress", status="Closed – Implemented"),
    Row(number="19-01", agency="Department of Piers: Office of Ropes", narrative="a\n\nb&amp;c\u00a0\u200b"),
]
_OF_MATTERS = (
    "<h2>Matters for Congressional Consideration</h2><table><tr><th>Matter<th>Status<th>Comments</tr>"
    "<tr><td>Congress should act. (Matter 1)<td>Open<td>Nothing yet.</table>"
)
_PAGES = {
    Format.CSV: [pages.export(_VARIED), export(row(), row(text="Act. (Recommendation 2)", priority="Yes"))],
    Format.PRODUCT: [
        pages.report(_VARIED),
        report(table(cells(), cells(text="Act.")) + _OF_MATTERS).encode(),
    ],
    Format.AGENCY: [
        pages.agency(_VARIED),
        agency_page(group("Lamps: A", cells()), group("Oil: B", cells(), cells(text="Act."))).encode(),
    ],
    Format.TEXT: [pages.agency_text(_VARIED), page(ROW, OTHER).encode()],
}
TOKENS = tuple(
    piece.encode() if isinstance(piece, str) else piece
    for piece in (
        *(
            "<table>",
            "</table>",
            "<tr>",
            "</tr>",
            "<td>",
            "<th>",
            "</td>",
            "</html>",
            "<html>",
            "<!--",
            "-->",
        ),
        *(
            "<script>",
            "</script>",
            "<body>",
            "<div>",
            "</div>",
            "<p>",
            "<br>",
            "<h1>",
            "<title>",
            "<!doctype html>",
        ),
        *('<td class="views-field-name">', '<div class="comment">', '<span class="code">', '<a href="tel:'),
        *(
            '<link rel="canonical" href="https://www.gao.gov/products/gao-31-900001">',
            '<div class="contact">',
        ),
        *(
            "&amp;",
            "&amp;amp;#167;",
            "&#xD800;",
            "&#55296;",
            "&#0;",
            "&#9999999;",
            "&#x110000;",
            "&Eacute;",
            "&sect",
        ),
        *(
            '"',
            '""',
            ",",
            ";",
            "\t",
            "\n",
            "\r",
            "\r\n\r\n",
            " ",
            "\u00a0",
            "\u200b",
            "\u00ad",
            "\u202e",
            "\ufeff",
        ),
        *(
            "Open",
            "Show",
            "0 Open Recommendations",
            "9999 Open Recommendations",
            COLUMNS,
            "(0 total)",
            "Congress",
        ),
        *(
            "Open Recommendations (25 total)",
            "Closed – Implemented",
            "Open--Partially Addressed",
            "Priority Rec.",
        ),
        *("(Recommendation 1)", "(Recommendation 99999999999999999999)", "(Recommendation 4", "[Matter 2]."),
        *(
            "(Recommendation \u0663)",
            "(Recommendation \u00b2)",
            "(Recommendation 19-01)",
            "GAO-31-900001",
            BOILERPLATE,
        ),
        *(
            "Publication Name",
            "Publication  Number",
            "Agency Affected",
            "Recommendation",
            "Status",
            "Comments",
        ),
        *(
            "status as of Oct 2, 2031 at 7:05 PM",
            "status as of Feb 31, 0000 at 99:99 AM",
            "? 1592",
            "19 U.S.C. ? 1",
        ),
        *(
            "For more information, contact",
            "(202) 555-0147",
            "GAO Contacts\n",
            "charset=utf-16",
            "charset=idna",
        ),
        *(
            "charset=iso-8859-15",
            "Content-Transfer-Encoding: base64\n",
            "------Lamps--42",
            "Content-Type: text/html\n",
        ),
        *(
            "+ADw-script+AD4-",
            "boundary=a\n\n",
            "multipart/related;",
            "=3D=",
            "\u0130",
            "\u00df",
            "\ufb01",
            "\u1e9e",
        ),
        *(
            b"\0",
            b"\xff",
            b"\xe2\x80",
            b"\xff\xfe",
            b"\xfe\xff",
            b"\xed\xa0\x80",
            b"\x1f\x8b\x08",
            b"\xc2",
            b"\x96",
        ),
    )
)


def seeds(form: Format | None = None) -> list[bytes]:
    """Pages of a format, made up and, where at hand, real; without one, of all and in every wrapping."""
    if form is not None:
        real = sorted(CAPTURES.glob(f"*.{form}.*")) if CAPTURES.is_dir() else []
        return [*_PAGES[form], *(path.read_bytes() for path in real)]
    plain = [body for each in Format for body in seeds(each)]
    return [*plain, *_wrapped()]


def archives() -> list[bytes]:
    """Web archives."""
    bodies = [some[0] for some in _PAGES.values()]
    return [archive(body, how) for body in bodies for how in ("base64", "quoted-printable", "8bit")]


def _wrapped() -> list[bytes]:
    text = _PAGES[Format.TEXT][0].decode()
    encodings = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "utf-7")
    wide = [text.encode(codec) for codec in encodings] + [text.encode("cp1252", "replace")]
    return [*wide, *archives(), gzip.compress(text.encode()), gzip.compress(_PAGES[Format.AGENCY][0])]
