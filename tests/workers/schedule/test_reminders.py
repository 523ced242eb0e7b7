"""Events by the clock: once for each promised date or standstill, whatever happens in between."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from monitor.record.settings import Reminders
from monitor.record.store.queries import load_events
from monitor.record.store.schema import (
    captures,
    clocks,
    events,
    lookups,
    messages,
    outbox,
    promises,
    readings,
    recommendations,
    sources,
)
from monitor.record.store.store import Store, upsert
from monitor.record.values import Event, Reminder
from tests.fakes.transport import FakeTransport, context
from tests.workers.seeding import configured, count, recommend, revise, rows, slack, webhook
from workers.delivery.engine import deliver
from workers.messages.fanout import fan_out
from workers.schedule import reminders, revision_reading
from workers.schedule.reminders import remind
from workers.schedule.rounds import Rounds

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
START = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)  # May is over in Washington
OVERDUE = Reminders(overdue=True)
STALLED = Reminders(stalled_after="365d")
WORDS = "CBP expects to complete the guidance by {}."
MAY = WORDS.format("May 2026")


ALWAYS = datetime(2999, 1, 1, tzinfo=UTC)


def last_read(connection: Connection, at: datetime = ALWAYS) -> None:
    """When the source was last read; as a rule, whenever it is asked."""
    read = upsert(connection)(sources).values(id="gao-open", last_captured_at=at)
    connection.execute(read.on_conflict_do_update(index_elements=["id"], set_={"last_captured_at": at}))


def stands(store: Store, number: int = 1, said: str = MAY, at: datetime = START, **values: Any) -> None:
    """A recommendation that was first seen at a time."""
    with store.write() as connection:
        recommend(connection, number, **values)
        last_read(connection)
        changes = {"narrative": said, "observed_at": at}
        connection.execute(update(_revisions()).where(_mine(number, 1)).values(changes))


def becomes(store: Store, number: int, revision: int, said: str, at: datetime, **values: Any) -> None:
    """Its next revision, as intake writes it."""
    with store.write() as connection:
        revise(connection, number, revision, narrative=said, observed_at=at, **values)
        mine = recommendations.c.id == number
        connection.execute(update(recommendations).where(mine).values(revision=revision))


def _revisions() -> Any:
    from monitor.record.store.schema import revisions

    return revisions


def _mine(number: int, revision: int) -> Any:
    table = _revisions()
    return (table.c.recommendation_id == number) & (table.c.number == revision)


def told(store: Store, number: int | None = None) -> list[tuple[str, str]]:
    """Reminders so far: the type's last word and what each is of."""
    made = rows(store, events, events.c.at, events.c.reminder)
    mine = (row for row in made if number is None or row["recommendation_id"] == number)
    return [(row["type"].rpartition(".")[2], row["reminder"]) for row in mine]


def whole(store: Store) -> list[Event]:
    with store.read() as connection:
        return load_events(connection, ids=list(connection.scalars(select(events.c.id))))


def test_a_promised_date_that_went_by_is_told_once(any_store: Store) -> None:
    """Not on its last day in Washington, but at its end; and never again for that date."""
    stands(any_store)
    for moment in (START, JUNE - MINUTE):
        assert remind(any_store, OVERDUE, moment) == 0
    assert remind(any_store, OVERDUE, JUNE) == 1
    assert remind(any_store, OVERDUE, JUNE + 300 * DAY) == 0

    [event] = whole(any_store)
    assert event.reminder == Reminder("2026-05", MAY)
    assert (event.changed, event.old, event.at) == ((), event.new, JUNE)
    assert [row["event_id"] for row in rows(any_store, outbox)] == [event.id]


def test_a_change_in_between_cancels_it(any_store: Store) -> None:
    """What the newest narrative no longer promises is not awaited, though it was never read before."""
    stands(any_store)
    remind(any_store, OVERDUE, START)
    becomes(any_store, 1, 2, WORDS.format("September 2026"), JUNE - DAY)
    assert remind(any_store, OVERDUE, JUNE) == 0
    assert remind(any_store, OVERDUE, datetime(2026, 10, 1, 5, tzinfo=UTC)) == 1
    assert told(any_store) == [("overdue", "2026-09")]


