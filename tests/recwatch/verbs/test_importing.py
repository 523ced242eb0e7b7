"""`recwatch import`: history from saved pages, oldest first, told to nobody."""

import pytest

from tests.recwatch.conftest import AFTER, BEFORE, LATER, Program
from tests.recwatch.verbs.test_doing import dated


def test_import_backfills_oldest_first_and_tells_nobody(program: Program) -> None:
    """Whatever the order of the files; the first poll afterwards reports what changed since."""
    (program.folder / "b.csv").write_bytes(dated(AFTER, 2))
    (program.folder / "a.csv").write_bytes(dated(BEFORE, 1))
    answer = program("import", "b.csv", "a.csv", "--source", "lamps", "--json")
    assert answer.status == 0
    assert [(row["file"], row["outcome"]) for row in answer.rows] == [
        ("a.csv", "baseline"),
        ("b.csv", "changed"),
    ]
    assert program("work", "--burst").status == 0
    assert program("deliveries", "--json").rows == []
    assert [row["narrative"] for row in program("history", "GAO-31-900001", "--json").rows] == [
        BEFORE[0].narrative,
        LATER,
    ]
    assert program.poll([AFTER[0].but(narrative="Done."), *AFTER[1:]], 3)["updated"] == 1


def test_import_of_an_older_capture_than_what_is_known_is_refused(polled: Program) -> None:
    """Taken in now, it would turn what is known back, and the next poll would report it as news."""
    (polled.folder / "a.csv").write_bytes(dated(BEFORE, 1))
    answer = polled("import", "a.csv", "--source", "lamps")
    assert answer.status == 1
    assert "history is imported before the first poll" in answer.err
    assert len(polled("history", "GAO-31-900001", "--json").rows) == 2


def test_import_takes_the_time_it_is_given(program: Program) -> None:
    """For a capture without a stamp; one time fits one file."""
    (program.folder / "a.csv").write_bytes(dated(BEFORE, 1))
    assert program("import", "a.csv", "a.csv", "--source", "lamps", "--captured-at", "2020-01-01").status == 2
    assert (
        program("import", "a.csv", "--source", "lamps", "--captured-at", "2020-01-01T00:00:00Z").status == 0
    )
    assert program("history", "GAO-31-900001", "--json").rows[0]["observed_at"] == "2020-01-01T00:00:00Z"
    east = "2020-02-01T00:30:00+02:00"
    [line] = program("import", "a.csv", "--source", "lamps", "--captured-at", east, "--json").rows
    assert line["captured_at"] == "2020-01-31T22:30:00Z"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["nowhere.csv", "--source", "lamps"], 1),
        (["bad.csv", "--source", "lamps"], 3),
        (["good.csv", "--source", "nobody"], 2),
        (["good.csv", "--source", "lamps", "--captured-at", "2999-01-01"], 1),
    ],
)
def test_import_stops_before_anything_is_stored(arguments: list[str], status: int, program: Program) -> None:
    """A missing file, a file that is no page, an unknown source, the future."""
    (program.folder / "bad.csv").write_bytes(b"nothing of the kind")
    (program.folder / "good.csv").write_bytes(dated(BEFORE, 1))
    assert program("import", *arguments).status == status
    assert not program.home.exists() or program("list", "--json").rows == []
