"""Reminders, whatever happens, in whatever order."""

from datetime import UTC, datetime
from itertools import count as numbers
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.record.settings import Reminders
from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.workers.schedule.test_reminders import DAY, OVERDUE, START, WORDS, becomes, stands, told
from workers.schedule.reminders import remind

_MONTHS = ("April", "June", "August")


_ENDS = {
    name: datetime(2026, month + 1, 1, 4, tzinfo=UTC) for name, month in zip(_MONTHS, (4, 6, 8), strict=True)
}


_steps = st.lists(
    st.tuples(
        st.integers(1, 40),  # days that go by before it
        st.one_of(
            st.sampled_from(("look", "look", "off", "close")),
            st.sampled_from(_MONTHS),
        ),
    ),
    max_size=14,
)


_ids = numbers(1)


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with open_store(f"sqlite:///{tmp_path_factory.mktemp('reminders') / 'recwatch.sqlite3'}") as opened:
        yield opened


class _Expected:
    """What should be told, kept in the plainest way."""

    def __init__(self) -> None:
        self.on_since: datetime | None = None
        self.promised: str | None = None
        self.seen: dict[str, datetime] = {}
        self.told: list[str] = []
        self.closed = False

    def look(self, now: datetime) -> None:
        if self.on_since is None:
            self.on_since = now
        day = self.promised
        if day is None or self.closed or day in self.told or _ENDS[day] > now:
            return
        if _ENDS[day] > max(self.on_since, self.seen[day]):
            self.told.append(day)


@settings(max_examples=25, deadline=None)
@given(_steps)
def test_each_date_is_told_once_whatever_happens(shared_store: Store, steps: list[tuple[int, str]]) -> None:
    """Over changes, closings, switching off and on: told if and only if it was seen in time and stood."""
    number, now, revision = next(_ids), START, 1
    remind(shared_store, Reminders(), now)
    stands(shared_store, number, "CBP agreed.")
    expected = _Expected()
    for passing, step in steps:
        now += passing * DAY
        if step == "look":
            remind(shared_store, OVERDUE, now)
            expected.look(now)
        elif step == "off":
            remind(shared_store, Reminders(), now)
            expected.on_since = None
        else:
            revision += 1
            closed = step == "close"
            said = "CBP is done." if closed else WORDS.format(f"{step} 2026")
            status = "closed-implemented" if closed else "open"
            becomes(shared_store, number, revision, said, now, status=status)
            _note(expected, step, now, closed=closed)
        # The clock reads what is new before it is asked for more: so does the plain account.
        remind_state = [day for kind, day in told(shared_store, number) if kind == "overdue"]
        names = {"2026-04": "April", "2026-06": "June", "2026-08": "August"}
        assert [names[day] for day in remind_state] == expected.told


def _note(expected: _Expected, step: str, now: datetime, *, closed: bool) -> None:
    expected.closed = closed
    if closed:
        expected.promised = None
        return
    expected.promised = step
    expected.seen[step] = now
