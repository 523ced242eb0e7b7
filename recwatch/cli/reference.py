"""The reference pages docs/cli.md and docs/configuration.md, made from the code; a test compares them.

`python -m recwatch.cli.reference` rewrites them.
"""

import re
from pathlib import Path

from recwatch.cli.app import VERBS, app
from recwatch.configuration import packaged

DOCS = Path(__file__).parents[2] / "docs"
_OPTION = re.compile(r"#?([a-z_]+) = (.*)")
_HEADER = re.compile(r"#?(\[\[?[a-z.]+\]\]?)")


def cli_page() -> str:
    """Every verb with its help."""
    from typer.testing import CliRunner

    def help_of(*verb: str) -> str:
        settings = {"COLUMNS": "80", "TERMINAL_WIDTH": "80"}
        out = CliRunner(env=settings).invoke(app, [*verb, "--help"], prog_name="recwatch").stdout
        return f"```\n{out.strip()}\n```\n"

    parts = ["# The command line\n", help_of()]
    for verb in VERBS:
        parts += [f"## {verb}\n", help_of(verb)]
        for below in _below(verb):
            parts += [f"### {verb} {below}\n", help_of(verb, below)]
    return "\n".join(parts)


def _below(verb: str) -> tuple[str, ...]:
    return {
        "subscriptions": ("list", "pause", "resume"),
        "quarantine": ("list", "show", "release", "discard"),
    }.get(verb, ())


def configuration_page() -> str:
    """Every option, with the explanation and the default that the packaged file gives."""
    parts = [
        "# The configuration\n",
        (
            "`recwatch init` writes this file; `recwatch check-config` says what is in effect, and "
            "`recwatch config-schema` prints a JSON Schema for editors.\n"
        ),
    ]
    comment: list[str] = []
    for line in packaged().read_text(encoding="utf-8").splitlines():
        if header := _HEADER.fullmatch(line):
            parts += [f"\n## `{header[1]}`\n", *_prose(comment)]
            comment = []
        elif option := _OPTION.fullmatch(line):
            parts.append(_item(option[1], option[2], comment))
            comment = []
        elif line.startswith("# ") and not line.startswith("# ----"):
            comment.append(line.removeprefix("# "))
        elif not line.strip() and comment:
            parts += [*_prose(comment)]
            comment = []
    return "\n".join(parts) + "\n"


def _prose(comment: list[str]) -> list[str]:
    return [" ".join(comment) + "\n"] if comment else []


def _item(key: str, value: str, comment: list[str]) -> str:
    text = f": {' '.join(comment)}" if comment else ""
    return f"- `{key} = {value}`{text}"


def reference_pages() -> dict[Path, str]:
    """The pages, by their files."""
    return {DOCS / "cli.md": cli_page(), DOCS / "configuration.md": configuration_page()}


if __name__ == "__main__":
    for path, text in reference_pages().items():
        path.write_text(text, encoding="utf-8")
