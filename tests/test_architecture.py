"""docs/architecture.md names files and functions that exist, and folders stay small."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
STEPS = re.findall(r"^\d+\. `([\w/]+\.py)` `(\w+)`:", TEXT, re.MULTILINE)
WALKS = TEXT.split("\n## ")[1:]
FOLDERS = sorted(
    {file.parent for top in ("monitor", "workers", "recwatch") for file in (ROOT / top).rglob("*.py")}
)
MODULES = 12


@pytest.mark.parametrize(("file", "name"), STEPS)
def test_a_step_of_a_walk_exists(file: str, name: str) -> None:
    """The file defines the function or class at its top level."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    assert name in {node.name for node in tree.body if isinstance(node, kinds)}


def test_other_files_that_the_page_names_exist() -> None:
    """So do folders, and files named within a step's own folder."""
    named = re.findall(r"`((?:monitor|workers|recwatch|tests)/[\w/]*(?:\.py)?)`", TEXT)
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_a_walk_has_at_most_twelve_steps() -> None:
    """Every numbered line is a step, and a newcomer can hold a walk in mind."""
    assert len(WALKS) == 2
    for walk in WALKS:
        steps = re.findall(r"^\d+\. ", walk, re.MULTILINE)
        assert 1 < len(steps) <= 12
    assert len(STEPS) == len(re.findall(r"^\d+\. ", TEXT, re.MULTILINE))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_folder_holds_at_most_a_dozen_modules(folder: Path) -> None:
    """A folder with more is two folders."""
    assert len([file for file in folder.glob("*.py") if file.name != "__init__.py"]) <= MODULES


def test_one_class_name_is_one_class() -> None:
    """A name that means two things in two rooms confuses whoever reads both."""
    seen: dict[str, list[str]] = {}
    for top in ("monitor", "workers", "recwatch"):
        for file in (ROOT / top).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and node.col_offset == 0:
                    seen.setdefault(node.name, []).append(str(file.relative_to(ROOT)))
    assert {name: files for name, files in seen.items() if len(files) > 1} == {}


def test_functions_are_short() -> None:
    """No function has more than 45 lines, but for migrations."""
    long = []
    for top in ("monitor", "workers", "recwatch"):
        for file in (ROOT / top).rglob("*.py"):
            if "migrations" in file.parts:
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    assert node.end_lineno is not None
                    lines = node.end_lineno - node.lineno + 1
                    if lines > 45:
                        long.append((str(file.relative_to(ROOT)), node.name, lines))
    assert long == []
