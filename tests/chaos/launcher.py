"""Runs the verbs as processes, starts each again when it dies, and kills what it is told to kill.

A process of its own: it imports everything once and forks, so that a start costs no second of imports.
It is spoken to in JSON lines: {"kill": NAME, "below": N} kills what is N generations below a verb's
process and answers how many that were; {"stop": true} stops everything in order. It and everything
below it end when its standard input does.
"""

import json
import os
import select
import signal
import sys
import time
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from monitor.record.process.lifeline import die_with

_LOADED = (
    "recwatch.verbs.run.poll",
    "recwatch.verbs.run.dispatch",
    "recwatch.verbs.run.work",
    "recwatch.runtime.polling",
)
_CHANNELS = ("slack", "email", "webhook", "console")
_PATIENCE = 30.0  # seconds for the whole to stop in order
_GLANCE = 0.5  # seconds that a process is waited for that is to be killed
_AGAIN = 0.05  # seconds before a verb that died is started again


class Launcher:
    """The verbs by name, each with its arguments, and their processes."""

    def __init__(self, verbs: dict[str, list[str]], logs: Path) -> None:
        self._verbs, self._logs = verbs, logs
        self._running: dict[str, int] = {}
        self._due: dict[str, float] = dict.fromkeys(verbs, 0.0)
        self.ended: list[tuple[str, int]] = []  # those that were not killed

    def start(self) -> None:
        """Start what is due to be started."""
        for name, at in list(self._due.items()):
            if at <= time.monotonic():
                del self._due[name]
                self._running[name] = self._fork(name)

    def reap(self) -> None:
        """Take note of what ended; all but a kill is remarkable."""
        for name, pid in list(self._running.items()):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                del self._running[name]
                self._due[name] = time.monotonic() + _AGAIN
                if (code := os.waitstatus_to_exitcode(status)) != -signal.SIGKILL:
                    self.ended.append((name, code))

    def kill(self, name: str, below: int) -> int:
        """Kill what is `below` generations under a verb's process (0: itself); how many that were.

        What is not there is waited for a little: a job's process lives for moments.
        """
        deadline = time.monotonic() + _GLANCE
        while not (pids := self._below(name, below)) and time.monotonic() < deadline:
            time.sleep(0.001)
        return sum(_kill(pid) for pid in pids)

    def _below(self, name: str, generations: int) -> list[int]:
        pids = [self._running[name]] if name in self._running else []
        for _ in range(generations):
            pids = [child for pid in pids for child in _children(pid)]
        return pids

    def stop(self) -> bool:
        """Ask all to stop, one after another as a person would; whether all did in time."""
        deadline = time.monotonic() + _PATIENCE
        for pid in self._running.values():
            os.kill(pid, signal.SIGTERM)
        while self._running and time.monotonic() < deadline:
            self.reap()
            time.sleep(0.02)
        for pid in self._running.values():
            os.kill(pid, signal.SIGKILL)
        return not self._running

    def _fork(self, name: str) -> int:
        parent = os.getpid()
        if pid := os.fork():
            return pid
        try:
            os.setpgid(0, 0)
            die_with(parent)
            _redirect(self._logs / f"{name.replace(' ', '-')}.log")
            sys.argv = ["recwatch", *self._verbs[name]]
            _run()
        finally:
            os._exit(1)


def _run() -> None:
    from recwatch.__main__ import main

    try:
        main()
    except SystemExit as end:
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 1)


def _redirect(log: Path) -> None:
    nothing, out = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for source, target in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(source, target)


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _shorten(seconds: float) -> None:
    """The poller's leases are no settings; here they are as short as those of deliveries."""
    from monitor import publishing
    from monitor.poller import leases

    leases.LEASE = publishing.LEASE = timedelta(seconds=seconds)
    leases._RENEWED = seconds / 3


def main(task: str) -> None:
    """Serve until told to stop. `task`: JSON of `verbs`, `logs` and `lease` (seconds)."""
    wanted: dict[str, Any] = json.loads(task)
    for name in (*_LOADED, *(f"workers.channels.{channel}.transport" for channel in _CHANNELS)):
        import_module(name)
    _shorten(wanted["lease"])
    launcher = Launcher(wanted["verbs"], Path(wanted["logs"]))
    while True:
        launcher.reap()
        launcher.start()
        if not select.select([sys.stdin], [], [], 0.02)[0]:
            continue
        order = json.loads(sys.stdin.readline() or "null")
        if order is None:
            return  # whoever started us is gone, and everything below us goes with us
        if "stop" in order:
            print(json.dumps({"stopped": launcher.stop(), "ended": launcher.ended}), flush=True)
            return
        print(launcher.kill(order["kill"], order["below"]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
