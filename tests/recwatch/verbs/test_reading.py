"""The verbs that only read: what they print for people, and for programs."""

import csv
import io
import re

import pytest

from monitor.record.values import Status
from recwatch.verbs.read.list_ import _STATES
from tests.fakes.pages import Row, agency_text, rows
from tests.recwatch.conftest import AFTER, BEFORE, LATER, Program

READING = (
    ["list"],
    ["agencies"],
    ["changes"],
    ["history", "GAO-31-900001"],
    ["show", "evt_x"],
    ["status"],
    ["deliveries"],
    ["subscriptions"],
    ["subscriptions", "list"],
    ["quarantine"],
    ["match", "evt_x"],
)


@pytest.mark.parametrize("verb", READING, ids=" ".join)
def test_a_home_without_a_store_is_said_to_be_empty(verb: list[str], program: Program) -> None:
    """A verb that only reads makes no store; it says how to make one, and exits 1."""
    answer = program(*verb)
    assert answer.status == 1
    assert "there is no store" in answer.err
    assert str(program.config) in answer.err
    assert str(program.home) in answer.err
    assert "recwatch once" in answer.err
    assert not program.home.exists()


def test_list_prints_keys_that_history_takes(polled: Program) -> None:
    """What stands under KEY is enough to find that one recommendation again."""
    lines = polled("list").out.splitlines()
    keys = [line.split()[0] for line in lines[1:-1]]
    assert keys == [
        "GAO-31-900001#1",
        "GAO-31-900002#1",
        "GAO-31-900003#1",
        "GAO-31-900009#2@bureau-of-harbor-lights",
        "GAO-31-900009#2@office-of-buoys",
    ]
    for key in keys:
        assert len({row["key"] for row in polled("history", key, "--json").rows}) == 1


def test_tables_fit_eighty_columns_without_trailing_spaces(polled: Program) -> None:
    """Where nobody says how wide the window is, 80 columns are enough."""
    for verb in ("list", "agencies", "changes", "status", "deliveries", "subscriptions"):
        for line in polled(verb).out.splitlines():
            assert len(line) <= 80 or str(polled.folder) in line, (verb, line)
            assert line == line.rstrip()


def test_a_key_without_a_report_number_leaves_room_for_what_it_names(program: Program) -> None:
    """Its short form is printed, too, and still finds the recommendation after the number is known."""
    page = rows(2, number="1", agency="Bureau of Harbor Lights and of Everything That Floats Beside Them")
    page = [page[0], page[1].but(number="2")]
    text = agency_text(page)
    assert program("poll", "--source", "lamps", "--from", "-", input=text).status == 0
    printed = program("list").out.splitlines()
    assert "Harbor" in printed[1]
    [short, other] = [line.split()[0] for line in printed[1:3]]
    assert "@" not in short
    [before] = program("history", short, "--json").rows
    assert program.poll(page, 1)["outcome"] == "baseline"
    [after] = program("history", short, "--json").rows
    assert before["key"].startswith("~")
    assert after["key"].startswith("GAO-")
    assert program("history", other, "--json").rows


def test_one_is_not_several(polled: Program) -> None:
    """The last line counts in words that fit."""
    assert polled("list", "--agency", "Office of Buoys").out.splitlines()[-1].startswith("1 recommendation;")
    assert polled("changes").out.splitlines()[-1].startswith("2 changes;")


def test_list_names_configuration_and_home(polled: Program) -> None:
    """So that nobody wonders which of two stores was asked."""
    last = polled("list").out.splitlines()[-1]
    assert str(polled.config) in last
    assert str(polled.home) in last


def test_list_as_json_is_extracts_object_and_more(polled: Program) -> None:
    """One object a line, nothing else on standard output."""
    first = polled("list", "--json").rows[0]
    assert first["key"] == "GAO-31-900001#1@bureau-of-harbor-lights"
    assert (first["number"], first["priority"], first["status"], first["narrative"]) == (
        "1",
        False,
        "open",
        LATER,
    )
    assert first["changed_at"] == "2026-01-02T17:00:00Z"


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--agency", "Office of Buoys"], 1),
        (["--agency", "office-of-buoys"], 1),
        (["--agency", "The Office of Buoys"], 1),
        (["--product", "gao-31-900009"], 2),
        (["--product", "https://www.gao.gov/products/gao-31-900009"], 2),
        (["--status", "open-partially-addressed"], 1),
        (["--status", "Open - Partially Addressed"], 1),
        (["--priority"], 2),
        (["--priority", "--product", "GAO-31-900009"], 1),
        (["--status", "closed-implemented"], 0),
    ],
)
def test_list_filters(options: list[str], count: int, polled: Program) -> None:
    """Filters are folded as everything that people write is, and combine."""
    answer = polled("list", "--json", *options)
    assert (answer.status, len(answer.rows)) == (0, count)