def test_a_rewording_keeps_the_promise(any_store: Store) -> None:
    """The same last day said otherwise is the same promise, told once, in the words that stand."""
    stands(any_store)
    remind(any_store, OVERDUE, START)
    becomes(any_store, 1, 2, WORDS.format("May 31, 2026"), START + DAY)
    assert remind(any_store, OVERDUE, JUNE) == 1
    becomes(any_store, 1, 3, f"CBP is late. {MAY}", JUNE + DAY)
    assert remind(any_store, OVERDUE, JUNE + 2 * DAY) == 0
    assert told(any_store) == [("overdue", "2026-05-31")]


def test_a_change_after_the_date_that_nobody_had_told_of_is_told_alone(any_store: Store) -> None:
    """Where the dispatcher stood still meanwhile, nobody says that nothing changed since a later day."""
    stands(any_store)
    remind(any_store, OVERDUE, START)
    becomes(any_store, 1, 2, f"CBP is late. {MAY}", JUNE + DAY)
    assert remind(any_store, OVERDUE, JUNE + 2 * DAY) == 0


def test_dates_that_had_passed_when_first_seen_are_noted_silently(any_store: Store) -> None:
    """A narrative that names a date of the past reminds nobody, now or later."""
    stands(any_store, said=WORDS.format("May 2025"))
    assert remind(any_store, OVERDUE, START) == 0
    assert remind(any_store, OVERDUE, START + DAY) == 0
    assert [row["settled"] for row in rows(any_store, promises)] == ["noted"]


def test_what_an_old_file_promised_is_seen_when_it_is_read(any_store: Store) -> None:
    """A capture that was taken before a date and stored after it shows a date of the past."""
    remind(any_store, OVERDUE, START)
    stands(any_store)
    row = {"source_id": "gao-open", "origin": "x", "captured_at": START, "recorded_at": JUNE + DAY}
    with any_store.write() as connection:
        more = {"sha256": "0", "headers": {}, "outcome": "changed"}
        made = connection.execute(insert(captures).values(row | more).returning(captures.c.id)).scalar_one()
        connection.execute(update(_revisions()).where(_mine(1, 1)).values(capture_id=made))
    assert remind(any_store, OVERDUE, JUNE + DAY) == 0


def test_a_date_that_passed_while_nobody_looked_is_told_late(any_store: Store) -> None:
    """Reminders were asked for and the date was seen in time: a pause of the dispatcher loses nothing."""
    remind(any_store, OVERDUE, START - DAY)
    stands(any_store)
    assert remind(any_store, OVERDUE, JUNE + 20 * DAY) == 1


@pytest.mark.parametrize("read_before", [True, False])
def test_reminders_turned_on_later_leave_the_past_alone(any_store: Store, read_before: bool) -> None:
    """What passed before they were asked for, or while they were off, is noted; what follows is told."""
    stands(any_store)
    stands(any_store, 2, WORDS.format("July 2026"))
    if read_before:
        remind(any_store, OVERDUE, START)
    remind(any_store, Reminders(), START + DAY)
    assert remind(any_store, OVERDUE, JUNE + DAY) == 0
    assert remind(any_store, OVERDUE, JUNE + 62 * DAY) == 1
    assert told(any_store) == [("overdue", "2026-07")]


def test_nothing_is_read_or_made_unless_asked_for(store: Store) -> None:
    """Both are off by default."""
    stands(store)
    assert remind(store, Reminders(), JUNE) == 0
    assert count(store, promises) == 0


@pytest.mark.parametrize("how", ["closed", "vanished"])
def test_what_is_closed_or_gone_is_never_overdue(any_store: Store, how: str) -> None:
    """Nobody waits for it any more; where it is reopened, its old date is one of the past."""
    stands(any_store)
    remind(any_store, Reminders(overdue=True, stalled_after="30d"), START)
    ends = {"status": "closed-implemented"} if how == "closed" else {"present": False}
    becomes(any_store, 1, 2, MAY, START + DAY, **ends)
    both = Reminders(overdue=True, stalled_after="30d")
    assert remind(any_store, both, JUNE + DAY) == 0
    becomes(any_store, 1, 3, MAY, JUNE + 2 * DAY)
    assert remind(any_store, both, JUNE + 3 * DAY) == 0
    assert remind(any_store, both, JUNE + 40 * DAY) == 1
    assert told(any_store) == [("stalled", "2026-06-03")]


def missed(store: Store, settled: str | None, *, asked: bool = True) -> None:
    """A complete source no longer shows recommendation 1; its report's page was asked, or not."""
    reading = {"source_id": "gao-open", "format": "gao-csv", "recommendation_id": 1, "fingerprint": "f"}
    more = {"text_fingerprint": "t", "status": "open", "priority": False, "revision": 1, "read_at": START}
    lookup = {"recommendation_id": 1, "source_id": "gao-open", "left_at": START, "due_at": START}
    with store.write() as connection:
        connection.execute(insert(readings), reading | more | {"misses": 1})
        if asked:
            connection.execute(insert(lookups), lookup | {"settled": settled})


