"""Runs the tests near the fold, the key, the gate and detection against every mutant of them.

`python -m tests.mutants [MODULE…] [--tools FOLDER] [--depth N] [--line N]…` prints survivors as they are
found, then the figures. A mutant is a fork of one process that has all but the module and its tests loaded;
the tests' functions are called one after the other without pytest's start. Nothing on the disk changes.
"""

import argparse
import importlib.abc
import importlib.machinery
import itertools
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from difflib import unified_diff
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import hypothesis
import pytest

UNIT = {
    "monitor.record.folding": (
        "tests.monitor.record.test_folding",
        "tests.monitor.record.test_boilerplate",
        "tests.monitor.record.test_keys",
        "tests.monitor.record.test_damage",
    ),
    "monitor.record.damage": ("tests.monitor.record.test_damage", "tests.monitor.record.test_folding"),
    "monitor.intake.decide.identity": ("tests.monitor.intake.decide.test_identity",),
    "monitor.intake.decide.gate": ("tests.monitor.intake.decide.test_gate",),
    "monitor.intake.decide.detection": ("tests.monitor.intake.decide.test_detection",),
}
NEAR = ("tests/monitor/intake", "tests/monitor/intake/decide/test_identity.py")
_SECONDS = 60  # of processor time: a mutant that is not done by then goes round for ever
_MEMORY = 4 * 2**30
_PASSED, _BROKEN, _KILLED = 0, 77, 1


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


def _calls(module: ModuleType, *, properties: bool) -> Iterator[Callable[[], None]]:
    """The tests of a module, each with each of its parameters: those of properties, or those of examples."""
    tests = [one for name, one in vars(module).items() if name.startswith("test_")]
    for test in tests:
        if hasattr(test, "hypothesis") is not properties:
            continue
        marks = [mark for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
        for chosen in itertools.product(*(_parameters(mark) for mark in marks)):
            given = {name: value for some in chosen for name, value in some.items()}
            yield lambda test=test, given=given: _call(test, given)  # type: ignore[misc]


def _parameters(mark: Any) -> list[dict[str, Any]]:
    names, values = mark.args
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",")]
        values = [(value,) for value in values] if len(names) == 1 else values
    return [dict(zip(names, value, strict=True)) for value in values]


def _call(test: Callable[..., None], given: dict[str, Any]) -> None:
    if "monkeypatch" not in test.__code__.co_varnames[: test.__code__.co_argcount]:
        test(**given)
        return
    with pytest.MonkeyPatch.context() as monkeypatch:
        test(**given, monkeypatch=monkeypatch)


def _unit(mutated: _Mutated, *, properties: bool = False) -> int:
    """Run the tests of a module against a mutant, up to the first that fails."""
    try:
        importlib.import_module(mutated.name)
    except Exception:  # noqa: BLE001 (a mutant may raise anything)
        return _BROKEN
    try:
        for name in _present(UNIT[mutated.name]):
            for call in _calls(importlib.import_module(name), properties=properties):
                call()
    except BaseException:  # noqa: BLE001
        return _KILLED
    return _PASSED


def _properties(mutated: _Mutated) -> int:
    """The slow ones, for what the examples let pass."""
    return _unit(mutated, properties=True)


def _near(_: _Mutated) -> int:
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-k", "not postgresql", *NEAR]))


def _run(mutated: _Mutated, tests: Callable[[_Mutated], int]) -> str:
    """What came of a mutant under some tests: killed, endless, broken; empty where it passed them."""
    child = os.fork()
    if not child:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        sys.meta_path.insert(0, mutated)
        try:
            os._exit(tests(mutated))
        finally:
            os._exit(_KILLED)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL):
        return "endless"
    return {_PASSED: "", _BROKEN: "broken"}.get(os.waitstatus_to_exitcode(status), "killed")


def _forget(name: str) -> None:
    """Unload a module and whatever imports it, however far off: they are to be loaded with the mutant."""
    import grimp

    graph = grimp.build_graph("monitor", "recwatch", "tests", "workers")
    gone = [one for one in {name, *graph.find_downstream_modules(name)} & set(sys.modules) if one != __name__]
    for one in gone:
        package, _, last = one.rpartition(".")
        vars(sys.modules[package]).pop(last, None)  # or `from package import module` finds the old one
    for one in gone:
        del sys.modules[one]


class _Examination:
    """All mutants of one module under its tests; `depth`: how many more stages survivors have to pass."""

    def __init__(self, name: str, only: set[int], depth: int) -> None:
        self.name, self.only = name, only
        self.path = Path(*name.split(".")).with_suffix(".py")
        self.source = self.path.read_text()
        self.stages: list[Callable[[_Mutated], int]] = [_unit, _properties, _near][: 1 + depth]

    def run(self) -> None:
        """Print each survivor, then the figures."""
        from tests.mutants.mutations import mutants

        for name in _present(UNIT[self.name]):
            importlib.import_module(name)
        _forget(self.name)
        if (outcome := self._judge(self.source)) != "survived":
            raise SystemExit(f"{self.name}: without any mutant it is {outcome}")
        start, counts = time.monotonic(), Counter[str]()
        for mutant in mutants(self.source):
            if self.only and mutant.line not in self.only:
                continue
            outcome = self._judge(mutant.source)
            counts[outcome] += 1
            if outcome == "survived":
                self._show(mutant)
        print(
            f"\n== {self.name}: {counts.total() - counts['broken']} mutants, {counts['killed']} killed, "
            f"{counts['endless']} endless, {counts['survived']} survived; {counts['broken']} did not import; "
            f"{time.monotonic() - start:.0f} s",
            flush=True,
        )

    def _judge(self, source: str) -> str:
        mutated = _Mutated(self.name, self.path, source)
        return next(filter(None, (_run(mutated, tests) for tests in self.stages)), "survived")

    def _show(self, mutant: Any) -> None:
        lines = unified_diff(self.source.splitlines(), mutant.source.splitlines(), n=0, lineterm="")
        changed = [line for line in lines if line[:2] not in ("--", "++", "@@")]
        print(f"\n{self.path}:{mutant.line} {mutant.operator}", *changed, sep="\n", flush=True)


def _present(names: tuple[str, ...]) -> list[str]:
    return [one for one in names if Path(*one.split(".")).with_suffix(".py").exists()]


def main() -> None:
    """Examine all modules, or those named."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help=", ".join(UNIT))
    parser.add_argument("--tools", help="folder with mutmut and cosmic-ray, searched after all others")
    parser.add_argument("--line", type=int, action="append", default=[], help="only mutants of this line")
    parser.add_argument(
        "--depth",
        type=int,
        choices=(0, 1, 2),
        default=1,
        help=f"what survivors have to pass: 0 no more; 1 tests of properties; 2 also {', '.join(NEAR)}",
    )
    given = parser.parse_args()
    sys.path += [given.tools] if given.tools else []
    hypothesis.settings.register_profile("mutants", derandomize=True, database=None)
    hypothesis.settings.load_profile("mutants")
    for name in given.modules or UNIT:
        _Examination(name, set(given.line), given.depth).run()


if __name__ == "__main__":
    main()
