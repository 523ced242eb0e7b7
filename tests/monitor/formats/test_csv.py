"""The open-recommendations export: its columns, its damage, and what spreadsheets do to it."""

from datetime import UTC, datetime

import pytest

from monitor.formats import NotAPage, extract
from monitor.record.values import Format, Kind, Status
from tests.rendering import render
from tests.worlds import AGENCIES, Item, Noise

PREAMBLE = (
    '"Title: Download",,,\r\n"By: a test",,,\r\n'
    '"Source: a database, status as of Oct 2, 2031 at 7:05 PM EST" ,,,\r\n,,,\r\n,,,\r\n'
)
HEADER = (
    '"Publication Name","Publication  Number","Date Publication Issued","Director Name","Director Phone",'
    "Agency,"
    "Recommendation,Status,Priority,Comments,Topics\n"
)


def row(**cells: str) -> str:
    """One row, quoted as the site does it."""
    values = {
        "title": "Lamps: A Title",
        "number": "GAO-31-900001",
        "issued": "Oct 1, 2031",
        "director": "A. Keeper",
        "phone": "",
        "agency": AGENCIES[0],
        "text": "The Director should act. (Recommendation 1)",
        "status": "Open",
        "priority": "No",
        "narrative": "The bureau agreed.",
        "topics": "Harbors",
    } | cells
    return ",".join(f'"{value}"' for value in values.values()) + "\n"


def export(*rows: str) -> bytes:
    """An export of some rows."""
    return (PREAMBLE + HEADER + "".join(rows)).encode()


def refusal(body: bytes) -> NotAPage:
    """Why a body is refused."""
    with pytest.raises(NotAPage) as caught:
        extract(body)
    return caught.value


def test_a_row_is_read_by_the_names_of_its_columns() -> None:
    """Titles lose their newlines and all cells their entities; the rest is as the page has it."""
    cells = {
        "title": "Lamps:\n R&amp;D",
        "narrative": "It  said “R&amp;D”.\n\n\nThen\u202fmore. ",
        "priority": "Yes",
    }
    (one,) = extract(export(row(**cells))).recommendations
    assert one.key == "GAO-31-900001#1@united-states-lighthouse-bureau"
    assert (one.title, one.priority, one.status) == ("Lamps: R&D", True, "open")
    assert one.narrative == "It  said “R&D”.\n\nThen\u202fmore."
    assert one.url == "https://www.gao.gov/products/gao-31-900001"


def test_columns_may_stand_in_another_order() -> None:
    """A column is found by its name, never by its place."""
    header = "Agency,Comments,Recommendation,Publication Number,Priority,Status,Publication Name"
    (one,) = extract(f"{header}\nA,N.,Act. (Recommendation 2),GAO-31-1,Yes,Open,T\n".encode()).recommendations
    assert (one.agency, one.narrative, one.number, one.product) == ("A", "N.", "2", "GAO-31-1")


def test_rows_to_congress_are_matters() -> None:
    """Whatever the text calls itself."""
    (one,) = extract(
        export(row(agency="Congress", text="Congress should act. (Recommendation 3)"))
    ).recommendations
    assert (one.kind, one.key) == (Kind.MATTER, "GAO-31-900001#M3@congress")


@pytest.mark.parametrize(
    ("stamp", "moment"),
    [
        ("Oct 2, 2031 at 7:05 PM EST", datetime(2031, 10, 2, 23, 5, tzinfo=UTC)),
        ("Jan 2, 2031 at 12:05 AM EDT", datetime(2031, 1, 2, 5, 5, tzinfo=UTC)),
        ("Sept. 2, 2031", datetime(2031, 9, 2, 4, 0, tzinfo=UTC)),
        ("Feb 31, 2031 at 7:05 PM EST", None),
    ],
)
def test_the_stamp_is_eastern_local_time_whatever_its_label(stamp: str, moment: datetime | None) -> None:
    """Summer or winter; a date that does not exist is none."""
    body = export(row()).decode().replace("Oct 2, 2031 at 7:05 PM EST", stamp)
    assert extract(body.encode()).stamp == moment


def test_an_export_cut_off_anywhere_but_between_rows_is_refused() -> None:
    """A cut shows in a quote left open or in cells missing. Past the last cell that is read, it shows to the
    gate alone: rows are gone, and those that are there are whole.
    """
    body = export(
        row(), row(text='Act on ""lamps"". (Recommendation 2)'), row(text="Act. (Recommendation 3)")
    )
    start = body.index(b"Topics\n") + len("Topics\n")
    whole = {at for at in range(start, len(body)) if body[:at].endswith((b"\n", b'agreed.",', b'"Harbors"'))}
    for at in range(start, len(body)):
        if at not in whole:
            refusal(body[:at])


def test_an_export_without_rows_or_without_its_columns_is_refused() -> None:
    """An empty list is not believed, and another table is none."""
    assert "no rows" in refusal(export()).reason
    assert "lacks comments" in refusal(export(row()).replace(b"Comments", b"Notes")).reason


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"priority": "Harbors"}, "for its priority"),
        ({"text": " "}, "no status, agency or recommendation"),
        ({"status": ""}, "no status"),
        ({"topics": 'Harbors","shifted'}, "12 cells in row 1"),
        ({"number": "none"}, "publication number"),
    ],
)
def test_cells_in_the_wrong_columns_are_refused(cells: dict[str, str], reason: str) -> None:
    """A table that has shifted is not taken for words."""
    assert reason in refusal(export(row(**cells))).reason