def test_an_agency_that_nobody_knows_is_answered_with_the_nearest(polled: Program) -> None:
    """A typing mistake does not look like an empty list."""
    answer = polled("list", "--agency", "Office of Boys")
    assert answer.status == 1
    assert "nearest: Office of Buoys" in answer.err


def test_no_cell_of_a_csv_is_a_formula(polled: Program) -> None:
    """A page's words that begin like a formula get an apostrophe; numbers stay numbers."""
    row = BEFORE[3].but(title="=HYPERLINK(1)", text="@SUM(A1)", narrative="-1 is what it said.")
    polled.poll([*AFTER[:3], row, AFTER[4], Row(number="7", text="+see", product="GAO-31-900010")], 3)
    found = list(csv.DictReader(io.StringIO(polled("list", "--csv").out)))
    assert len(found) == 6
    for cells in found:
        for cell in cells.values():
            assert not cell.startswith(("=", "+", "-", "@"))
    assert "'@SUM(A1) (Recommendation 2)" in [cells["text"] for cells in found]


def test_agencies_are_counted(polled: Program) -> None:
    """Open, partly addressed, priority, closed; the one with most open ones first."""
    assert polled("agencies", "--json").rows == [
        {"agency": "Bureau of Harbor Lights", "open": 4, "partial": 0, "priority": 2, "closed": 0},
        {"agency": "Office of Buoys", "open": 1, "partial": 1, "priority": 0, "closed": 0},
    ]


def test_changes_show_what_happened_and_how_to_see_more(polled: Program) -> None:
    """A line of meaning each, with the id that `show` takes."""
    answer = polled("changes")
    ids = [row["data"]["event_id"] for row in polled("changes", "--json").rows]
    assert len(ids) == 2
    assert all(event in answer.out for event in ids)
    assert polled("changes", "--csv").out.splitlines()[0].startswith("at,event_id,type,key")


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--signal", "priority_set"], 1),
        (["--signal", "closed"], 0),
        (["--product", "GAO-31-900001"], 1),
        (["--agency", "Office of Buoys"], 0),
        (["--since", "2026-01-02T16:00:00Z"], 2),
        (["--since", "2026-01-04"], 0),  # of local time, wherever that is
        (["--since", "1m"], 0),
        (["--since", "36500d"], 2),
    ],
)
def test_changes_filter(options: list[str], count: int, polled: Program) -> None:
    """By signal, report, agency and time, a length of time back from now included."""
    answer = polled("changes", "--json", *options)
    assert (answer.status, len(answer.rows)) == (0, count)


@pytest.mark.parametrize(
    "options", [["--since", "yesterday"], ["--signal", "deadline_move"], ["--product", "x"]]
)
def test_a_filter_that_cannot_be_read_is_wrong_usage(options: list[str], polled: Program) -> None:
    """Exit 2 and a word on what would be right."""
    assert polled("changes", *options).status == 2


def test_show_prints_one_event_in_full(polled: Program) -> None:
    """Words before and after, old and new marked, and its id may be shortened."""
    event = polled("changes", "--json").rows[0]
    name = event["data"]["event_id"]
    answer = polled("show", name[:12])
    assert "{+It" in answer.out
    assert name in answer.out
    assert BEFORE[0].title in answer.out
    assert polled("show", name, "--json").rows == [event]
    assert event["data"]["subscription"] is None
    runs = event["data"]["diff"]["narrative"]
    assert "".join(text for kind, text in runs if kind != "insert") == BEFORE[0].narrative
    assert "".join(text for kind, text in runs if kind != "delete") == LATER


