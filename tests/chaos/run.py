"""One run: the page changes, everything is killed at random, the weather clears, the ledger is judged."""

import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from monitor.record.store.schema import attempts, events, messages, notices, outbox, readings
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.chaos import system as systems
from tests.chaos.ends import Ends, Weather
from tests.chaos.ledger import Known, Ledger, Verdict, judge
from tests.chaos.script import CHANNELS, Script, write
from tests.chaos.system import QUEUES, System

_NEARLY = 0.8  # of everything accepted: then, with nobody killed any more, the weather clears
_ENOUGH = 0.97  # of everything accepted: then the storm ends
_LAPSED = "the sender ended before it could say what came of it"
_LATE = re.compile(r"the lease had lapsed before the result came.*message_id=(\w+)")


@dataclass(frozen=True)
class Pace:
    """How hard a run is, in seconds: between two blows, between two rounds of the page, of a lease; how long
    the storm goes on at most once all rounds were shown, and how long nothing may arrive before it is over.
    """

    blows: tuple[float, float]
    rounds: float
    lease: int
    storm: float
    drain: float


FULL = Pace(blows=(0.6, 1.8), rounds=12.0, lease=8, storm=200, drain=60)
SHORT = Pace(blows=(0.2, 0.6), rounds=0.3, lease=4, storm=3, drain=60)


@dataclass
class Report:
    """What a run came to."""

    database: str
    seed: int
    verdict: Verdict
    messages: dict[str, int]
    states: dict[str, int]
    kills: Counter[str]
    flushes: int
    server_kills: int
    answers: Counter[str]
    seconds: float
    problems: str = ""
    ended: Counter[str] = field(default_factory=Counter)


def run(database: str, home: Path, size: int, seed: int, pace: Pace) -> Report:
    """Run against a database (empty: SQLite below the home), about `size` messages."""
    script, ledger, weather = write(size, seed), Ledger(), Weather(seed)
    ends = Ends(script, ledger, weather)
    began = time.monotonic()
    with (
        ends.open(),
        systems.running(home, script, ends, database, pace.lease) as system,
        open_store(database or f"sqlite:///{home / 'recwatch.sqlite3'}") as store,
    ):
        storm = Storm(script, ledger, ends, system, store, pace, weather)
        storm.rage()
        drained = storm.drain()
        stopped = system.stop()
        report = _report(storm, store, time.monotonic() - began)
    report.problems += "" if drained else "\nIT DID NOT DRAIN"
    report.problems += "" if stopped else "\nSOMETHING DID NOT STOP"
    return report


_Blow = str | tuple[str, str]
_ONCE = ("poller", "dispatcher", "flush", "queue server")
_STRUCK = [(what, queue) for what in ("worker", "job") for queue in QUEUES]
_BLOWS: dict[_Blow, int] = dict(zip(_ONCE, (2, 3, 1, 1), strict=True)) | dict.fromkeys(_STRUCK, 2)


