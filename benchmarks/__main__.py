"""Measures, and prints one table.

    python -m benchmarks [--quick] [--runs N] [--no-peers] [--only NAME]…

Exit status 1 where a bound is passed; --quick holds to those about mistakes and leaves others' programs out.
"""

import argparse
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from benchmarks.frame import Bound, Options, Row, bounds, table
from benchmarks.processes import ROOT, compile_all

# Name → module and function. A module without the function is run as a program, with a table of its own.
BENCHMARKS = {
    "pages": ("benchmarks.watching", "pages"),
    "export": ("benchmarks.watching", "export"),
    "latency": ("benchmarks.latency", "measure"),
    "fanout": ("benchmarks.fanout", "measure"),
    "delivery": ("benchmarks.delivery", "measure"),
    "growth": ("benchmarks.growth", "measure"),
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
    missed = False
    for name in asked.only or BENCHMARKS:
        module, function = BENCHMARKS[name]
        measure = getattr(import_module(module), function, None)
        if measure is None:
            printed, kept = _printed(module)
            said.append(printed)
            missed = missed or not kept
            continue
        for one in _told(measure(options)):
            (held if isinstance(one, Bound) else rows).append(one)  # type: ignore[attr-defined]
    print(table(rows))
    print()
    print(bounds(held))
    print("\n\n".join(["", *said]))
    sys.exit(1 if missed or any(not one.kept for one in held) else 0)


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


def _printed(module: str) -> tuple[str, bool]:
    """What a module that makes its own table prints, and whether its bounds are kept."""
    ended = subprocess.run(
        [sys.executable, "-m", module], cwd=ROOT, capture_output=True, text=True, check=False
    )
    print(f"measured: {module}", file=sys.stderr)
    return ended.stdout + ended.stderr, ended.returncode == 0


if __name__ == "__main__":
    main()
