"""The benchmarks run, and what they measure watches without a mistake."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.timeout(300)
def test_the_quick_form_finds_no_mistake() -> None:
    """Of pages that change nothing is missed, made up or told twice, neither by us nor by the floor."""
    command = [sys.executable, "-m", "benchmarks", "--quick", "--only", "pages"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("0/0/0") == 6, ended.stdout
