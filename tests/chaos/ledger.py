"""The receivers' ledger, and the verdict on it: what was lost, what came twice and why, what out of order.

A repeat is allowed where the sender could not know what came of the attempt before it:

| class    | the attempt before                                                                       |
|----------|------------------------------------------------------------------------------------------|
| unknown  | was accepted, and the answer never came: reset, or no answer in time                     |
| killed   | was answered, and its sender was killed before the store had it: the store says that its |
|          | lease lapsed, a process of the channel was killed in between, and none came too late     |
| slow     | was answered, and too late: the sender had waited for as long as a request may take      |
| late     | was answered, and its sender came too late to the store: its lease had lapsed            |
| known    | none of these: a defect                                                                  |
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.chaos.script import Told

ACCEPTED = frozenset(("ok", "accepts and resets", "accepts and hangs"))
LATE = 5.0  # seconds after its sender's end that an arrival is noted: on a busy machine it waits in a socket


@dataclass(frozen=True)
class Arrival:
    """One attempt as a receiver saw it; `told` is None for what holds no single change (a summary)."""

    at: float
    channel: str
    id: str
    answer: str
    told: Told | None = None

    @property
    def accepted(self) -> bool:
        return self.answer in ACCEPTED


@dataclass(frozen=True)
class Kill:
    """A process that was killed: `what` as the table names it, `channel` whose worker it was, if any."""

    at: float
    what: str
    channel: str = ""


class Ledger:
    """Arrivals in the order in which they were noted; receivers write from many threads."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self._lock = threading.Lock()

    def note(self, arrival: Arrival) -> None:
        with self._lock:
            self.arrivals.append(arrival)


@dataclass(frozen=True)
class Known:
    """What the senders' side knows: lapses and waits in vain by message id, and whose results came too late.

    A wait in vain stands in the store with when it ended; only those as long as a request may take are given.
    """

    lapses: Mapping[str, Sequence[float]] = field(default_factory=dict)
    in_vain: Mapping[str, Sequence[float]] = field(default_factory=dict)
    late: Collection[str] = ()


@dataclass
class Verdict:
    """What is wrong (all lists are empty where nothing is), and what is merely counted."""

    lost: list[Told] = field(default_factory=list)
    strange: list[Arrival] = field(default_factory=list)
    other_ids: list[tuple[Told, tuple[str, ...]]] = field(default_factory=list)
    known_repeats: list[tuple[Arrival, Arrival]] = field(default_factory=list)
    out_of_order: list[tuple[Arrival, Arrival]] = field(default_factory=list)
    accepted: int = 0
    repeats: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """Repeats among what was accepted."""
        return sum(self.repeats.values()) / max(self.accepted, 1)

    def problems(self, arrivals: Sequence[Arrival], most: int = 5) -> str:
        """Everything that is wrong, with the ledger's rows about it; empty where nothing is."""
        found = [f"LOST {told}" for told in self.lost[:most]]
        found += [f"NOBODY ASKED FOR {arrival}" for arrival in self.strange[:most]]
        for told, ids in self.other_ids[:most]:
            found += [f"UNDER {len(ids)} IDS {told}", *_rows(arrivals, lambda each, t=told: each.told == t)]
        wrong = {"KNOWN, AND SENT AGAIN": self.known_repeats, "OUT OF ORDER": self.out_of_order}
        for kind, pairs in wrong.items():
            for before, after in pairs[:most]:
                ids = (before.id, after.id)
                found += [kind, *_rows(arrivals, lambda each, ids=ids: each.id in ids)]
        counts = {name: len(getattr(self, name)) for name in _DEFECTS if getattr(self, name)}
        return "\n".join([str(counts), *found]) if found else ""


_DEFECTS = ("lost", "strange", "other_ids", "known_repeats", "out_of_order")


def _rows(arrivals: Iterable[Arrival], wanted: Callable[[Arrival], bool]) -> list[str]:
    return [f"    {arrival}" for arrival in arrivals if wanted(arrival)]


def judge(
    arrivals: Sequence[Arrival], expected: Collection[Told], kills: Sequence[Kill], known: Known
) -> Verdict:
    """Hold the ledger against what had to arrive."""
    verdict = Verdict(accepted=sum(arrival.accepted for arrival in arrivals))
    came = [arrival for arrival in arrivals if arrival.accepted and arrival.told]
    verdict.lost = sorted(set(expected) - {arrival.told for arrival in came if arrival.told})
    verdict.strange = [arrival for arrival in came if arrival.told not in expected]
    verdict.other_ids = _under_other_ids(came)
    verdict.out_of_order = _out_of_order(came)
    for earlier, later in _pairs(arrivals):
        kind = _why_again(earlier, later, kills, known)
        verdict.repeats[kind] += later.accepted
        if kind == "known":
            verdict.known_repeats.append((earlier, later))
    return verdict


def _under_other_ids(came: Iterable[Arrival]) -> list[tuple[Told, tuple[str, ...]]]:
    ids: dict[Told, set[str]] = defaultdict(set)
    for arrival in came:
        if arrival.told:
            ids[arrival.told].add(arrival.id)
    return [(told, tuple(sorted(each))) for told, each in sorted(ids.items()) if len(each) > 1]


def _out_of_order(came: Iterable[Arrival]) -> list[tuple[Arrival, Arrival]]:
    """First arrivals whose line had a later revision already."""
    seen: set[Told] = set()
    newest: dict[tuple[str, str, int], Arrival] = {}
    wrong = []
    for arrival in came:
        told = arrival.told
        if told is None or told in seen:
            continue
        seen.add(told)
        line = (told.subscription, told.recipient, told.pier)
        last = newest.get(line)
        if last and last.told and last.told.revision > told.revision:
            wrong.append((last, arrival))
        else:
            newest[line] = arrival
    return wrong


def _pairs(arrivals: Iterable[Arrival]) -> list[tuple[Arrival, Arrival]]:
    """Each attempt, accepted or not, with the last accepted one before it under its id."""
    last: dict[str, Arrival] = {}
    pairs = []
    for arrival in arrivals:
        if arrival.id in last:
            pairs.append((last[arrival.id], arrival))
        if arrival.accepted:
            last[arrival.id] = arrival
    return pairs


def _why_again(earlier: Arrival, later: Arrival, kills: Iterable[Kill], known: Known) -> str:
    if earlier.answer != "ok":
        return "unknown"
    if _between(earlier, later, known.in_vain):
        return "slow"
    lapsed = _between(earlier, later, known.lapses)
    if lapsed and earlier.id in known.late:
        return "late"
    killed = any(
        each.channel == earlier.channel and earlier.at - LATE <= each.at <= later.at for each in kills
    )
    return "killed" if lapsed and killed else "known"


def _between(earlier: Arrival, later: Arrival, times: Mapping[str, Sequence[float]]) -> bool:
    return any(earlier.at - LATE <= at <= later.at for at in times.get(earlier.id, ()))
