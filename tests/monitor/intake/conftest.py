"""A scene: one store, some sources, and pages that are taken in one after the other."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from monitor.intake import Arrival, Intake, IntakeOptions, LastPage, answer_lookups, take_in
from monitor.intake.short_cuts import recognise_at_once
from monitor.record.bodies import Body
from monitor.record.settings import Settings, Source
from monitor.record.store import queries
from monitor.record.store.schema import notices, outbox, recommendations, revisions, sources
from monitor.record.store.store import Store
from monitor.record.values import Event, Format, Page

START = datetime(2030, 4, 1, 12, tzinfo=UTC)


class Scene:
    """Takes pages in, an hour apart, and tells what came of it."""

    def __init__(self, store: Store, settings: Settings | None = None) -> None:
        self.store = store
        self.settings = settings or Settings()
        self.now = START
        self.sources: dict[str, Source] = {}
        self.glances = False  # look first whether it is the page last believed, as the poller does

    def source(self, name: str) -> Source:
        """A source of that name; all may show any format."""
        made = Source(id=name, format="gao-csv", path=f"{name}/")  # type: ignore[arg-type]
        return self.sources.setdefault(name, made)

    def take(self, body: Body, source: str = "export", **options: Any) -> Intake:
        """Take one page in, an hour after the last."""
        self.now += timedelta(hours=1)
        arrival = self.arrival(body, source, **options)
        if self.glances and (seen := recognise_at_once(self.store, arrival)):
            return seen
        return take_in(self.store, self.settings, arrival)

    def answer(self, body: Body, source: str = "export") -> Intake:
        """Take in a report's page that was asked for, an hour after the last page."""
        self.now += timedelta(hours=1)
        return answer_lookups(self.store, self.settings, self.arrival(body, source, format=Format.PRODUCT))

    def arrival(self, body: Body, source: str, **options: Any) -> Arrival:
        """A page that arrives now."""
        headers, captured = options.pop("headers", {}), options.pop("captured_at", self.now)
        page = Page(body, f"{source}.page", captured, headers=headers)
        last = self.last(source) if self.glances else None
        return Arrival(self.source(source), page, self.now, IntakeOptions(**options, last_page=last))

    def last(self, source: str) -> LastPage | None:
        """How the page that a source showed last is remembered."""
        wanted = select(sources.c.body_sha256, sources.c.body_layout).where(sources.c.id == source)
        with self.store.read() as connection:
            row = connection.execute(wanted).one_or_none()
        return LastPage(*row) if row else None

    def events(self, intake: Intake) -> list[Event]:
        """The events of an intake, whole."""
        with self.store.read() as connection:
            return queries.load_events(connection, ids=intake.events)

    def count(self, table: object) -> int:
        """How many rows a table has."""
        with self.store.read() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]

    def state(self) -> list[tuple[object, ...]]:
        """Everything that is known of recommendations, to compare before and after."""
        with self.store.read() as connection:
            known = connection.execute(select(recommendations).order_by(recommendations.c.key))
            past = connection.execute(
                select(revisions).order_by(revisions.c.recommendation_id, revisions.c.number)
            )
            return [tuple(row) for row in known] + [tuple(row) for row in past]

    def told(self) -> list[str]:
        """The types of notices to operators, in order."""
        with self.store.read() as connection:
            return list(connection.scalars(select(notices.c.type).order_by(notices.c.at)))

    def waiting(self) -> int:
        """Outbox rows that are not yet published."""
        with self.store.read() as connection:
            query = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
            return connection.execute(query).scalar_one()


@pytest.fixture
def scene(store: Store) -> Scene:
    """A fresh scene on SQLite."""
    return Scene(store)


@pytest.fixture
def any_scene(any_store: Store) -> Scene:
    """A fresh scene on either database."""
    return Scene(any_store)


@pytest.fixture
def make_scene(store: Store) -> Callable[[Settings], Scene]:
    """A scene with settings of the test's own."""
    return lambda settings: Scene(store, settings)
