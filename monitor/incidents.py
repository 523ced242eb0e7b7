"""When operators hear about a source: once an incident, and once when it is well again.

They hear of a source that cannot be read at its second failure in a row; of a capture that was held back at
once, and daily for as long as anything is held; of silence when it outlasts the source's patience. The state
is a few columns of `sources`, written in the transaction of the reading itself, so that a kill neither loses
nor repeats a notice.
"""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from monitor.record.durations import format_duration
from monitor.record.ids import new_id
from monitor.record.masking import masked, masked_url
from monitor.record.settings import Source
from monitor.record.store.schema import captures, meta, notices, sources
from monitor.record.store.store import upsert
from monitor.record.values import Notice, NoticeType, Outcome

NOTIFIED_AT = 2  # failures in a row
STALE_COPIES = 3  # in a row, then the source is failing
REMINDER = timedelta(days=1)
_LATE = timedelta(hours=1)  # a poll may wait for its host's pace

WELL = frozenset({Outcome.BASELINE, Outcome.UNCHANGED, Outcome.CHANGED})


@dataclass(frozen=True, slots=True)
class SourceOutcome:
    """How reading a source ended, in a word and in a message.

    `saved_copy`: the page is a file that somebody saved for a source that also fetches; it says nothing about
    whether the site can be reached, so it neither ends nor prolongs the incident of a site that refuses.
    """

    source_id: str
    outcome: str
    message: str
    now: datetime
    saved_copy: bool = False


def record(connection: Connection, ended: SourceOutcome) -> tuple[Notice, ...]:
    """Write how a reading ended into the source's row; returns the notices that operators get of it."""
    row = _row(connection, ended.source_id)
    if ended.outcome in WELL:
        changes, made = _well(row, ended)
        changes["stale_copies"] = 0
    elif ended.saved_copy and ended.outcome != Outcome.QUARANTINED:
        changes, made = {}, []
    else:
        changes, made = _trouble(row, ended)
    _update(
        connection, ended.source_id, {**changes, "outcome": ended.outcome, "message": masked(ended.message)}
    )
    return _keep(connection, made)


def record_stale_copy(
    connection: Connection, source_id: str, message: str, now: datetime
) -> tuple[Outcome, tuple[Notice, ...]]:
    """Count a copy older than the last believed one: nothing, but the third in a row is a failure."""
    copies = _row(connection, source_id)["stale_copies"] + 1
    _update(connection, source_id, {"stale_copies": copies})
    if copies < STALE_COPIES:
        _update(connection, source_id, {"outcome": Outcome.UNCHANGED, "message": message})
        return Outcome.UNCHANGED, ()
    return Outcome.FAILING, record(connection, SourceOutcome(source_id, Outcome.FAILING, message, now))


def check_stale(connection: Connection, source: Source, now: datetime) -> tuple[Notice, ...]:
    """Notify once that a source brought no capture for longer than its patience, and when it does again."""
    row = _row(connection, source.id)
    watched_since = _watched_since(connection, source.id, now)
    since = max(row["last_captured_at"] or watched_since, watched_since)
    silent = now - since > source.patience
    if silent and row["stale_told_at"] is None and _was_read_lately(row, source, now):
        _update(connection, source.id, {"stale_told_at": now})
        silence = SourceOutcome(source.id, "stale", _stale_message(source, row["last_captured_at"]), now)
        return _keep(connection, [_notice(NoticeType.STALE, silence, since)])
    if not silent and row["stale_told_at"] is not None:
        _update(connection, source.id, {"stale_told_at": None})
        last = row["last_captured_at"] or since
        message = f"{source.id} has a new capture, of {last:%Y-%m-%d %H:%M} UTC."
        recovered = SourceOutcome(source.id, row["outcome"] or "", message, now)
        return _keep(connection, [_notice(NoticeType.RECOVERED, recovered, since)])
    return ()


def remind_held(connection: Connection, source_id: str, now: datetime) -> tuple[Notice, ...]:
    """Remind daily, for as long as a capture of this source is held back."""
    row = _row(connection, source_id)
    # A time in the future was written by a clock that ran ahead: the reminder would wait for years.
    if row["told_at"] is None or timedelta(0) <= now - row["told_at"] < REMINDER:
        return ()
    query = select(func.count(), func.min(captures.c.recorded_at), func.max(captures.c.reason))
    count, since, reason = connection.execute(
        query.where(captures.c.source_id == source_id, captures.c.held)
    ).one()
    if not count:
        return ()
    _update(connection, source_id, {"told_at": now})
    what = "1 capture is" if count == 1 else f"{count} captures are"
    message = f"{what} still held back ({reason}). See: recwatch quarantine list"
    held = SourceOutcome(source_id, Outcome.QUARANTINED, message, now)
    return _keep(connection, [_notice(NoticeType.QUARANTINED, held, since)])


