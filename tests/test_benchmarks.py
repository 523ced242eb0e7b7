"""The benchmarks run, and what they measure watches without a mistake."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import growth
from monitor.record.store.schema import items, messages
from monitor.record.store.store import Store
from tests.workers.seeding import count

ROOT = Path(__file__).parents[1]


@pytest.mark.timeout(300)
def test_the_quick_form_finds_no_mistake() -> None:
    """Of pages that change nothing is missed, made up or told twice, neither by us nor by the floor."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "pages"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("0/0/0") == 6, ended.stdout


def test_what_growth_is_measured_on_fits_the_store(any_store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rows are written as text, past the schema: a column that was added is missed here."""
    for name, number in (("_RECOMMENDATIONS", 20), ("_OPEN", 8), ("_CHANGING", 2)):
        monkeypatch.setattr(growth, name, number)
    with any_store.write() as connection:
        growth.fill(connection, 3)
    assert count(any_store, messages) == count(any_store, items) > 20
