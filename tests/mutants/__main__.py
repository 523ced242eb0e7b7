"""Runs the tests near the fold, the key, the gate and detection against every mutant of them.

`python -m tests.mutants [MODULE…] [--tools FOLDER] [--line N]…`: prints each survivor as it is found, then the
figures. Each mutant is a fork of one process that has everything but the project loaded; nothing on the disk changes.
"""

import argparse
import importlib.abc
import importlib.machinery
import os
import resource
import signal
import sys
import time
from collections import Counter
from difflib import unified_diff
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType

UNIT = {
    "monitor.record.folding": ["tests/monitor/record/test_folding.py", "tests/monitor/record/test_damage.py"],
    "monitor.record.damage": ["tests/monitor/record/test_damage.py", "tests/monitor/record/test_folding.py"],
    "monitor.identity": ["tests/monitor/test_identity.py"],
    "monitor.gate": ["tests/monitor/test_gate.py"],
    "monitor.detection": ["tests/monitor/test_detection.py"],
}
NEAR = ["tests/monitor/test_identity.py", "tests/monitor/intake"]
_OPTIONS = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore", "-k", "not postgresql"]
_SECONDS = 60  # a mutant that is not done by then goes round for ever
_MEMORY = 4 * 2**30
_BROKEN = 77  # the module cannot even be imported
_PASSED = (0, 5)  # all passed; there are none


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Gives a module from the source of a mutant instead of from its file."""

    def __init__(self, name: str, path: Path, source: str) -> None:
        self.name, self.path, self.source = name, path, source

    def find_spec(self, name: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        return spec_from_loader(name, self, origin=str(self.path)) if name == self.name else None

    def get_source(self, _: str) -> str:
        return self.source

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(self.path)
        exec(compile(self.source, str(self.path), "exec"), module.__dict__)


def _run(name: str, path: Path, source: str, tests: list[str]) -> str:
    """What came of a mutant under some tests: killed, endless, broken; empty where it passed them."""
    child = os.fork()
    if not child:
        try:
            os._exit(_child(name, path, source, tests))
        finally:
            os._exit(99)
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            return "" if code in _PASSED else "broken" if code == _BROKEN else "killed"
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "endless"


def _child(name: str, path: Path, source: str, tests: list[str]) -> int:
    import pytest

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    sys.meta_path.insert(0, _Mutated(name, path, source))
    try:
        importlib.import_module(name)
    except Exception:
        return _BROKEN
    return int(pytest.main([*_OPTIONS, *tests]))


def _warm_up(tests: list[str]) -> None:
    """Load what the tests use by running them once."""
    import hypothesis
    import pytest

    hypothesis.settings.register_profile("mutants", derandomize=True, database=None)
    hypothesis.settings.load_profile("mutants")
    if pytest.main([*_OPTIONS, *tests]) != 0:
        raise SystemExit("the tests fail without any mutant")


def _forget(name: str) -> None:
    """Unload a module and whatever imports it, however far off: they are to be loaded with the mutant."""
    import grimp

    graph = grimp.build_graph("monitor", "recwatch", "tests", "workers")
    forgotten: list[str] = []
    for one in {name, *graph.find_downstream_modules(name)} & set(sys.modules):
        if not one.startswith("tests.mutants"):
            package, _, last = one.rpartition(".")
            vars(sys.modules[package]).pop(last, None)  # or `from package import module` finds the old one
            forgotten.append(one)
    for one in forgotten:
        del sys.modules[one]


def _difference(before: str, after: str) -> str:
    lines = unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
    return "\n".join(line for line in lines if line[:2] not in ("--", "++", "@@"))


def _examine(name: str, only: set[int], *, near: bool) -> Counter:
    from tests.mutants.mutations import mutants

    path = Path(*name.split(".")).with_suffix(".py")
    source = path.read_text()
    units = [one for one in UNIT[name] if Path(one).exists()]
    stages = [["-m", "not hypothesis", *units], ["-m", "hypothesis", *units], *([NEAR] if near else [])]
    _forget(name)
    if any(_run(name, path, source, tests) for tests in stages):
        raise SystemExit(f"{name}: the tests fail without any mutant")
    counts: Counter = Counter()
    for mutant in mutants(source):
        if only and mutant.line not in only:
            continue
        outcome = next(filter(None, (_run(name, path, mutant.source, tests) for tests in stages)), "survived")
        counts[outcome] += 1
        if outcome == "survived":
            print(
                f"\n{path}:{mutant.line} {mutant.operator}\n{_difference(source, mutant.source)}", flush=True
            )
    return counts


def main() -> None:
    """Run all modules, or those named."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(UNIT))
    parser.add_argument("--tools", help="folder with mutmut and cosmic-ray, searched after all others")
    parser.add_argument("--line", type=int, action="append", default=[], help="only mutants of this line")
    parser.add_argument(
        "--near", action="store_true", help=f"survivors also have to pass {' and '.join(NEAR)}"
    )
    given = parser.parse_args()
    sys.path += [given.tools] if given.tools else []
    _warm_up([*NEAR] if given.near else [one for some in UNIT.values() for one in some if Path(one).exists()])
    for name in given.modules or UNIT:
        start = time.monotonic()
        counts = _examine(name, set(given.line), near=given.near)
        valid = counts.total() - counts["broken"]
        print(
            f"\n== {name}: {valid} mutants, {counts['killed']} killed, {counts['endless']} endless, "
            f"{counts['survived']} survived; {counts['broken']} did not import; {time.monotonic() - start:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