def test_what_has_left_its_source_is_not_overdue_until_it_is_known_to_be_open(any_store: Store) -> None:
    """It may well be closed: while that is asked, or unknown, the reminder waits."""
    stands(any_store)
    remind(any_store, OVERDUE, START)
    missed(any_store, None)
    assert remind(any_store, OVERDUE, JUNE) == 0
    with any_store.write() as connection:
        connection.execute(update(lookups).values(settled="expired"))
    assert remind(any_store, OVERDUE, JUNE) == 0
    with any_store.write() as connection:
        connection.execute(update(lookups).values(settled="open"))
    assert remind(any_store, OVERDUE, JUNE) == 1


def test_what_a_source_lacks_and_nobody_is_asked_about_is_not_overdue(store: Store) -> None:
    """Without lookups one missing capture is enough to doubt."""
    stands(store)
    remind(store, OVERDUE, START)
    missed(store, None, asked=False)
    assert remind(store, OVERDUE, JUNE) == 0


def test_a_standstill_is_told_once(any_store: Store) -> None:
    """So long after the newest revision was seen; any revision begins anew."""
    stands(any_store, said="CBP agreed.")
    for moment in (START, START + 365 * DAY - MINUTE):
        assert remind(any_store, STALLED, moment) == 0
    assert remind(any_store, STALLED, START + 365 * DAY) == 1
    assert remind(any_store, STALLED, START + 700 * DAY) == 0
    becomes(any_store, 1, 2, "CBP agrees.", START + 701 * DAY)
    assert remind(any_store, STALLED, START + 1_065 * DAY) == 0
    assert remind(any_store, STALLED, START + 1_066 * DAY) == 1
    assert told(any_store) == [("stalled", "2026-03-03"), ("stalled", "2028-02-02")]


def test_another_duration_leaves_what_stood_so_long_alone(any_store: Store) -> None:
    """Whoever shortens it hears of those that reach it from then on; whoever lengthens it, of none twice."""
    stands(any_store, 1, "CBP agreed.")
    stands(any_store, 2, "CBP agreed.", START + 100 * DAY)
    remind(any_store, STALLED, START)
    sooner = Reminders(stalled_after="90d")
    assert remind(any_store, sooner, START + 120 * DAY) == 0
    assert remind(any_store, sooner, START + 190 * DAY) == 1
    assert remind(any_store, STALLED, START + 466 * DAY) == 0
    assert remind(any_store, STALLED, START + 900 * DAY) == 0
    assert told(any_store) == [("stalled", "2026-06-11")]


def test_many_at_once_are_one_batch(any_store: Store) -> None:
    """A month's end brings many: a subscription gets one summary of them, as of one capture's changes."""
    for number in range(1, 13):
        stands(any_store, number)
    remind(any_store, OVERDUE, START)
    assert remind(any_store, OVERDUE, JUNE) == 12
    [row] = rows(any_store, outbox)
    world = context(any_store, configured(webhook(), slack(summarize_over=10)))
    fan_out(world, row["id"], JUNE)
    made = [(row["subscription"], row["cause"]) for row in rows(any_store, messages) if not row["parent_id"]]
    assert sorted(made) == [("team", "summary"), *[("tracker", "instant")] * 12]


def test_a_narrative_that_cannot_be_read_holds_up_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in reading one is logged; the others' dates are watched."""
    stands(store, 1, "Trouble.")
    stands(store, 2)
    real = revision_reading.find_promises

    def broken(agency: str, narrative: str) -> Any:
        if narrative == "Trouble.":
            raise ZeroDivisionError
        return real(agency, narrative)

    monkeypatch.setattr(revision_reading, "find_promises", broken)
    assert remind(store, OVERDUE, START) == 0
    assert remind(store, OVERDUE, JUNE) == 1


