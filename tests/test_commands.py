"""README, Makefile and CI name the same commands."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
COMMANDS = ("make up", "make test")


def test_readme_makefile_and_ci_name_the_same_two_commands() -> None:
    """What the README tells a stranger is what CI does, and the Makefile has it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(
        r"^(make [a-z]+)\b", "\n".join(re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)), re.MULTILINE
    )
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    run = re.findall(r"^(make [a-z]+)\b", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    assert tuple(shown) == COMMANDS
    assert set(COMMANDS) <= set(run)
    assert {command.split()[1] for command in run} <= set(targets)


def test_the_picture_in_the_readme_is_there() -> None:
    """It travels with the checkout."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", readme)
    assert pictures
    assert all((ROOT / picture).is_file() for picture in pictures)
