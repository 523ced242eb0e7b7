"""Whatever bytes come, a capture or NotAPage is all that leaves."""

import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.formats import NotAPage, extract
from monitor.formats.phones import blank_phones
from monitor.record.values import Format
from tests.monitor.formats.plain import agency_page, cells, group, report, table
from tests.monitor.formats.test_csv import export, row
from tests.monitor.formats.test_saved import archive
from tests.monitor.formats.test_text import COLUMNS, OTHER, ROW, page

PAGES = (
    export(row(), row(text="Act. (Recommendation 2)")),
    report(table(cells(), cells(text="Act."))).encode(),
    agency_page(group("Lamps: A", cells()), group("Oil: B", cells())).encode(),
    page(ROW, OTHER).encode(),
    archive(report(table(cells())).encode(), "quoted-printable"),
)
SNIPPETS = (
    *(
        b"<table>",
        b"</table>",
        b"<tr>",
        b"<td>",
        b"</html>",
        b"<html>",
        b"<!--",
        b"<script>",
        b"&amp;",
        b"\0",
        b"\xff",
    ),
    *(
        b'"',
        b",",
        b";",
        b"\n",
        b"\r\n\r\n",
        b"\t",
        b"Open",
        b"Show",
        b"0 Open Recommendations",
        COLUMNS.encode(),
    ),
    *(b"(Recommendation 1)", b"Priority Rec.", b"\xe2\x80", b"\xff\xfe", b"------Lamps--42", b"(0 total)"),
)


def takes(body: bytes, form: Format | None = None) -> None:
    """Read a body; anything but a capture or NotAPage is a failure."""
    refused: NotAPage | None = None
    try:
        capture = extract(body, format=form)
    except NotAPage as error:
        refused = error
    if refused is not None:
        assert refused.reason
        assert "\n" not in str(refused)
        return
    keys = [one.key for one in capture.recommendations]
    assert len(keys) == len(set(keys))
    assert all(one.text and one.status for one in capture.recommendations)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([None, *Format]))
def test_random_bytes_are_read_or_refused(body: bytes, form: Format | None) -> None:
    """Recognised or named as any format."""
    takes(body, form)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PAGES), st.integers(0, 2**32), st.integers(1, 6))
def test_mutated_pages_are_read_or_refused(body: bytes, seed: int, times: int) -> None:
    """Cut, spliced, doubled and strewn with the pieces that matter."""
    dice = random.Random(seed)
    for _ in range(times):
        start = dice.randrange(len(body) + 1)
        end = min(len(body), start + dice.choice((0, 0, 1, 10, 200)))
        body = body[:start] + dice.choice((*SNIPPETS, b"", body[start:end] * 2)) + body[end:]
    takes(body)


HEAD_OF_MANY = f"Open Recommendations (9 total)\nT\n9999 Open Recommendations\n{COLUMNS}\n"
ONE_OF_MANY = "United {} Mint The Director should act. (Recommendation {})\nOpen\nx.\n"
EMPTY_TABLE = b"<table><tr><th>Agency Affected<th>Recommendation<th>Status</table>"
MULTIPART = b"Content-Type: multipart/related; boundary=a\n\n"
HOSTILE = {
    "divs": b"<html>" + b"<div>" * 100_000,
    "tables": b"<html>" + b"<table><tr><th>Agency Affected<th>Recommendation<th>Status" * 5_000,
    "entities": b"<html><p>&" + b"amp;" * 300_000,
    "quotes": export() + b'"' * 500_000,
    "separators": export() + b"," * 1_000_000,
    "blank lines": page(count=9000).encode() + b"\n" * 90_000 + b"x (Recommendation 1)\nOpen\nx.",
    "statuses": page(count=9000).encode() + b"\nOpen" * 50_000,
    "counts": b"1 Open Recommendations\n" * 50_000,
    "parts": b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=a\n\n" + b"--a\n" * 100_000,
    "spaces": b"Show\n" + b" " * 500_000 + b"1 Open Recommendations\n",
    "dashes": export(row(narrative="- " * 250_000)),
    "numbers": export(row(text="(Recommendation 1) " * 30_000)),
    "boilerplate": export(row(narrative="when we confirm what actions has taken " * 10_000)),
    "white space beside a section sign": export(row(narrative="\u00a7 x" + " " * 500_000 + "x")),
    "combining marks": export(row(narrative="a" + "\u0301\u0327" * 100_000, agency="\u0301\u0327" * 100_000)),
    "attributes": b"<html><body " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b"></body></html>",
    "brackets": export(row(agency="(A" * 500_000)),
    "agencies": (HEAD_OF_MANY + "".join(ONE_OF_MANY.format(n, n) for n in range(6_000))).encode(),
    "tables closed": b"<html>" + EMPTY_TABLE * 30_000 + b"</html>",
    "nested parts": MULTIPART + (b"--a\n" + MULTIPART) * 30_000,
    "headers of parts": MULTIPART + (b"--a\n" + b"X: y\n" * 3_000) * 100,
    "section signs": export(row(narrative="? 1 \ufffd" * 50_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_takes_no_time(name: str) -> None:
    """A second of processor time to read and to blank it (of a busy processor five); quadratic, minutes."""
    start = time.process_time()
    takes(HOSTILE[name])
    blank_phones(HOSTILE[name])
    assert time.process_time() - start < 5
