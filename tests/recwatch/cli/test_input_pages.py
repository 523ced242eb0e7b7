"""extract and diff: pages in, answers out, nothing stored."""

import json
from dataclasses import fields
from pathlib import Path

import pytest

from monitor.record.values import Recommendation
from tests.fakes.pages import agency, agency_text, export, report
from tests.recwatch.conftest import AFTER, BEFORE, Program

KEYS = [
    "key",
    "product",
    "kind",
    "number",
    "agency",
    "title",
    "text",
    "status",
    "priority",
    "narrative",
    "url",
    "fingerprint",
]


@pytest.fixture
def old(program: Program) -> str:
    """The file of the earlier export."""
    (program.folder / "old.csv").write_bytes(export(BEFORE))
    return "old.csv"


@pytest.fixture
def new(program: Program) -> str:
    """The file of the later export."""
    (program.folder / "new.csv").write_bytes(export(AFTER))
    return "new.csv"


def test_extract_prints_the_contracts_object(program: Program, old: str) -> None:
    """Its keys in its order, one recommendation a line, and nothing is stored."""
    rows = program("extract", old, "--json").rows
    assert [list(row) for row in rows] == [KEYS] * len(BEFORE)
    assert [field.name for field in fields(Recommendation)] == KEYS
    assert rows[3]["priority"] is True
    assert not program.home.exists()


def test_extract_needs_no_configuration_for_a_file(program: Program, old: str) -> None:
    """A page can be looked at before anything is set up, or while the configuration is wrong."""
    program.config.write_text("[")
    assert program("extract", old).status == 0


@pytest.mark.parametrize("write", [export, report, agency, agency_text])
def test_every_format_is_recognised(write: object, program: Program) -> None:
    """Without --format."""
    (program.folder / "page").write_bytes(write(BEFORE[:1]))  # type: ignore[operator]
    rows = program("extract", "page", "--json").rows
    assert [row["number"] for row in rows] == ["1"]


def test_extract_reads_standard_input(program: Program) -> None:
    """`-` is standard input."""
    assert len(program("extract", "-", "--json", input=export(BEFORE)).rows) == len(BEFORE)


@pytest.mark.parametrize("body", [b"", b"<html><body>Access Denied</body></html>", b"\x00\xff" * 50])
def test_what_is_no_page_of_recommendations_exits_3(body: bytes, program: Program) -> None:
    """With one line that says why; diff likewise."""
    answer = program("extract", "-", "--json", input=body)
    assert (answer.status, answer.out) == (3, "")
    assert answer.err.count("\n") == 1
    (program.folder / "bad").write_bytes(body)
    (program.folder / "good").write_bytes(export(BEFORE))
    for pair in (["bad", "good"], ["good", "bad"]):
        assert program("diff", *pair).status == 3


def test_another_format_than_the_one_named_exits_3(program: Program, old: str) -> None:
    """And says what it looks like."""
    answer = program("extract", old, "--format", "gao-text")
    assert answer.status == 3
    assert "gao-csv" in answer.err


def test_a_format_that_is_none_exits_2(program: Program, old: str) -> None:
    """With the nearest."""
    answer = program("extract", old, "--format", "gao-cvs")
    assert answer.status == 2
    assert 'did you mean "gao-csv"?' in answer.err


def test_a_file_that_is_not_there_exits_1(program: Program) -> None:
    """It is not a page that could not be read, it is no file."""
    answer = program("extract", "nowhere.html")
    assert answer.status == 1
    assert "nowhere.html cannot be read" in answer.err


def test_an_address_on_this_machine_is_not_asked(program: Program) -> None:
    """extract URL goes the guarded way out that every source goes."""
    answer = program("extract", "http://127.0.0.1:9/page")
    assert answer.status == 1
    assert "must not be asked" in answer.err
    assert not program.home.exists()


def test_no_telephone_number_is_printed(program: Program) -> None:
    """The export's column of directors' numbers ends here."""
    assert b"555-0147" in export(BEFORE)
    (program.folder / "page").write_bytes(export(BEFORE))
    for options in ([], ["--json"]):
        assert "555-0147" not in program("extract", "page", *options).out


def test_diff_as_json_is_the_webhook_body_of_each_change(program: Program, old: str, new: str) -> None:
    """One a line, told to nobody; joined runs are the narratives to the letter."""
    first, second = program("diff", old, new, "--as", "json").rows
    assert first["type"] == "recommendation.updated"
    assert first["data"]["subscription"] is None
    assert (first["data"]["changed"], second["data"]["changed"]) == (["narrative"], ["priority"])
    runs = first["data"]["diff"]["narrative"]
    assert "".join(text for kind, text in runs if kind != "insert") == BEFORE[0].narrative
    assert not program.home.exists()


def test_diff_compares_whatever_the_share_that_changed(program: Program) -> None:
    """The gate protects subscribers from bad pages; who asks for a difference gets it."""
    few = [BEFORE[0].but(narrative="Something else entirely."), BEFORE[4]]
    (program.folder / "a").write_bytes(export([*BEFORE, *(row.but(number="9") for row in BEFORE)]))
    (program.folder / "b").write_bytes(export(few))
    types = [row["type"] for row in program("diff", "a", "b", "--as", "json").rows]
    assert types.count("recommendation.vanished") == 8
    assert types.count("recommendation.updated") == 1


def test_diff_of_two_formats_of_the_same_page_is_empty(program: Program) -> None:
    """An agency's page and its text say the same."""
    (program.folder / "page.html").write_bytes(agency(BEFORE[:3]))
    (program.folder / "page.txt").write_bytes(agency_text(BEFORE[:3]))
    answer = program("diff", "page.html", "page.txt")
    assert (answer.status, answer.out) == (0, "nothing changed\n")


def test_diff_goes_both_ways(program: Program, old: str, new: str) -> None:
    """Which capture is older decides nothing: the order given does."""
    back = program("diff", new, old, "--as", "json").rows
    assert back[0]["data"]["new"]["narrative"] == BEFORE[0].narrative


def test_diff_as_text_and_html(program: Program, old: str, new: str) -> None:
    """Marked for a terminal, struck and bold in a browser; a page's words are no markup."""
    assert "{+It" in program("diff", old, new).out
    bold = BEFORE[0].but(narrative="<b>bold</b> & brave.")
    (program.folder / "bold.csv").write_bytes(export([bold, *BEFORE[1:]]))
    page = program("diff", old, "bold.csv", "--as", "html").out
    assert "<ins>" in page
    assert "<b>" not in page


def test_diff_as_something_else_is_wrong_usage(program: Program, old: str, new: str) -> None:
    """text, html or json."""
    assert program("diff", old, new, "--as", "yaml").status == 2


def test_real_pages_are_read(captures: Path, program: Program) -> None:
    """The program reads what the site has shown; the text and the page of one agency agree."""
    counts = {
        "cbp-agency-2024-05.gao-text.txt": 10,
        "cbp-agency-reconstruction.gao-agency.html": 10,
        "gao-25-108085.gao-product.html": 4,
    }
    for name, count in counts.items():
        assert len(program("extract", str(captures / name), "--json").rows) == count
    text, html = list(counts)[:2]
    same = program("diff", str(captures / text), str(captures / html), "--as", "json")
    assert [json.dumps(row) for row in same.rows] == []
