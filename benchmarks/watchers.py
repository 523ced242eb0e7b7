"""Those that watch: recwatch, the floor, and others' programs, each set to its best for these pages.

A watcher runs whole cycles over a workload and says what it reported. What it reports are targets: the page's
number, or a row of the export by `content.export_key`.
"""

import json
import re
import sqlite3
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks import content
from benchmarks.peers import Peer
from benchmarks.processes import ROOT, Usage, run
from benchmarks.sites import Site

Targets = Counter[str]


@dataclass(frozen=True)
class Work:
    """What is watched: so many agency pages, or the export with so many rows."""

    form: str  # pages or export
    size: int
    few: int  # how many change in a round

    def addresses(self, site: Site) -> list[str]:
        """What is asked for."""
        if self.form == "pages":
            return [site.url(f"/agencies/harbor-{page}") for page in range(self.size)]
        return [site.url("/open-recs2-csv?q=")]

    def changed(self, turn: int) -> set[str]:
        """What a round changed."""
        if self.form == "pages":
            return {str(page) for page in content.changed_pages(self.few, self.size, turn)} if turn else set()
        return {content.export_key(row) for row in content.changed_rows(self.few, self.size, turn)}


@dataclass(frozen=True)
class Cycle:
    """One cycle: what it cost, inside and in all, and what it reported."""

    usage: Usage
    inside: float | None
    reported: Targets


class Watcher(Protocol):
    """One that watches one workload from a folder of its own."""

    name: str

    def cycle(self) -> Cycle:
        """Read everything once."""


class Recwatch:
    """`recwatch poll --once`: stores what changed; delivering it is another workload's matter."""

    name = "recwatch"

    def __init__(self, work: Work, site: Site, folder: Path) -> None:
        self._folder, self._spent = folder, folder / "spent"
        self._last = 0
        form = "gao-agency" if work.form == "pages" else "gao-csv"
        lines = ['[http]\ncontact = "bench@example.org"\nmin_interval = "0s"\nallow_private_networks = true']
        lines.append('max_bytes = "100MB"\n')
        for number, address in enumerate(work.addresses(site)):
            lines.append(f'[[sources]]\nid = "s{number}"\nformat = "{form}"\nurl = "{address}"\n')
        lines.append('[[subscriptions]]\nid = "console"\nchannel = "console"\n')
        (folder / "recwatch.toml").write_text("\n".join(lines))
        self._of_pages = work.form == "pages"

    def cycle(self) -> Cycle:
        """One `poll --once`."""
        home = ["--config", str(self._folder / "recwatch.toml"), "--home", str(self._folder / "var")]
        command = [
            sys.executable,
            "-m",
            "benchmarks.ours",
            str(self._spent),
            *home,
            "poll",
            "--once",
            "--json",
        ]
        usage = run(command)
        if usage.status:
            raise RuntimeError(f"recwatch failed: {usage.out[-2000:]}")
        return Cycle(usage, float(self._spent.read_text()), self._events())

    def _events(self) -> Targets:
        store = sqlite3.connect(self._folder / "var" / "recwatch.sqlite3")
        query = "select rowid, source_id, subject from events where rowid > ? order by rowid"
        rows = store.execute(query, (self._last,)).fetchall()
        store.close()
        self._last = rows[-1][0] if rows else self._last
        subjects = [(source, json.loads(subject)) for _, source, subject in rows]
        if self._of_pages:
            return Counter(source[1:] for source, _ in subjects)
        return Counter(f"{one['product']}#{one['number']}" for _, one in subjects)


class Floor:
    """The least that it can cost (benchmarks/floor.py)."""

    name = "floor"

    def __init__(self, work: Work, site: Site, folder: Path) -> None:
        self._work, self._site, self._folder = work, site, folder

    def cycle(self) -> Cycle:
        """One run of it."""
        before = len(self._site.told())
        command = [sys.executable, "-m", "benchmarks.floor", self._work.form, str(self._folder / "seen.db")]
        usage = run([*command, self._site.url("/sink")], stdin="\n".join(self._work.addresses(self._site)))
        if usage.status:
            raise RuntimeError(f"the floor failed: {usage.out[-2000:]}")
        told = [json.loads(one)["key"] for one in self._site.told()[before:]]
        if self._work.form == "pages":
            found = (re.search(r" (\d{4})-\d\d:", key) for key in told)
            reported = Counter(str(int(one[1])) for one in found if one)
        else:
            reported = Counter(key.partition("@")[0] for key in told)
        return Cycle(usage, float(usage.out.split()[-1]), reported)


