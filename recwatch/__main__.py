"""`recwatch` and `python -m recwatch`."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path


def main() -> None:
    """Run the command line; ends the process with the verb's status."""
    _open_what_was_closed()
    _write_whatever_comes()
    from recwatch.cli.app import app

    app(prog_name="recwatch")


def _open_what_was_closed() -> None:
    """Have a stream that we were started without go nowhere: else the next file opened would stand for it."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "w" if number else "r"  # its number: the lowest that is free
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as we run


def _write_whatever_comes() -> None:
    """Have a letter that the reader's alphabet lacks be a question mark, not the end of the answer."""
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="replace")


if __name__ == "__main__":
    main()
