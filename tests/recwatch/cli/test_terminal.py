"""How answers read in a terminal: names, numbers, old against new, lines that can be copied."""

from datetime import UTC, datetime

import pytest

from recwatch.verbs.messages.digest import _slot
from tests.fakes.pages import export
from tests.recwatch.conftest import BEFORE, Program

CBP = "United States Customs and Border Protection"
REWORDED = "The Commissioner should repair the lamps."


@pytest.fixture
def reworded(program: Program) -> Program:
    """One recommendation of CBP's, which GAO itself puts in other words."""
    row = BEFORE[0].but(agency=f"Department of Homeland Security: {CBP}")
    program.poll([row], 1)
    program.poll([row.but(text=REWORDED, title="Lamps: " + "long " * 30)], 2)
    return program


@pytest.mark.parametrize("name", ["CBP", "cbp", "U.S. Customs and Border Protection"])
def test_an_agency_is_found_by_the_short_name_that_is_printed(name: str, reworded: Program) -> None:
    """What stands in the column AGENCY, and in every message, is what people type."""
    assert "  CBP  " in reworded("list").out
    for verb in (["list"], ["changes"]):
        answer = reworded(*verb, "--agency", name)
        assert (answer.status, answer.out.splitlines()[-1][:2]) == (0, "1 ")


def test_show_and_history_show_a_reworded_recommendation_old_and_new(reworded: Program) -> None:
    """That it was reworded is no use without the words."""
    event = reworded("changes", "--json").rows[0]["data"]["event_id"]
    for verb in (["show", event], ["history", BEFORE[0].product], ["diff", "old.csv", "new.csv"]):
        if verb[0] == "diff":
            _write_both(reworded)
        words = " ".join(reworded(*verb).out.split())
        assert "[-" in words, verb
        assert "{+The Commissioner should repair the lamps.+}" in words, verb
    assert "<ins>The Commissioner" in reworded("diff", "old.csv", "new.csv", "--as", "html").out


def _write_both(program: Program) -> None:
    row = BEFORE[0].but(agency=CBP)
    for name, text, day in (("old", row.text, 1), ("new", REWORDED, 2)):
        body = export([row.but(text=text)], datetime(2026, 1, day, 17, 0, tzinfo=UTC))
        (program.folder / f"{name}.csv").write_bytes(body)


def test_what_a_short_agency_leaves_is_the_reports(reworded: Program) -> None:
    """Half a title tells more than blanks do."""
    heads, row = reworded("list").out.splitlines()[:2]
    assert heads.index("REPORT") - heads.index("AGENCY") == len("AGENCY") + 2
    assert len(row) > 70


def test_history_says_what_each_revision_came_to(polled: Program) -> None:
    """In a reader's words, as messages have it, not by the name of a type; and which event it was."""
    (_, revision) = polled("history", BEFORE[0].product, "--json").rows
    text = polled("history", BEFORE[0].product).out
    assert f"{revision['what']}  [{revision['event_id']}]" in text
    assert revision["what"] == "Added to the status update"
    assert "recommendation.updated" not in text


def test_a_long_line_goes_on_further_in_and_has_no_blanks_at_its_end(reworded: Program) -> None:
    """Where a fact begins is seen at a glance, and an address is never broken."""
    event = reworded("changes", "--json").rows[0]["data"]["event_id"]
    lines = reworded("show", event).out.splitlines()
    title = next(number for number, line in enumerate(lines) if line.startswith("report"))
    assert lines[title + 1].startswith(" " * 8 + "long")
    assert f"page    https://www.gao.gov/products/{BEFORE[0].product.lower()}" in lines
    for verb in (["show", event], ["history", BEFORE[0].product]):
        for line in reworded(*verb).out.splitlines():
            assert line == line.rstrip(), (verb, line)


def test_one_is_said_as_one(reworded: Program) -> None:
    """No line says "1 changes"."""
    reworded("poll", "--source", "lamps", "--from", "-", input=b"no page")
    ends = {
        "list": "1 recommendation;",
        "changes": "1 change;",
        "agencies": "1 agency",
        "status": "1 capture is held back",
    }
    for verb, end in ends.items():
        assert end in reworded(verb).out.splitlines()[-1]


def test_what_was_held_back_says_how_to_look_and_decide(reworded: Program) -> None:
    """Below the list and below one, in commands that can be copied."""
    reworded("poll", "--source", "lamps", "--from", "-", input=b"no page")
    assert "recwatch quarantine show ID" in reworded("quarantine").out
    number = reworded("quarantine", "list", "--json").rows[0]["id"]
    last = reworded("quarantine", "show", str(number)).out
    assert f"recwatch quarantine release {number}" in last
    assert f"recwatch quarantine discard {number}" in last


def test_a_key_given_to_show_is_sent_on_to_history(reworded: Program) -> None:
    """Who has a recommendation's name at hand is told which verb takes it."""
    assert "recwatch history GAO-31-900001#1" in reworded("show", "GAO-31-900001#1").err


def test_what_a_level_says_is_not_said_twice(program: Program) -> None:
    """A line "only the review date changed" has nothing below that repeats it."""
    text = "As of March {}, the Bureau was counting lamps. It expects to finish the count by June 2031."
    row = BEFORE[0].but(narrative=text.format(2029))
    program.poll([row], 1)
    program.poll([row.but(narrative=text.format(2030))], 2)
    event = program("changes", "--json").rows[0]["data"]["event_id"]
    lines = program("show", event).out.splitlines()
    assert sum("only the review date changed" in line for line in lines[1:]) == 1


def test_a_digests_preview_tells_the_hour_where_its_reader_lives() -> None:
    """A slot is stored in UTC; nobody reckons that back."""
    assert _slot("2026-03-02T13:00:00Z", "America/New_York") == "Mon 2026-03-02 08:00 America/New_York"