class _Lister:
    """urlwatch and its descendant: a list of jobs in YAML, a report on standard output."""

    name = ""

    def __init__(self, work: Work, site: Site, folder: Path, peer: Peer) -> None:
        self._work, self._folder, self._peer = work, folder, peer
        jobs = []
        for number, address in enumerate(work.addresses(site)):
            what = ["  - css: table.views-view-table", "  - html2text: re"] if work.form == "pages" else []
            what = what or ["  - grepi: status as of"]
            jobs.append("\n".join([f"name: s{number}", f"url: {address}", "filter:", *what]))
        (folder / "jobs.yaml").write_text("\n---\n".join(jobs) + "\n")

    def _command(self) -> list[str]:
        raise NotImplementedError

    def cycle(self) -> Cycle:
        """One run over all jobs."""
        usage = run(self._command())
        if re.search(r"^\d+\. ERROR|^ERROR:", usage.out, re.MULTILINE) or usage.status:
            raise RuntimeError(f"{self.name} failed: {usage.out[-2000:]}")
        return Cycle(usage, None, self._reported(usage.out))

    def _reported(self, out: str) -> Targets:
        if self._work.form == "pages":
            # The table of contents has each once more, with its number.
            return Counter(set(re.findall(r"^(?:\d+\. )?CHANGED: s(\d+)", out, re.MULTILINE)))
        found = re.findall(r"^\+.*\blot R\d+-(\d{5}) was delivered", out, re.MULTILINE)
        return Counter(content.export_key(int(row)) for row in found)


class Urlwatch(_Lister):
    """urlwatch: the tables alone, their markup taken off."""

    name = "urlwatch"

    def _command(self) -> list[str]:
        files = [f"--{name}={self._folder / file}" for name, file in _FILES]
        return [self._peer.program("urlwatch"), *files]


class Webchanges(_Lister):
    """webchanges: the same jobs."""

    name = "webchanges"

    def _command(self) -> list[str]:
        folder = self._folder
        files = [f"--jobs={folder / 'jobs.yaml'}", f"--config={folder / 'config.yaml'}"]
        return [self._peer.program("webchanges"), *files, f"--database={folder / 'cache.db'}"]


_FILES = (("urls", "jobs.yaml"), ("config", "config.yaml"), ("cache", "cache.db"))


class Changedetection:
    """changedetection.io in its batch mode: looks at everything once and ends."""

    name = "changedetection.io"

    def __init__(self, work: Work, site: Site, folder: Path, peer: Peer) -> None:
        self._work, self._site, self._folder, self._peer = work, site, folder, peer
        self._lines: dict[str, int] = {}
        self._fresh = True

    def cycle(self) -> Cycle:
        """One batch."""
        # Without the first, it refuses to watch loopback; the second is a call home.
        env = {"ALLOW_IANA_RESTRICTED_ADDRESSES": "true", "DISABLE_VERSION_CHECK": "true"}
        command = [
            self._peer.program("changedetection.io"),
            "-h",
            "127.0.0.1",
            "-p",
            str(self._site.spare_port()),
        ]
        command += ["-l", "CRITICAL", "-b", "-d", str(self._folder)]
        usage = run([*command, *(self._added() if self._fresh else ["-r", "all"])], env=env)
        self._fresh = False
        return Cycle(usage, None, self._reported())

    def _added(self) -> list[str]:
        filters = '{"include_filters": ["table.views-view-table"]}'
        if self._work.form == "export":
            filters = '{"ignore_text": ["/status as of/"]}'
        added = ["-C"]
        for number, address in enumerate(self._work.addresses(self._site)):
            added += ["-u", address, f"-u{number}", filters]
        return added

    def _reported(self) -> Targets:
        found: Targets = Counter()
        for watch in self._folder.glob("*/watch.json"):
            url = json.loads(watch.read_text())["url"]
            history = watch.with_name("history.txt")
            lines = len(history.read_text().splitlines()) if history.exists() else 0
            new = lines - self._lines.get(url, lines)
            self._lines[url] = lines
            if new and self._work.form == "pages":
                found[url.rpartition("-")[2]] += new
            elif new:
                found["the whole export"] += new
        if len(self._lines) != len(self._work.addresses(self._site)):
            raise RuntimeError(f"it looked at {len(self._lines)} addresses only")
        return found


__all__ = [
    "ROOT",
    "Changedetection",
    "Cycle",
    "Floor",
    "Recwatch",
    "Urlwatch",
    "Watcher",
    "Webchanges",
    "Work",
]
