"""The home and all below it are the owner's alone; signing secrets cannot be guessed."""

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.fakes.pages import export
from tests.recwatch.conftest import BEFORE, Program


@pytest.fixture(autouse=True)
def _ordinary_umask() -> Iterator[None]:
    """As in a login shell: others may read what is made."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def readable_by_others(folder: Path) -> list[str]:
    """What others than the owner can do something with."""
    return [
        str(path)
        for path in (folder, *folder.rglob("*"))
        if path.lstat().st_mode & 0o077 and not path.is_symlink()
    ]


@pytest.mark.parametrize(
    "verb",
    [
        "poll --once",
        "once",
        "doctor",
        "import saved.csv --source lamps",
        "test-notify harbor",
        "work --burst",
    ],
)
def test_whichever_verb_makes_the_home_only_its_owner_reads_it(verb: str, program: Program) -> None:
    """The store, its log, the queue's files, locks: narratives and addresses stand in them."""
    (program.folder / "saved.csv").write_bytes(export(BEFORE, datetime(2026, 1, 2, tzinfo=UTC)))
    program.apart(*verb.split())
    assert program.home.exists()
    assert readable_by_others(program.home) == []


def test_doctor_warns_of_a_home_that_others_read(program: Program) -> None:
    """One that was made by hand, or by an earlier version."""
    program.home.mkdir(mode=0o755)
    home = next(row for row in program("doctor", "--json").rows if row["what"] == "home")
    assert home["advice"] == f"chmod -R go= {program.home}"


def test_a_new_signing_secret_has_32_random_bytes(program: Program) -> None:
    """Another each time, and one that the configuration takes."""
    first, second = program("secret").out.strip(), program("secret").out.strip()
    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32
    program.config.write_text(
        f'[[subscriptions]]\nid = "x"\nchannel = "webhook"\nurl = "https://e.org"\nsecret = "{first}"\n'
    )
    assert program("check-config", "--quiet").status == 0


def test_a_short_signing_secret_is_refused(program: Program) -> None:
    """Under 24 bytes it can be guessed; the message says what to do."""
    short = "whsec_" + base64.b64encode(b"x" * 23).decode()
    program.config.write_text(
        f'[[subscriptions]]\nid = "x"\nchannel = "webhook"\nurl = "https://e.org"\nsecret = "{short}"\n'
    )
    answer = program("check-config")
    assert answer.status == 2
    assert "23 bytes" in answer.err
    assert "recwatch secret" in answer.err


def test_a_link_out_of_the_drop_folder_is_not_followed(program: Program) -> None:
    """It would read, and send on, what only we may read; one within the folder is a file of it."""
    outside = program.folder / "outside.csv"
    outside.write_bytes(export(BEFORE))
    os.utime(outside, (1, 1))
    (program.drop / "link.csv").symlink_to(outside)
    assert program("poll", "--once", "--json").rows[0]["seen"] == 0
    (program.drop / "inside").mkdir()
    outside.rename(program.drop / "inside" / "file.csv")
    (program.drop / "good.csv").symlink_to(program.drop / "inside" / "file.csv")
    assert program("poll", "--once", "--json").rows[0]["seen"] == 5
