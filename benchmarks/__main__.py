"""Measures, and prints one table.

    python -m benchmarks [--quick] [--runs N] [--no-peers] [--only NAME]…

Exit status 1 where a bound is passed; --quick holds to those about mistakes and leaves others' programs out.
"""

import argparse
import importlib.util
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from benchmarks.frame import Bound, Options, Row, bounds, table
from benchmarks.processes import ROOT, compile_all

# Name → module and function. A module that is not there is passed over: each has its own author.
BENCHMARKS = {
    "pages": ("benchmarks.watching", "pages"),
    "export": ("benchmarks.watching", "export"),
    "delivery": ("benchmarks.delivery", "measure"),
    "describe": ("benchmarks.describe", "measure"),
}
_PACKAGES = ("monitor", "workers", "recwatch", "benchmarks")


def main() -> None:
    """Run what was asked for."""
    asked = _arguments()
    options = Options(asked.quick, asked.runs, not asked.no_peers)
    if not options.quick:
        compile_all(Path(sysconfig.get_path("purelib")), *(ROOT / name for name in _PACKAGES))
    rows: list[Row] = []
    held: list[Bound] = []
    said: list[str] = []
    for name in asked.only or BENCHMARKS:
        module, function = BENCHMARKS[name]
        if importlib.util.find_spec(module) is None:
            continue
        measure = getattr(import_module(module), function, None)
        if measure is None:
            said.append(_printed(module))
            continue
        for one in _told(measure(options)):
            (held if isinstance(one, Bound) else rows).append(one)  # type: ignore[attr-defined]
    print(table(rows))
    print()
    print(bounds(held))
    print("\n\n".join(["", *said]))
    sys.exit(1 if any(not one.kept for one in held) else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="the smallest sizes, once")
    parser.add_argument("--runs", type=int, default=3, help="the median of so many")
    parser.add_argument("--no-peers", action="store_true", help="without others' programs")
    parser.add_argument(
        "--only", action="append", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS)
    )
    return parser.parse_args()


def _told(found: Iterable[Row | Bound]) -> Iterator[Row | Bound]:
    """Say on standard error what is done, since the table comes at the end."""
    for one in found:
        if isinstance(one, Row):
            print(f"measured: {one.workload}, {one.subject}", file=sys.stderr)
        yield one


def _printed(module: str) -> str:
    """What a module that makes its own table prints."""
    ended = subprocess.run(
        [sys.executable, "-m", module], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return ended.stdout + ended.stderr


if __name__ == "__main__":
    main()
