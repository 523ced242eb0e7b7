"""The text of an agency's page, as saved, pasted, or cut."""

import pytest

from monitor.record.values import Format
from tests.monitor.formats.plain import AGENCY, agency_page, group, read, refusal
from tests.monitor.formats.plain import cells as markup_cells

HEAD = f"Skip to main content\n\n{AGENCY}\n\nJump To:\n\nOpen Recommendations (25 total)\n\n"
COLUMNS = "Agency Affected Recommendation Status"
ROW = f"{AGENCY} The Director should act. (Recommendation 1)\nOpen\nThe bureau agreed."
OTHER = "National Buoy Administration The Administrator should wait. (Recommendation 2)\nOpen\nIt waits."


def page(*rows: str, title: str = "Lamps: A", count: int | None = None, columns: str = COLUMNS) -> str:
    """A page of one group."""
    body = "\n".join(rows)
    said = len(rows) if count is None else count
    return f"{HEAD}{title}\n\nShow\n{said} Open Recommendations\n{columns}\n{body}"


def test_text_and_markup_give_the_same() -> None:
    """Key, words and fingerprint do not depend on the form in which a page was saved."""
    (text,) = read(page(ROW)).recommendations
    (markup,) = read(agency_page(group("Lamps: A", markup_cells()))).recommendations
    assert text == markup
    assert read(page(ROW)).format is Format.TEXT


def test_a_group_may_hold_several_for_several_agencies() -> None:
    """Each row's agency is told from its text, also where it is not the page's."""
    capture = read(page(ROW, OTHER, ROW.replace("1)", "3)")))
    assert [one.agency for one in capture.recommendations] == [AGENCY, "National Buoy Administration", AGENCY]
    assert [one.narrative for one in capture.recommendations] == [
        "The bureau agreed.",
        "It waits.",
        "The bureau agreed.",
    ]


@pytest.mark.parametrize(
    ("agency", "text"),
    [
        ("Office of the Director of Tides & Currents", "To keep time, the Director should act."),
        ("Department of Water: Bureau of Ropes, Sails, and Anchors", "In doing so, act."),
        ("U.S. Mint", "Congress should act."),
        (AGENCY, "Keepers should act."),
        (f"{AGENCY} Northern District", "The keeper should act."),
    ],
)
def test_an_agency_ends_where_the_sentence_begins(agency: str, text: str) -> None:
    """By the grammar of names, or by the name that the page is about."""
    (one,) = read(page(f"{agency} {text} (Recommendation 1)\nOpen\nIt agreed.")).recommendations
    assert (one.agency, one.text) == (agency, f"{text} (Recommendation 1)")


def test_an_agency_that_cannot_be_told_is_refused() -> None:
    """A wrong key would hide a change; the page says nothing instead."""
    assert (
        "cannot be told" in refusal(page("keepers should act. (Recommendation 1)\nOpen\nIt agreed.")).reason
    )


@pytest.mark.parametrize(
    "row",
    [
        f"{AGENCY} Priority Rec. The Director should act. (Recommendation 1)\nOpen\nIt agreed.",
        f"{AGENCY}\nPriority Rec.\nThe Director should act. (Recommendation 1)\nOpen\nIt agreed.",
        f"Priority Rec.\n{AGENCY} The Director should act. (Recommendation 1)\nOpen\nIt agreed.",
        f"{AGENCY}\tPriority Rec. The Director should act. (Recommendation 1)\tOpen\nIt agreed.",
    ],
)
@pytest.mark.parametrize("follows", [True, False])
def test_priority_is_a_mark_wherever_it_stands(row: str, follows: bool) -> None:
    """Before, within or below the row, first in its group or not."""
    *_, one = read(page(*([OTHER, row] if follows else [row]))).recommendations
    assert (one.priority, one.agency, one.text) == (
        True,
        AGENCY,
        "The Director should act. (Recommendation 1)",
    )


@pytest.mark.parametrize(
    "columns",
    [COLUMNS, COLUMNS.replace(" R", "\tR").replace(" S", "\tS"), "Agency Affected\nRecommendation\nStatus"],
)
def test_a_pasted_table_is_read_too(columns: str) -> None:
    """Tabs between the cells, headings on one line or on three, other line ends."""
    row = f"{AGENCY} \tThe Director should act. (Recommendation 1)\t Open\r\nIt agreed.\r\n\r\nIt acts."
    (one,) = read(page(row, columns=columns).replace("\nShow", "\r\nShow")).recommendations
    assert (one.agency, one.status, one.narrative) == (AGENCY, "open", "It agreed.\n\nIt acts.")


