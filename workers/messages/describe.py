"""Works out an event's difference and significance: once, stored, never computed again.

An event that cannot be described goes out all the same, as substantive and without signals.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection, bindparam, select

from monitor.record.batches import batched
from monitor.record.store import queries
from monitor.record.store.schema import descriptions
from monitor.record.values import Event
from workers.meaning.difference import describe as difference_of
from workers.meaning.significance import assess
from workers.values import DescribedEvent, Difference, Level, Run, Signal, Significance

log = structlog.get_logger(__name__)

_SOME = select(descriptions).where(descriptions.c.event_id.in_(bindparam("ids", expanding=True)))


def describe_event(event: Event, history: Sequence[str] = ()) -> DescribedEvent:
    """Work out an event's difference and meaning. `history`: its earlier narratives, oldest first."""
    difference = difference_of(event)
    return DescribedEvent(event, difference, assess(event, history))


def describe_plainly(event: Event) -> DescribedEvent:
    """Describe an event whose meaning could not be worked out: old text, new text, substantive."""
    runs: list[Run] = []
    if event.old and event.new:
        old, new = event.old.narrative, event.new.narrative
        runs = [("equal", old)] if old == new else [("delete", old), ("insert", new)]
    return DescribedEvent(
        event, Difference(tuple(run for run in runs if run[1])), Significance(Level.SUBSTANTIVE)
    )


def describe_each(
    connection: Connection, events: Iterable[Event]
) -> tuple[list[DescribedEvent], list[Event]]:
    """Describe events, and name those that could not be. What is stored already is taken from there."""
    events = list(events)
    known = stored(connection, [event.id for event in events])
    described: list[DescribedEvent] = []
    failed: list[Event] = []
    for event in events:
        if event.id in known:
            described.append(DescribedEvent(event, *known[event.id]))
            continue
        # Before the attempt: a store that goes away here says nothing against the event.
        history = queries.narratives_before(connection, event.recommendation_id, event.revision)
        try:
            described.append(describe_event(event, history))
        except Exception:  # one event that cannot be described must not hold up the others
            log.exception("an event could not be described", event_id=event.id)
            failed.append(event)
    return described, failed


def stored(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[Difference, Significance]]:
    """The stored descriptions of events, by event id; an event that matched nobody may have none."""
    found: dict[str, tuple[Difference, Significance]] = {}
    for batch in batched(ids):
        for row in connection.execute(_SOME, {"ids": batch}).mappings():
            found[row["event_id"]] = decode(dict(row))
    return found


def described_events(connection: Connection, events: Iterable[Event]) -> tuple[DescribedEvent, ...]:
    """Events with their stored meaning, in the order given; worked out here where nothing is stored."""
    events = list(events)
    described, failed = describe_each(connection, events)
    by_id = {each.event.id: each for each in (*described, *map(describe_plainly, failed))}
    return tuple(by_id[event.id] for event in events)


def encode(described: DescribedEvent) -> dict[str, Any]:
    """A row of `descriptions`."""
    return {
        "event_id": described.event.id,
        "diff": {
            "narrative": [list(run) for run in described.difference.narrative],
            "record": dict(described.difference.record),
        },
        "level": str(described.significance.level),
        "signals": [_encode_signal(signal) for signal in described.significance.signals],
    }


def _encode_signal(signal: Signal) -> dict[str, Any]:
    names = ("kind", "text", "old", "new", "slips")
    return {name: getattr(signal, name) for name in names}


def decode(row: Mapping[str, Any]) -> tuple[Difference, Significance]:
    """What a row of `descriptions` says."""
    runs = tuple((operation, text) for operation, text in row["diff"]["narrative"])
    signals = tuple(Signal(**signal) for signal in row["signals"])
    return Difference(runs, row["diff"]["record"]), Significance(Level(row["level"]), signals)
