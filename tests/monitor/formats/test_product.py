"""A report's page: identity, tables, words, and what makes it unbelievable."""

import pytest

from monitor.record.values import Format, Kind
from tests.monitor.formats.plain import cells, read, refusal, report, table


def narrative(markup: str) -> str:
    """What is read of a comment's markup."""
    (one,) = read(report(table(cells(comment=markup)))).recommendations
    return one.narrative


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<p>One  two\n three.</p><p>Four.</p>", "One two three.\n\nFour."),
        ("One.<br><br />Two.", "One.\n\nTwo."),
        ("One.<br>Two.", "One.\nTwo."),
        ("<ul><li>One</li><li>Two</li></ul>Three", "One\n\nTwo\n\nThree"),
        ("One<script>var x = 'y';</script><style>p{}</style> <b>two</b><i>three</i>", "One twothree"),
        ("R&amp;D, &quot;so&quot; &lt;5 &amp;amp; more", 'R&D, "so" <5 & more'),
        ("<p>One\u00a0two</p> <p> </p><p></p>", "One\u00a0two"),
        ("One <span class='usa-tooltip__body' role='tooltip'>hint</span>two", "One two"),
        ("One <span role='tooltip'>hint</span>two", "One two"),
        ("Table: <table><tr><td>a</td><td>b</td></tr></table>", "Table:\n\na b"),
        ("", ""),
    ],
)
def test_a_narrative_is_what_a_reader_sees(markup: str, words: str) -> None:
    """Paragraphs parted by an empty line, white space as a browser has it, no scripts, no tooltips."""
    assert narrative(markup) == words


def test_identity_and_address_come_from_the_page() -> None:
    """Title block, canonical link and og:url name the report; a path may end in -0."""
    capture = read(report(table(cells()), product="gao-31-900001-0"))
    (one,) = capture.recommendations
    assert (capture.format, capture.complete, capture.subject) == (Format.PRODUCT, True, "GAO-31-900001")
    assert (one.key, one.title) == ("GAO-31-900001#1@united-states-lighthouse-bureau", "Lamps: A Title")
    assert one.url == capture.url == "https://www.gao.gov/products/gao-31-900001"


def test_marks_that_disagree_are_refused() -> None:
    """A page that calls itself two reports is not believed as either."""
    reason = refusal(report(table(cells()), product="gao-31-900002")).reason
    assert "GAO-31-900001 in its title block and GAO-31-900002 in its canonical link" in reason


def test_a_staging_copy_is_refused() -> None:
    """The staging host's pages are not what GAO has published, wherever its name stands."""
    page = report(table(cells()))
    assert "staging" in refusal(page.replace("www.gao.gov", "prod.drupal.gaotest.org")).reason
    saved = f"<!-- saved from url=(0061)https://prod.drupal.gaotest.org/products/gao-31-900001 -->{page}"
    assert "staging" in refusal(saved).reason


def test_priority_is_a_mark_and_not_text() -> None:
    """As an element or as plain words."""
    element = cells(
        text='<div class="priority-indicator">Priority Rec. <span title="x"></span></div>Act now.'
    )
    plain = cells(text="Priority Rec. Act then.")
    both = read(report(table(element, plain, cells()))).recommendations
    assert [(one.priority, one.text) for one in both][:2] == [(True, "Act now."), (True, "Act then.")]
    assert both[2].priority is False


@pytest.mark.parametrize(
    "status",
    [
        '<span class="code"><div>Closed – Implemented <span class="usa-tooltip">hint</span></div></span>',
        '<span class="code"><div class="usa-tooltip">Closed – Implemented</div></span>',
        "<div>Closed - Implemented</div>",
        "Closed--Implemented<br>Actions that satisfy the intent of the recommendation have been taken.<br>",
        "Closed – Implemented ",
    ],
)
def test_a_status_label_is_found_with_and_without_its_wrappers(status: str) -> None:
    """The label is the text outside the tooltip; older pages have it in plain text."""
    (one,) = read(report(table(cells(status=status)))).recommendations
    assert (one.status, one.narrative) == ("closed-implemented", "The bureau agreed.")