class Storm:
    """Changes the page and strikes, until everything has changed and nearly everything has arrived."""

    def __init__(
        self,
        script: Script,
        ledger: Ledger,
        ends: Ends,
        system: System,
        store: Store,
        pace: Pace,
        weather: Weather,
    ) -> None:
        self.script, self.ledger, self.ends, self.system, self.store = script, ledger, ends, system, store
        self.pace, self.weather = pace, weather
        self.expected = script.expected()
        self._draw = random.Random(script.seed + 1)
        # However short the storm, it strikes once at everything.
        self._deck: list[_Blow] = [*_ONCE, *self._draw.sample(_STRUCK, 4)]
        self._draw.shuffle(self._deck)
        self._struck_once = False
        self._round = 0
        self._shown_at = 0.0

    def rage(self) -> None:
        """Strike until the page has gone through all its rounds and nearly everything has arrived."""
        self._until(self._read, 60, "the first page was not read")
        while not self._over():
            self._turn_page()
            self._strike()
            time.sleep(self._draw.uniform(*self.pace.blows))

    def drain(self) -> bool:
        """With the storm over: whether everything is worked off, as long as something still arrives."""
        seen, deadline = -1, 0.0
        while not (self._round == len(self.script.rounds) - 1 and self._read() and self._settled()):
            self._turn_page()
            self.weather.calm = self.weather.calm or self._share() >= _NEARLY
            if len(self.ledger.arrivals) != seen:
                seen, deadline = len(self.ledger.arrivals), time.monotonic() + self.pace.drain
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def _over(self) -> bool:
        if self._round < len(self.script.rounds) - 1 or (self._deck and not self._struck_once):
            return False
        if time.monotonic() > self._shown_at + self.pace.storm:
            return True
        return self._share() >= _ENOUGH

    def _share(self) -> float:
        """How much of what is expected has arrived."""
        came = {arrival.told for arrival in self.ledger.arrivals if arrival.accepted}
        return len(came & self.expected) / len(self.expected)

    def _turn_page(self) -> None:
        """Show the next round once this one is in the store: what nobody has read is no promise yet."""
        last = self._round == len(self.script.rounds) - 1
        if last or time.monotonic() < self._shown_at + self.pace.rounds or not self._read():
            return
        self._round += 1
        self._shown_at = time.monotonic()
        self.ends.page = self.script.page(self._round)

    def _read(self) -> bool:
        """Whether the round that is shown was taken in."""
        with self.store.read() as connection:
            if not self._round:
                return bool(connection.scalar(select(func.count()).select_from(readings)))
            found = connection.scalar(select(func.count()).select_from(events))
            return found == self.script.events_until(self._round)

    def _settled(self) -> bool:
        waiting = select(func.count()).where(messages.c.state == "waiting")
        undone = select(func.count()).where(outbox.c.published_at.is_(None))
        untold = select(func.count()).where(notices.c.published_at.is_(None))
        with self.store.read() as connection:
            return not any(connection.scalar(query) for query in (waiting, undone, untold))

    def _until(self, condition: Callable[[], bool], seconds: float, words: str) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, words
            time.sleep(0.05)

    def _strike(self) -> None:
        draw = self._draw
        if not self._deck:  # from then on each blow falls as often as its weight says, in some order
            self._struck_once = True
            self._deck = [blow for blow, times in _BLOWS.items() for _ in range(times)]
            draw.shuffle(self._deck)
        blow = self._deck.pop()
        if not self._fall(blow) and not self._struck_once:
            self._deck.insert(0, blow)  # what it was meant for was just being started

    def _fall(self, blow: _Blow) -> bool:
        """Strike at one thing; False where it was not there."""
        match blow:
            case "poller":
                self._await_read()
                return self.system.kill("poller", "poll")
            case "dispatcher":
                return self.system.kill("dispatcher", f"dispatch {self._draw.choice((1, 2))}")
            case "flush":
                return self.system.flush()
            case "queue server":
                return self.system.kill_server()
            case "job", queue if self.system.kill(f"job {queue}", f"work {queue}", 2):
                return True
            case "job", queue:  # it has ended, and there may be no other: in the first round its worker falls
                return self._struck_once or self.system.kill(f"worker {queue}", f"work {queue}")
            case "worker", queue:
                # The verb's process with all below it, or the worker alone, which its parent starts again.
                return self.system.kill(f"worker {queue}", f"work {queue}", self._draw.choice((0, 1)))
        raise AssertionError(blow)

    def _await_read(self) -> None:
        """Mostly, strike the poller while it works on a page that it has just been given."""
        before, deadline = self.ends.reads, time.monotonic() + 1.5
        if self._draw.random() < 0.7:
            while self.ends.reads == before and time.monotonic() < deadline:
                time.sleep(0.002)
            time.sleep(self._draw.uniform(0, 0.15))


def _report(storm: Storm, store: Store, seconds: float) -> Report:
    system, ledger = storm.system, storm.ledger
    known = _known(system, store, storm.pace.lease)
    verdict = judge(ledger.arrivals, storm.expected, system.kills, known)
    with store.read() as connection:
        by_state = select(messages.c.state, func.count()).group_by(messages.c.state)
        states = {row[0]: row[1] for row in connection.execute(by_state)}
    report = Report(
        "SQLite" if store.is_sqlite else "PostgreSQL",
        storm.script.seed,
        verdict,
        {channel: len({a.id for a in ledger.arrivals if a.channel == channel}) for channel in CHANNELS},
        states,
        Counter(each.what for each in system.kills),
        system.flushes,
        system.server_kills,
        storm.weather.answers,
        seconds,
        verdict.problems(ledger.arrivals),
        Counter(f"{name}: {code}" for name, code in system.ended),
    )
    for earlier, later in verdict.known_repeats[:5]:
        near = [
            each for each in system.kills if each.channel == earlier.channel and -30 < each.at - later.at < 0
        ]
        report.problems += f"\n{earlier.id}: {near}, lapses {known.lapses.get(earlier.id)}"
    if set(states) - {"sent"}:
        report.problems += f"\nNOT ALL WERE SENT {states}"
    return report


def _known(system: System, store: Store, lease: int) -> Known:
    lapses: dict[str, list[float]] = defaultdict(list)
    in_vain: dict[str, list[float]] = defaultdict(list)
    with store.read() as connection:
        query = select(attempts).where(attempts.c.outcome == "unknown")
        for row in connection.execute(query):
            if row.detail == _LAPSED:
                lapses[row.message_id].append(row.at.timestamp())
            elif row.seconds >= lease / 2:  # a request is given up after half the lease
                in_vain[row.message_id].append(row.at.timestamp())
    late = {found[1] for line in system.logs() if (found := _LATE.search(line))}
    return Known(lapses, in_vain, late)
