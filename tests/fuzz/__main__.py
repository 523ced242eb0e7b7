"""Fuzzes one target after the other: `python -m tests.fuzz [TARGET…] [--runs N] [--tools FOLDER]`.

With atheris in FOLDER coverage leads the way; without it bodies are mutated blindly. An input that raises,
takes more than a second of processor time or lets memory grow out of proportion is written below --found, and
the exit status is 1.
"""

import argparse
import hashlib
import os
import random
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

_SECOND = 1.0  # of processor time: the machine's load does not count
_LONGEST = (
    20_000  # bytes: speed of execution counts here; tests/monitor/formats/test_fuzz.py has the large ones
)
_MEMORY = 4 * 2**30
_GROWTH = 96 * 2**10  # kB that one input may add to the process's peak
_PROMISED = 500 * 2**10  # kB that reading a page may take (promise 10)
_SETTLED = 2_000  # executions after which the peak is that of what is loaded


def _used() -> float:
    """Seconds of processor time of this process and of those that it started to read with (limited.py)."""
    child = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + child.ru_utime + child.ru_stime


class Examiner:
    """Runs one target and keeps what it must not have done."""

    def __init__(self, name: str, run: Callable[[bytes], bool], found: Path) -> None:
        self.name, self.run, self.found = name, run, found
        self.executions = self.read = self.findings = 0
        self.slowest = 0.0
        self.peak = 0
        self.start = time.monotonic()

    def examine(self, body: bytes) -> None:
        """One execution."""
        start = _used()
        try:
            self.read += self.run(body)
        except Exception as error:  # noqa: BLE001 (whatever leaves is what is looked for)
            self._keep(body, f"{type(error).__name__}: {error}")
        taken = _used() - start
        self.slowest = max(self.slowest, taken)
        if taken > _SECOND:
            self._keep(body, f"took {taken:.1f} s")
        self.executions += 1
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        if child > _PROMISED:
            self._keep(body, f"a child had {child // 1024} MB")
        if self.executions > _SETTLED and peak - self.peak > _GROWTH:
            self._keep(body, f"grew by {(peak - self.peak) // 1024} MB")
        self.peak = peak

    def _keep(self, body: bytes, why: str) -> None:
        self.findings += 1
        path = self.found / f"{self.name}-{hashlib.sha256(body).hexdigest()[:12]}"
        path.write_bytes(body)
        print(f"{self.name}: {why[:300]}: {path}", flush=True)

    def report(self) -> None:
        """The figures of the run."""
        seconds = time.monotonic() - self.start
        print(
            f"== {self.name}: {self.executions:,} executions in {seconds:.0f} s, {self.read:,} of them read, "
            f"the rest refused; slowest {self.slowest * 1000:.0f} ms, peak {self.peak // 1024} MB, "
            f"{self.findings} findings",
            flush=True,
        )


def _blindly(examiner: Examiner, bodies: list[bytes], runs: int, seed: int) -> None:
    """Mutate without looking at coverage; what was read joins the bodies now and then: changes add up."""
    from tests.fuzz.mutation import mutated

    dice = random.Random(seed)
    pool = list(bodies)
    for body in bodies:
        examiner.examine(body)
    while examiner.executions < runs:
        shorter = min(dice.choice(pool), dice.choice(pool), key=len)  # more executions a second
        body = mutated(shorter, pool, dice, _LONGEST)
        before = examiner.read
        examiner.examine(body)
        if examiner.read > before and dice.random() < 0.02:
            pool[len(bodies) :] = [*pool[len(bodies) :], body][-200:]


def _by_coverage(examiner: Examiner, bodies: list[bytes], runs: int, seed: int, corpus: Path) -> None:
    import atheris

    from tests.fuzz.mutation import mutated

    corpus.mkdir(parents=True, exist_ok=True)
    for body in bodies:
        if len(body) <= _LONGEST * 5:
            (corpus / hashlib.sha256(body).hexdigest()[:16]).write_bytes(body)

    def change(body: bytes, longest: int, chance: int) -> bytes:
        dice = random.Random(chance)
        if dice.random() < 0.3:
            return bytes(atheris.Mutate(body, longest))
        return mutated(bytes(body), bodies, dice, longest)

    options = [
        f"-runs={runs}",
        f"-seed={seed}",
        f"-max_len={_LONGEST * 5}",
        "-timeout=60",
        "-rss_limit_mb=4096",
    ]

    def examine(body: bytes) -> None:
        examiner.examine(body)
        if examiner.executions == runs:  # atheris ends the process by itself
            examiner.report()

    atheris.Setup(
        [examiner.name, *options, "-print_final_stats=0", "-verbosity=0", str(corpus)],
        examine,
        custom_mutator=change,
    )
    atheris.Fuzz()


def _fuzz(name: str, given: argparse.Namespace) -> bool:
    """One target in a process of its own; whether it was free of findings."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    given.found.mkdir(parents=True, exist_ok=True)
    guided = False
    if given.tools:
        sys.path.append(given.tools)
        try:
            import atheris

            guided = True
        except ImportError:
            print("atheris is not to be had here: bodies are mutated blindly")
    if guided:
        with atheris.instrument_imports(include=["monitor"]):
            from tests.fuzz.targets import TARGETS
    else:
        from tests.fuzz.targets import TARGETS
    target = TARGETS[name]
    examiner = Examiner(name, target.run, given.found)
    if guided:
        _by_coverage(examiner, target.seeds(), given.runs, given.seed, given.found / "corpus" / name)
    else:
        _blindly(examiner, target.seeds(), given.runs, given.seed)
        examiner.report()
    os._exit(1 if examiner.findings else 0)


def main() -> None:
    """Fuzz all targets, or those named."""
    names = ("gao-csv", "gao-product", "gao-agency", "gao-text", "recognised", "saved", "phones", "folding")
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(names))
    parser.add_argument("--runs", type=int, default=100_000, help="executions a target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tools", help="folder with atheris, searched after all others")
    parser.add_argument("--found", type=Path, default=Path("var/fuzz"), help="where findings go")
    given = parser.parse_args()
    failed = [name for name in given.targets or names if not _fuzz(name, given)]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
