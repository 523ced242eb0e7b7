"""Puts recommendations, revisions, events and outbox rows into a store, as detection does."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from monitor.record.folding import fingerprint, fold_agency, text_fingerprint, title_hash
from monitor.record.ids import new_id
from monitor.record.store.schema import captures, events, outbox, recommendations, revisions
from monitor.record.store.store import Store
from monitor.record.values import EventType
from workers.configuration import Configuration

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CBP = "United States Customs and Border Protection"
SECRET = "whsec_" + "c2VjcmV0IG9mIGEgdGVzdCByZWNlaXZlcg=="
TEXT = "The Commissioner should keep a list of the lanes that are inspected. (Recommendation {number})"


def narrative(revision: int) -> str:
    """What a recommendation's narrative is at a revision."""
    done = "In May 2024, the agency finished its list. " if revision > 1 else ""
    return f"The agency concurred. {done}It expects to finish step {revision} by June {2023 + revision}."


def recommend(connection: Connection, number: int, **values: Any) -> int:
    """A recommendation, its first revision with it; gives its id, which is its number."""
    agency = values.pop("agency", CBP)
    title = "Border Lanes: A List Is Needed"
    text = values.pop("text", TEXT.format(number=number))
    row: dict[str, Any] = {
        "id": number,
        "key": f"GAO-24-100000#{number}@{agency}",
        "product": "GAO-24-100000",
        "kind": "recommendation",
        "number": str(number),
        "agency": agency,
        "agency_folded": fold_agency(agency),
        "title": title,
        "title_hash": title_hash(title),
        "text": text,
        "url": "https://www.gao.gov/products/gao-24-100000",
        "status": "open",
        "priority": False,
        "narrative": narrative(1),
        "fingerprint": fingerprint(narrative(1)),
        "text_fingerprint": text_fingerprint(text),
        "revision": 1,
        "present": True,
        "first_seen_at": NOW,
        "changed_at": NOW,
    }
    connection.execute(recommendations.insert(), row | values)
    revise(connection, number, 1)
    return number


def revise(connection: Connection, recommendation: int, revision: int, **values: Any) -> None:
    """A revision of a recommendation."""
    text = values.pop("narrative", narrative(revision))
    row = {
        "recommendation_id": recommendation,
        "number": revision,
        "source_id": "gao-open",
        "format": "gao-csv",
        "observed_at": NOW + timedelta(hours=revision),
        "status": "open",
        "priority": False,
        "narrative": text,
        "fingerprint": fingerprint(text),
        "text": TEXT.format(number=recommendation),
    }
    connection.execute(revisions.insert(), row | values)


def happen(
    connection: Connection, recommendation: int, revision: int, capture: int | None, **values: Any
) -> str:
    """An update that led to a revision, made with it; gives the event's id."""
    if connection.scalar(select(recommendations.c.id).where(recommendations.c.id == recommendation)) is None:
        recommend(connection, recommendation, agency=values.pop("agency", CBP))
    number = revisions.c.number == revision
    there = select(revisions.c.number).where(revisions.c.recommendation_id == recommendation, number)
    if connection.scalar(there) is None:
        revise(connection, recommendation, revision, **values.pop("side", {}))
    names = ("key", "product", "kind", "number", "agency", "title", "text", "url")
    about = select(*(recommendations.c[name] for name in names)).where(recommendations.c.id == recommendation)
    row = {
        "id": new_id("evt"),
        "type": str(EventType.UPDATED),
        "source_id": "gao-open",
        "recommendation_id": recommendation,
        "capture_id": capture,
        "at": NOW + timedelta(hours=revision),
        "revision": revision,
        "old_revision": revision - 1,
        "new_revision": revision,
        "changed": ["narrative"],
        "subject": dict(connection.execute(about).mappings().one()),
    }
    row |= values
    connection.execute(events.insert(), row)
    return str(row["id"])


def capture(connection: Connection) -> int:
    """A believed capture."""
    row = {"source_id": "gao-open", "origin": "x", "captured_at": NOW, "recorded_at": NOW, "sha256": "0"}
    more = {"headers": {}, "outcome": "changed"}
    made = connection.execute(captures.insert().returning(captures.c.id), row | more)
    return int(made.scalar_one())


def wait(connection: Connection, capture_id: int | None = None, event_id: str | None = None) -> int:
    """An outbox row that waits to be described."""
    row = {"capture_id": capture_id, "event_id": event_id, "created_at": NOW}
    return int(connection.execute(outbox.insert().returning(outbox.c.id), row).scalar_one())


def changes(store: Store, pairs: Iterable[tuple[int, int]], **values: Any) -> int:
    """One capture in which recommendations came to revisions; gives the outbox row's id."""
    with store.write() as connection:
        one = capture(connection)
        for recommendation, revision in pairs:
            happen(connection, recommendation, revision, one, **values)
        return wait(connection, one)


def reminder(store: Store, recommendation: int, revision: int, reminds_of: str = "2024-06") -> int:
    """An event by the clock, at a revision that is there already; gives the outbox row's id."""
    event = new_id("evt")
    with store.write() as connection:
        happen(
            connection,
            recommendation,
            revision,
            None,
            id=event,
            batch=event,
            type=str(EventType.OVERDUE),
            old_revision=revision,
            changed=[],
            reminder=reminds_of,
            at=NOW + timedelta(hours=revision, minutes=30),
        )
        return wait(connection, event_id=event)


def rows(store: Store, table: Any, *order: Any, **equal: Any) -> list[dict[str, Any]]:
    """A table's rows as dictionaries, by its key or as asked."""
    query = select(table).where(*(table.c[name] == value for name, value in equal.items()))
    with store.read() as connection:
        found = connection.execute(query.order_by(*(order or table.primary_key.columns)))
        return [dict(row) for row in found.mappings()]


def count(store: Store, table: Any, **equal: Any) -> int:
    """How many rows a table has."""
    query = select(func.count()).select_from(table)
    with store.read() as connection:
        return int(
            connection.scalar(query.where(*(table.c[name] == value for name, value in equal.items()))) or 0
        )


def webhook(name: str = "tracker", host: str = "one.example.org", **values: Any) -> dict[str, Any]:
    """A webhook subscription as the configuration writes it."""
    return {"id": name, "channel": "webhook", "url": f"https://{host}/{name}", "secret": SECRET} | values


def email(name: str = "weekly", to: Sequence[str] = ("a@example.org",), **values: Any) -> dict[str, Any]:
    """An email subscription as the configuration writes it."""
    return {"id": name, "channel": "email", "to": list(to)} | values


def slack(name: str = "team", **values: Any) -> dict[str, Any]:
    """A subscription by Slack's Web API as the configuration writes it."""
    return {"id": name, "channel": "slack", "token": "xoxb-made-up", "channel_id": "C0123ABCD"} | values


def configured(*subscriptions: dict[str, Any], **tables: Any) -> Configuration:
    """A configuration with these subscriptions."""
    return Configuration.model_validate({"subscriptions": list(subscriptions), **tables})
