"""The storm in little; `make chaos` is the storm in full."""

from pathlib import Path

import pytest

from tests.chaos.__main__ import table
from tests.chaos.run import SHORT, run

SIZE = 240
SEED = 20_300_401


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_is_lost_whatever_dies(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Promises 1, 2 and 8: all arrives, repeats only what is unknown, under the same id, and in order."""
    url = "" if database == "sqlite" else request.getfixturevalue("postgres_url")
    report = run(url, tmp_path / "home", SIZE, SEED, SHORT)
    print(table(report))
    assert not report.problems, f"{table(report)}\n{report.problems}"
    assert sum(report.kills.values()) >= 5
    assert report.flushes + report.server_kills >= 1