def test_show_says_why(polled: Program) -> None:
    """Each candidate with what weighed for and against it, below the event itself."""
    name = polled("changes", "--json").rows[0]["data"]["event_id"]
    plain, answer = polled("show", name), polled("show", name, "--why")
    assert answer.out.startswith(plain.out.rstrip())
    assert re.search(r"not claimed .*needs [+-]\d", answer.out)
    assert re.search(r"^  [+-]\d+\.\d  \w", answer.out, re.MULTILINE)


def test_show_of_an_event_that_is_none(polled: Program) -> None:
    """Exit 1 and where to look."""
    answer = polled("show", "evt_nothing")
    assert (answer.status, answer.out) == (1, "")
    assert "recwatch changes" in answer.err


def test_history_has_every_revision_with_its_difference(polled: Program) -> None:
    """The first as it was, each further one against the one before."""
    one, two = polled("history", "GAO-31-900001#1", "--json").rows
    assert (one["revision"], one["diff"], one["narrative"]) == (1, [], BEFORE[0].narrative)
    assert (two["revision"], two["changed"], two["narrative"]) == (2, ["narrative"], LATER)
    assert "".join(text for kind, text in two["diff"] if kind != "insert") == one["narrative"]
    assert "{+It" in polled("history", "GAO-31-900001#1").out


@pytest.mark.parametrize(
    "key", ["GAO-31-900009", "gao-31-900009#2", "https://www.gao.gov/products/gao-31-900009"]
)
def test_several_matches_of_a_key_are_listed(key: str, polled: Program) -> None:
    """One is named by its key out of the list."""
    answer = polled("history", key)
    assert answer.status == 0
    assert "GAO-31-900009#2@office-of-buoys" in answer.out
    assert "GAO-31-900009#2@bureau-of-harbor-lights" in answer.out
    assert "2 recommendations match" in answer.err


@pytest.mark.parametrize(("key", "status"), [("GAO-31-999999", 1), ("what is this", 2)])
def test_a_key_that_is_none_or_unknown(key: str, status: int, polled: Program) -> None:
    """Unknown is exit 1, unreadable exit 2; both say what to write."""
    answer = polled("history", key)
    assert (answer.status, answer.out) == (status, "")
    assert "list" in answer.err


def test_match_says_who_hears_and_why_not_the_others(polled: Program) -> None:
    """Each subscription with its verdict, in words."""
    buoys = '[[subscriptions]]\nid = "buoys"\nchannel = "console"\n[subscriptions.match]\n'
    polled.config.write_text(f'{polled.config.read_text()}{buoys}agencies = ["Office of Buoys"]\n')
    event = polled("changes", "--json").rows[0]["data"]["event_id"]
    harbor, buoys = polled("match", event, "--json").rows
    assert (harbor["subscription"], harbor["matched"], harbor["reasons"]) == ("harbor", True, [])
    assert (buoys["subscription"], buoys["matched"]) == ("buoys", False)
    assert "Office of Buoys" in polled("match", event).out


def test_status_names_paths_sources_and_messages(polled: Program) -> None:
    """Where everything stands; as JSON, one object a line that says of what."""
    answer = polled("status")
    for words in (
        str(polled.config),
        str(polled.home),
        "lamps",
        "changed",
        "harbor",
        "queue server: not running",
    ):
        assert words in answer.out
    rows = polled("status", "--json").rows
    assert [row["what"] for row in rows] == ["paths", "source", "messages", "messages", "undelivered"]
    assert rows[1]["outcome"] == "changed"
    assert rows[1]["last_capture"] == "2026-01-02T17:00:00Z"


def test_every_known_status_has_a_word_for_tables() -> None:
    """A new status word would otherwise be shown as its code."""
    assert set(_STATES) == {str(status) for status in Status}


def test_nothing_out_of_a_page_moves_the_cursor(program: Program) -> None:
    """Control characters of a page are shown as blanks or not at all."""
    row = Row(title="Lamps \x1b[2Jgone", narrative="It said \x1b]0;title\x07 so.", text="See\x9b31m to it.")
    program.poll([row], 1)
    program.poll([row.but(narrative="It said \x1b[31mred.")], 2)
    event = program("changes", "--json").rows[0]["data"]["event_id"]
    for verb in (["list"], ["changes"], ["show", event], ["history", row.product], ["match", event]):
        out = program(*verb).out
        assert not {"\x1b", "\x07", "\x9b"} & set(out), verb
