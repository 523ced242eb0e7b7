"""What the tests of the command line share: a place of their own, and the program run inside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from recwatch.cli import app

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


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The program in an empty folder, which is the working directory."""
    for name in ("RECWATCH_CONFIG", "RECWATCH_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Program(tmp_path)