@pytest.mark.parametrize("wrapped", [True, False])
def test_a_definition_before_the_narrative_is_no_part_of_it(wrapped: bool) -> None:
    """Older pages print what the status means between status and narrative."""
    sentence = "Actions to satisfy the intent of the recommendation have not been taken or are being planned."
    row = (
        cells(comment=f"{sentence} It agreed.")
        if wrapped
        else cells(status=f"Open<p>{sentence}</p>It agreed.", comment="")
    )
    (one,) = read(report(table(row))).recommendations
    assert (one.status, one.narrative) == ("open", "It agreed.")


def test_cells_are_found_by_place_where_classes_are_gone() -> None:
    """Columns follow the headings, sorted or not."""
    page = report(table(cells())).replace("views-field", "x").replace('class="code"', "")
    page = page.replace("<th>Status</th>", "<th><a>Status <span>Sort descending</span></a></th>")
    (one,) = read(page).recommendations
    assert (one.agency, one.status, one.narrative) == (
        "United States Lighthouse Bureau",
        "open",
        "The bureau agreed.",
    )


def test_matters_are_read_from_their_own_table() -> None:
    """Columns Matter, Status, Comments; addressed to Congress."""
    matters = (
        "<table><tr><th>Matter</th><th>Status</th><th>Comments</th></tr>"
        "<tr><td>Congress should act. (Matter 1)</td><td><span class='code'>Open</span></td>"
        "<td><p>No bill.</p></td></tr></table>"
    )
    recommendation, matter = read(report(table(cells()) + matters)).recommendations
    assert (matter.key, matter.kind, matter.agency) == ("GAO-31-900001#M1@congress", Kind.MATTER, "Congress")
    assert (matter.status, matter.narrative, recommendation.kind) == ("open", "No bill.", Kind.RECOMMENDATION)


def test_a_report_without_recommendations_is_an_empty_capture() -> None:
    """Where it is clearly a report's page: title block and canonical link agree."""
    capture = read(report("<p>We are making no recommendations.</p>"))
    assert (capture.recommendations, capture.complete, capture.subject) == ((), True, "GAO-31-900001")


@pytest.mark.parametrize(
    "body",
    [
        "<h2>Recommendations for Executive Action</h2>",
        table(cells()).replace("<th>Status</th>", "<th>Standing</th>"),
        "<div class='view-recommendations'><div class='comment'>It agreed.</div></div>",
    ],
)
def test_recommendations_in_another_shape_are_not_taken_for_none(body: str) -> None:
    """A layout that has changed is refused, not read as an empty report."""
    assert "not in a known table" in refusal(report(body)).reason


@pytest.mark.parametrize("row", [cells(agency=" "), cells(text=""), cells(status="", comment="")])
def test_a_row_that_lacks_something_is_refused(row: str) -> None:
    """A row has an agency, a text and a status."""
    assert "has no" in refusal(report(table(row))).reason


def test_a_row_that_lacks_a_cell_is_refused() -> None:
    """A table that was cut is not read up to the cut."""
    assert "2 cells" in refusal(report(table(cells(), "<tr><td>A</td><td>Act.</td></tr>"))).reason


def test_a_page_cut_off_is_refused_also_after_a_text_pasted_into_it() -> None:
    """A page holds texts that are pages themselves, with ends of their own."""
    page = report(f"<div><html><body><p>Facts</p></body></html></div>{table(cells())}")
    assert len(read(page).recommendations) == 1
    inner_end = page.index("</html>") + len("</html>")
    for at in (inner_end, inner_end + 6, len(page) - 8, page.index("</table>")):
        assert "cut off" in refusal(page[:at]).reason


def test_scripts_and_comments_do_not_unbalance_a_page() -> None:
    """Only real tags count when its end is looked for."""
    page = report(f"<script>var x = '<html>';</script><!-- <html> -->{table(cells())}")
    assert len(read(page + "\n<!-- archived -->\n").recommendations) == 1