def test_a_definition_between_status_and_narrative_is_no_part_of_it() -> None:
    """Older pages print what the status means."""
    sentence = "Actions to satisfy the intent of the recommendation have not been taken or are being planned."
    (one,) = read(page(ROW.replace("Open\n", f"Open\n{sentence}\n"))).recommendations
    assert one.narrative == "The bureau agreed."


def test_missing_blank_lines_and_lines_round_titles_change_nothing() -> None:
    """A title is the nearest line before "Show" that is none of the known others."""
    two = (
        page(ROW)
        + "\n\nGAO-31-900001\nOil: B\nMay 3, 2031\nShow\n1 Open Recommendations\n1 Priority\n"
        + COLUMNS
        + "\n"
        + ROW
    )
    tight = "\n".join(line for line in two.split("\n") if line)
    assert read(two).recommendations == read(tight).recommendations
    assert [one.title for one in read(two).recommendations] == ["Lamps: A", "Oil: B"]
    assert read(two).recommendations[0].narrative == "The bureau agreed."


@pytest.mark.parametrize(
    "footer",
    ["Pagination\nFirst page\nPrevious", "Agency Reports\nA report", "GAO Contacts\nA. Keeper", "1\n2\n3"],
)
def test_a_footer_is_no_part_of_the_last_narrative(footer: str) -> None:
    """A pager or footer that changes is not a change."""
    (one,) = read(f"{page(ROW)}\n\n{footer}\n").recommendations
    assert one.narrative == "The bureau agreed."


@pytest.mark.parametrize(
    "line",
    ["Topics", "Contacts", "Related actions", "Related to this, it bought oil.", "2", "View of the bureau"],
)
def test_a_narratives_own_heading_does_not_end_it(line: str) -> None:
    """What follows is a sentence, and is read; the footer below it still ends the narrative."""
    more = "The bureau said in May 2031 that it had replaced every lamp."
    (one,) = read(f"{page(ROW)}\n{line}\n{more}\n\nContacts\nA. Keeper\n").recommendations
    assert one.narrative == f"The bureau agreed.\n{line}\n{more}"


def test_open_in_a_narrative_is_no_status() -> None:
    """A line of a narrative that reads like a status belongs to it."""
    first = ROW.replace("The bureau agreed.", "It said that lamps are\nOpen\nat night.")
    capture = read(page(first, OTHER))
    assert [one.narrative for one in capture.recommendations] == [
        "It said that lamps are\nOpen\nat night.",
        "It waits.",
    ]


def test_addresses_that_a_browser_saved_with_its_links_are_no_text() -> None:
    """Some browsers write "Title <https://…>" when they save a page as text."""
    linked = page(ROW, title="Lamps: A <https://www.gao.gov/products/gao-31-900001>")
    linked = linked.replace("Agency Affected", "Agency Affected <?order=name&sort=asc>").replace(
        "Show", "Show <#>"
    )
    assert read(linked).recommendations == read(page(ROW)).recommendations


def test_a_group_of_none_has_no_rows() -> None:
    """A page may list a report of which nothing is open any more."""
    capture = read(f"{page(ROW)}\n\nOil: B\nShow\n0 Open Recommendations\n{COLUMNS}\n")
    assert [one.title for one in capture.recommendations] == ["Lamps: A"]


def test_open_in_the_only_narrative_of_a_text_without_number_is_no_status() -> None:
    """Where one is announced, its status is the first such line."""
    (one,) = read(
        page(f"{AGENCY} The Director should act.\nOpen\nLamps are\nOpen\nat night.")
    ).recommendations
    assert one.narrative == "Lamps are\nOpen\nat night."


def test_an_unknown_status_is_kept() -> None:
    """What stands between a numbered text and its narrative is its status."""
    capture = read(page(ROW.replace("Open\n", "Under Review\n"), OTHER))
    assert [one.status for one in capture.recommendations] == ["Under Review", "open"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (page(ROW, count=2), "announces 2"),
        (page(ROW)[: -len("agreed.")], "middle of a sentence"),
        (page(ROW)[: -len("\nThe bureau agreed.")], "before the last narrative"),
        (page(ROW)[: -len("Open\nThe bureau agreed.")], "announces 1"),
        (page(ROW)[: -len("pen\nThe bureau agreed.")], "before the last narrative"),
        (page(), "announces 25 open recommendations and shows none"),
        (HEAD, "announces 25 open recommendations and shows none"),
        (page(ROW) + "\n\nOil: B\n\nShow\n1 Open Recommendations", "no column headings"),
        (page(ROW) + "\n\nOil: B\n\nShow", "middle of a sentence"),
        (page(ROW) + "\n\nOil: B and more lamps", "middle of a sentence"),
    ],
)
def test_a_text_that_was_cut_is_refused(text: str, reason: str) -> None:
    """A text has no end mark; what is missing shows in what was begun."""
    assert reason in refusal(text).reason