def test_only_what_is_new_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each revision is read once, however often the clock looks."""
    read: list[str] = []
    real = revision_reading.find_promises
    monkeypatch.setattr(
        revision_reading, "find_promises", lambda agency, text: read.append(text) or real(agency, text)
    )
    for number in range(1, 4):
        stands(store, number)
    for minute in range(3):
        remind(store, OVERDUE, START + minute * MINUTE)
    assert len(read) == 3
    becomes(store, 2, 2, "CBP is late.", START + DAY)
    remind(store, OVERDUE, START + DAY)
    assert read[3:] == ["CBP is late."]


def test_more_than_one_batch_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first sight of a whole source is worked off in one go."""
    monkeypatch.setattr(revision_reading, "_AT_ONCE", 2)
    for number in range(1, 6):
        stands(store, number)
    remind(store, OVERDUE, START)
    assert count(store, promises) == 5


def test_dispatchers_look_once_a_minute(store: Store) -> None:
    """A matter of days needs no look each second; what is due is made and told by the dispatcher."""
    stands(store)
    transport = FakeTransport()
    world = context(store, configured(webhook(), reminders={"overdue": True}), transport)
    rounds = Rounds(world)
    rounds.make_due(START)
    rounds.make_due(JUNE - MINUTE / 2)
    rounds.make_due(JUNE)
    assert told(store) == []
    rounds.make_due(JUNE + MINUTE)
    [row] = rows(store, outbox)
    fan_out(world, row["id"], JUNE + MINUTE)
    deliver(world, world.channels["webhook"])
    [message] = transport.sent
    assert message.described_events[0].event.reminder == Reminder("2026-05", MAY)


def test_a_change_between_reading_and_telling_goes_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revision that is stored after the clock has read is read before anything is said."""
    stands(store)
    remind(store, OVERDUE, START)
    real = reminders._make

    def changed_first(*given: Any) -> int:
        becomes(store, 1, 2, WORDS.format("September 2026"), JUNE)
        return real(*given)

    monkeypatch.setattr(reminders, "_make", changed_first)
    assert remind(store, OVERDUE, JUNE) == 0
    monkeypatch.setattr(reminders, "_make", real)
    assert remind(store, OVERDUE, JUNE + DAY) == 0
    assert told(store) == []


def test_a_reading_that_comes_late_changes_nothing(any_store: Store) -> None:
    """A dispatcher that was slow to write what it read of an earlier revision undoes nothing."""
    stands(any_store)
    remind(any_store, Reminders(overdue=True, stalled_after="1d"), START)
    becomes(any_store, 1, 2, WORDS.format("September 2026"), START + DAY)
    late = revision_reading.unread_revisions(any_store)
    remind(any_store, OVERDUE, START + DAY)
    becomes(any_store, 1, 3, "CBP is late.", START + 2 * DAY)
    remind(any_store, OVERDUE, START + 2 * DAY)
    assert rows(any_store, promises) == []
    revision_reading.read_revisions(any_store, OVERDUE, late)
    assert rows(any_store, promises) == []
    assert rows(any_store, clocks)[0]["revision"] == 3


def test_nothing_is_said_while_nobody_has_read(any_store: Store) -> None:
    """A source that was last read before the date, or before the standstill, says nothing about it."""
    asked = Reminders(overdue=True, stalled_after="30d")
    stands(any_store)
    with any_store.write() as connection:
        last_read(connection, START + DAY)
    assert remind(any_store, asked, START) == 0
    assert remind(any_store, asked, JUNE + 90 * DAY) == 0
    with any_store.write() as connection:
        last_read(connection, JUNE - DAY)  # after the standstill, before the date
    assert remind(any_store, asked, JUNE + 90 * DAY) == 1
    with any_store.write() as connection:
        last_read(connection, JUNE + DAY)
    assert remind(any_store, asked, JUNE + 90 * DAY) == 1
    assert sorted(kind for kind, _ in told(any_store)) == ["overdue", "stalled"]


def test_any_source_that_shows_it_will_do(any_store: Store) -> None:
    """Where another source has read the recommendation since, it is reminded of."""
    stands(any_store)
    with any_store.write() as connection:
        last_read(connection, START + DAY)
        connection.execute(insert(sources).values(id="cbp", last_captured_at=JUNE + DAY))
    assert remind(any_store, OVERDUE, START) == 0
    assert remind(any_store, OVERDUE, JUNE + 2 * DAY) == 0  # that one does not show it
    with any_store.write() as connection:
        row = {"source_id": "cbp", "format": "gao-agency", "recommendation_id": 1, "fingerprint": ""}
        more = {"text_fingerprint": "", "status": "open", "priority": False, "revision": 1, "read_at": START}
        connection.execute(insert(readings), row | more)
    assert remind(any_store, OVERDUE, JUNE + 2 * DAY) == 1