def test_a_row_with_too_few_cells_is_refused() -> None:
    """In the midst of the table as well as at its end."""
    assert "3 cells in row 1" in refusal(export("a,b,c\n", row())).reason
    assert "cut off" in refusal(export(row(), "a,b,c\n")).reason


def test_text_after_a_closing_quote_costs_one_cell_its_quotes_and_no_row() -> None:
    """Sloppy quoting is read where the rows keep their shape."""
    body = export(row(text="Act. (Recommendation 2)"), row()).replace(b'"A. Keeper"', b'"A. Keeper" ')
    assert len(extract(body).recommendations) == 2


def test_a_cut_shows_also_where_the_quoting_is_sloppy() -> None:
    """A quote left open at the end is a cut, whatever else is wrong with the quotes."""
    body = export(row(text="Act. (Recommendation 2)"), row()).replace(b'"A. Keeper"', b'"A. Keeper" ')
    assert "cut off" in refusal(body[: -len('bors"\n')]).reason


def test_an_unknown_status_is_kept_and_reported() -> None:
    """A new word is no reason to drop a recommendation."""
    capture = extract(export(row(status="Under  Review")))
    assert capture.recommendations[0].status == "Under Review"
    assert any("Under Review" in note for note in capture.notes)


def test_a_row_without_a_number_goes_by_its_title() -> None:
    """A few may lack it; then most do not."""
    capture = extract(export(row(number=""), row(), row(text="Act. (Recommendation 2)")))
    nameless = capture.recommendations[0]
    assert nameless.key.startswith("~")
    assert (nameless.product, nameless.url) == (None, None)
    assert any("without a publication number: 1" in note for note in capture.notes)


def test_a_repeated_row_is_one_recommendation_whatever_the_order() -> None:
    """Of repeats that disagree, the one kept does not depend on the page's order."""
    rows = [row(narrative="It agreed."), row(narrative="It agreed."), row(narrative="It acted.")]
    first, second = extract(export(*rows)), extract(export(*reversed(rows)))
    assert first.recommendations == second.recommendations
    assert len(first.recommendations) == 1
    assert "different words" in first.notes[0]


def test_two_texts_under_one_key_are_told_apart_by_the_text() -> None:
    """Neither hides the other, in whichever order they come."""
    rows = [row(), row(text="The Director should wait. (Recommendation 1)")]
    keys = [one.key for one in extract(export(*rows)).recommendations]
    assert keys[::-1] == [one.key for one in extract(export(*reversed(rows))).recommendations]
    assert len(set(keys)) == 2
    assert all(key.startswith("GAO-31-900001#1.") for key in keys)


def test_a_long_narrative_is_read_whole() -> None:
    """A narrative may be longer than the csv module's own limit."""
    (one,) = extract(export(row(narrative="lamp " * 60_000))).recommendations
    assert len(one.narrative) == 299_999


@pytest.mark.parametrize("odd", ["", "\U0001f6a2" * 3])
def test_a_cell_that_a_spreadsheet_cut_is_refused_with_what_to_do(odd: str) -> None:
    """A cut narrative would look like words removed. Its length is counted as the spreadsheet counts."""
    cell = odd + "x" * (32_767 - len(odd.encode("utf-16-le")) // 2)
    assert "without opening it" in refusal(export(row(narrative=cell))).hint
    assert extract(export(row(narrative=cell + "y"))).recommendations


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_export_that_went_through_a_spreadsheet_is_read_the_same(separator: str, codec: str) -> None:
    """Other separators, quotes, encodings, padding and dates change nothing that is read."""
    plain = extract(export(row(narrative="It said ’no’, twice"), row(text="Act. (Recommendation 2)")))
    cells = "Lamps: A Title|GAO-31-900001|1-Oct-31|A. Keeper||{agency}|{text}|Open|No|{words}|Harbors|||"
    head = HEADER.replace('"', "").replace(",", separator).strip() + separator * 3
    one = cells.format(
        agency=AGENCIES[0], text="The Director should act. (Recommendation 1)", words='"It said ’no’, twice"'
    )
    two = cells.format(agency=AGENCIES[0], text="Act. (Recommendation 2)", words="The bureau agreed.")
    preamble = PREAMBLE.replace('"', "") if separator != "," else PREAMBLE
    body = preamble + "\r\n".join([head, *(line.replace("|", separator) for line in (one, two))]) + "\r\n"
    opened = extract(body.encode(codec))
    assert opened.recommendations == plain.recommendations
    assert opened.stamp == plain.stamp


def test_markup_in_a_cell_is_resolved() -> None:
    """A narrative with tags in it is its words."""
    (one,) = extract(
        export(row(narrative="<p>It agreed.</p><p>R&amp;D is &lt;5 percent.</p>"))
    ).recommendations
    assert one.narrative == "It agreed.\n\nR&D is <5 percent."


def test_a_made_up_export_has_the_formats_face() -> None:
    """What the noisy worlds are built on is an export to the recogniser."""
    item = Item("GAO-31-900001", "T: U", AGENCIES[0], "1", "Act.", Status.OPEN, False, "Agreed.")
    assert extract(render((item,), Format.CSV, Noise(0, loud=False))).format is Format.CSV