def record_lookup(connection: Connection, ended: SourceOutcome) -> tuple[Notice, ...]:
    """Write how a round of look-ups on reports' pages ended: an incident of its own.

    The source itself may be read without trouble meanwhile, and its success must not hide that nobody can say
    what became of the recommendations that left.
    """
    key = f"lookups:{ended.source_id}"
    state = _LookupTrouble.read(connection, key)
    if ended.outcome in WELL:
        connection.execute(meta.delete().where(meta.c.key == key))
        if not state or not state.notified:
            return ()
        recovered = replace(ended, message="Reports' pages can be read again.")
        return _keep(connection, [_notice(NoticeType.RECOVERED, recovered, state.since)])
    state = state or _LookupTrouble(0, ended.now, notified=False)
    notify = not state.notified and state.failures + 1 >= NOTIFIED_AT
    _LookupTrouble(state.failures + 1, state.since, state.notified or notify).write(connection, key)
    return _keep(connection, [_notice(_type_of(ended.outcome), ended, state.since)] if notify else [])


@dataclass(frozen=True)
class _LookupTrouble:
    failures: int
    since: datetime
    notified: bool

    @staticmethod
    def read(connection: Connection, key: str) -> "_LookupTrouble | None":
        text = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
        if text is None:
            return None
        value = json.loads(text)
        return _LookupTrouble(value["failures"], datetime.fromisoformat(value["since"]), value["told"])

    def write(self, connection: Connection, key: str) -> None:
        value = json.dumps(
            {"failures": self.failures, "since": self.since.isoformat(), "told": self.notified}
        )
        insert = upsert(connection)(meta).values(key=key, value=value)
        connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_={"value": value}))


Changes = dict[str, Any]


def _well(row: Changes, ended: SourceOutcome) -> tuple[Changes, list[Notice]]:
    if ended.saved_copy and _is_of_site(row):
        return {}, []
    # told_at is left: the daily reminder of what is held counts from it.
    changes: Changes = {"failures": 0, "troubled_since": None, "told": None}
    if row["told"] is None:
        return changes, []
    changes["stale_told_at"] = None  # one notice ends both
    since = row["troubled_since"] or ended.now
    message = f"{ended.source_id} is well again, after {_length(ended.now - since)}."
    recovered = replace(ended, outcome=row["outcome"] or "", message=message)
    return changes, [_notice(NoticeType.RECOVERED, recovered, since)]


def _trouble(row: Changes, ended: SourceOutcome) -> tuple[Changes, list[Notice]]:
    failures, since = row["failures"] + 1, row["troubled_since"] or ended.now
    changes: Changes = {"failures": failures, "troubled_since": since}
    kind = _type_of(ended.outcome)
    # What is held back asks for a decision: operators hear of it though they know that the site is silent.
    first = row["told"] is None or (kind is NoticeType.QUARANTINED and row["told"] != kind)
    if not first or (kind is not NoticeType.QUARANTINED and failures < NOTIFIED_AT):
        return changes, []
    return {**changes, "told": kind, "told_at": ended.now}, [_notice(kind, ended, since)]


def _is_of_site(row: Changes) -> bool:
    """Whether the open incident is of a site that cannot be read, and not of a capture."""
    return bool(row["failures"]) and row["told"] != NoticeType.QUARANTINED


def _type_of(outcome: str) -> NoticeType:
    if outcome == Outcome.BLOCKED:
        return NoticeType.BLOCKED
    return NoticeType.QUARANTINED if outcome == Outcome.QUARANTINED else NoticeType.FAILING


def _row(connection: Connection, source_id: str) -> Changes:
    """Lock and read the source's row, made if need be."""
    insert = upsert(connection)(sources).values(id=source_id, failures=0, stale_copies=0)
    connection.execute(insert.on_conflict_do_nothing())
    query = select(sources).where(sources.c.id == source_id).with_for_update()
    return dict(connection.execute(query).one()._mapping)


def _update(connection: Connection, source_id: str, changes: Changes) -> None:
    connection.execute(sources.update().where(sources.c.id == source_id).values(**changes))


def _watched_since(connection: Connection, source_id: str, now: datetime) -> datetime:
    """When this source was first polled: silence counts from there until something was captured."""
    key = f"watched-since:{source_id}"
    insert = upsert(connection)(meta).values(key=key, value=now.isoformat())
    connection.execute(insert.on_conflict_do_nothing())
    value = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one()
    return datetime.fromisoformat(value)


def _was_read_lately(row: Changes, source: Source, now: datetime) -> bool:
    """Whether the source was polled lately: after a pause of the machine its silence is our own."""
    last = row["last_polled_at"]
    return last is not None and now - last <= 2 * source.every + _LATE


def _stale_message(source: Source, last: datetime | None) -> str:
    found = f"its last is of {last:%Y-%m-%d %H:%M} UTC" if last else "it never had one"
    what = ""
    if source.path:
        open_it = (
            f"Open {masked_url(source.url)} in a browser and save it" if source.url else "Save a new one"
        )
        what = f" {open_it} in {source.path}."
    return f"{source.id} has had no new capture for {format_duration(source.patience)}: {found}.{what}"


def _length(span: timedelta) -> str:
    minutes = max(1, round(span.total_seconds() / 60))
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def _notice(kind: NoticeType, ended: SourceOutcome, since: datetime) -> Notice:
    message = masked(ended.message)
    return Notice(new_id("evt"), kind, ended.now, ended.source_id, str(ended.outcome), message, since)


def _keep(connection: Connection, made: list[Notice]) -> tuple[Notice, ...]:
    """Store notices in the reading's own transaction; the dispatcher sends those that are not published."""
    for notice in made:
        connection.execute(notices.insert().values(asdict(notice)))
    return tuple(made)
