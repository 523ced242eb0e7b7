"""The table of kill points and what it speaks of say the same."""

import ast
import re
from pathlib import Path

import pytest

from tests.crash import INVARIANTS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def named_in(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {f"{file.name}::{each.name}" for each in tree.body if isinstance(each, ast.FunctionDef)}


def test_all_nine_are_there_each_killed_on_both_sides() -> None:
    """A test that is renamed or deleted takes its line out of the table with it."""
    assert list(INVARIANTS) == list(range(1, 10))
    there = {test for file in HERE.glob("test_*.py") for test in named_in(file)}
    for invariant in INVARIANTS.values():
        assert invariant.before
        assert invariant.after
        assert {*invariant.before, *invariant.after} <= there


def test_each_kill_point_is_in_the_table() -> None:
    """Invariants that a test's own sentence names are those that the table has it under."""
    tree = ast.parse((HERE / "test_kill_points.py").read_text(encoding="utf-8"))
    for function in tree.body:
        if not isinstance(function, ast.FunctionDef) or not function.name.startswith("test_"):
            continue
        for number in re.findall(r"Invariant (\d)", ast.get_docstring(function) or ""):
            invariant = INVARIANTS[int(number)]
            assert f"test_kill_points.py::{function.name}" in (*invariant.before, *invariant.after)


@pytest.mark.parametrize("number", INVARIANTS)
def test_the_product_says_it_beside_the_line(number: int) -> None:
    """Each invariant stands in one sentence where it is upheld."""
    text = (ROOT / INVARIANTS[number].says).read_text(encoding="utf-8")
    assert re.search(rf"[Ii]nvariant {number}\b", text)
