"""Others' programs, each in an environment of its own below `.bench/`, made on first use."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import ROOT, compile_all

_FOLDER = ROOT / ".bench"
# The versions that were measured; a newer one is a deliberate step.
VERSIONS = {"urlwatch": "2.29", "webchanges": "3.37.0", "changedetection.io": "0.60.10"}


class Missing(Exception):
    """The program could not be installed here; the message says why."""


@dataclass(frozen=True)
class Peer:
    """An installed program."""

    name: str
    environment: Path

    @property
    def version(self) -> str:
        """Which one."""
        return VERSIONS[self.name]

    def program(self, name: str) -> str:
        """The path of one of its commands."""
        return str(self.environment / "bin" / name)


def installed(name: str) -> Peer:
    """The program, installed if need be. Missing: it cannot be."""
    environment = _FOLDER / f"{name}-{VERSIONS[name]}"
    done = environment / ".installed"
    if not done.exists():
        shutil.rmtree(environment, ignore_errors=True)
        for command in _commands(name, environment):
            ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
            if ended.returncode:
                raise Missing(f"{name} could not be installed: {ended.stderr.strip().splitlines()[-1:]}")
        compile_all(environment / "lib")
        done.touch()
    return Peer(name, environment)


def _commands(name: str, environment: Path) -> list[list[str]]:
    wanted = f"{name}=={VERSIONS[name]}"
    python = str(environment / "bin" / "python")
    if uv := shutil.which("uv"):
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(environment)]
        return [make, [uv, "pip", "install", "--quiet", "--python", python, wanted]]
    return [
        [sys.executable, "-m", "venv", str(environment)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted],
    ]
