"""`recwatch` and `python -m recwatch`."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path


def main() -> None:
    """Run the command line; exits with the verb's status."""
    _open_closed_streams()
    _replace_unencodable()
    from recwatch.cli.app import app

    app(prog_name="recwatch")


def _open_closed_streams() -> None:
    """Open missing standard streams on the null device: else the next file opened would take their number."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "w" if number else "r"  # takes the lowest free number, which is its own
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as we run


def _replace_unencodable() -> None:
    """Print a question mark for a character that the output's encoding lacks, instead of failing."""
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
