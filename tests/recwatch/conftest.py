"""What the tests of the command line share: a place of their own, and the program run inside it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recwatch.cli.app import app
from tests.fakes.pages import Row, export, rows

ROOT = Path(__file__).parents[2]

# No site: everything comes out of the drop folder. Nobody outside hears of it.
CONFIGURATION = """\
[http]
contact = "tests@example.org"

[[sources]]
id = "lamps"
format = "gao-csv"
path = "drop/"

[[subscriptions]]
id = "harbor"
channel = "console"
[subscriptions.match]
agencies = ["Bureau of Harbor Lights"]
"""


@dataclass(frozen=True)
class Answer:
    """What one run of the program came to."""

    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON Lines; nothing else may stand there."""
        return [json.loads(line) for line in self.out.splitlines()]


class Program:
    """`recwatch`, run in this process, in a folder with a configuration and a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "recwatch.toml"
        self.home = folder / "var"
        self.drop = folder / "drop"
        self.drop.mkdir()
        self.config.write_text(CONFIGURATION)

    def __call__(self, *arguments: str, input: bytes | None = None) -> Answer:
        result = CliRunner().invoke(app, list(arguments), prog_name="recwatch", input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    def apart(self, *arguments: str) -> Answer:
        """The same in a process of its own: what its children write to standard output is seen, too."""
        done = subprocess.run(
            [sys.executable, "-m", "recwatch", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def poll(self, page: Iterable[Row], day: int) -> dict[str, Any]:
        """Take an export of that day in January 2026 in; the source's line of `poll --json`."""
        body = export(page, datetime(2026, 1, day, 17, 0, tzinfo=UTC))
        return self("poll", "--source", "lamps", "--from", "-", "--json", input=body).rows[0]


BEFORE = [
    *(row.but(product=f"GAO-31-90000{n}") for n, row in enumerate(rows(3), start=1)),
    Row(number="2", product="GAO-31-900009", priority=True, title="Harbor Lights: =cmd|' /C calc'!A0"),
    Row(number="2", product="GAO-31-900009", agency="Office of Buoys", status="Open--Partially Addressed"),
]
LATER = "The Bureau agreed and said in March 2030 that pier 1 is being looked at. It ordered lamps."
AFTER = [BEFORE[0].but(narrative=LATER), BEFORE[1].but(priority=True), *BEFORE[2:]]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program in an empty folder, which is the working directory."""
    for name in ("RECWATCH_CONFIG", "RECWATCH_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Program(tmp_path)


@pytest.fixture(scope="session")
def polled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after two captures, the second of which brought two changes; to be copied."""
    folder = tmp_path_factory.mktemp("polled")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        program = Program(folder)
        assert program.poll(BEFORE, 1)["outcome"] == "baseline"
        assert program.poll(AFTER, 2)["updated"] == 2
    return program.home


@pytest.fixture
def polled(program: Program, polled_home: Path) -> Program:
    """The program after two captures: the second brought two changes."""
    shutil.copytree(polled_home, program.home)
    return program
