"""`recwatch` and `python -m recwatch`."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Run the command line; ends the process with the verb's status."""
    _open_what_was_closed()
    from recwatch.cli import app

    app(prog_name="recwatch")


def _open_what_was_closed() -> None:
    """Have a stream that we were started without go nowhere: else the next file opened would stand for it."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "w" if number else "r"  # its number: the lowest that is free
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - as long as we run


if __name__ == "__main__":
    main()
