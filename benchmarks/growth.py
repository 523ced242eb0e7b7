"""Growth: what the hot questions cost in a store with a million revisions, beside one with forty thousand.

Both hold the same 20,000 recommendations, 5,000 of them open; the large one has fifty revisions of each, an
event and a message delivered for every one, as twenty years would leave it. What changes while it is measured
was told to all ten subscriptions each time; an eleventh gets digests. The page polled is another source's.

Costs are CPU time: this process's, and on PostgreSQL that of the server's processes for it (Linux only).

Run from the project's root: python -m benchmarks.growth [revisions of each] [sqlite] [postgresql]
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text

from benchmarks.delivery_world import Row, World, show
from monitor.intake import Arrival, take_in
from monitor.record.settings import Source
from monitor.record.store import queries
from monitor.record.store.store import Store
from monitor.record.values import Outcome, Page
from recwatch.queries import changes, recommendations
from tests.fakes import pages, postgres
from tests.workers import seeding
from workers.context import Context
from workers.delivery import health
from workers.delivery.claiming.claim import ClaimRequest, Limits, claim
from workers.delivery.results import Result, record
from workers.messages.fanout import fan_out
from workers.queue import due
from workers.schedule import digests
from workers.schedule.rounds import Rounds

TWICE = 2.0
_RECOMMENDATIONS = 20_000
_OPEN = 5_000
_CHANGING = 200  # recommendations that change while it is measured
_DIGEST = """
[email]
smtp_url = "file:mails"
from = "recwatch@example.org"
[[subscriptions]]
id = "digest"
channel = "email"
to = ["liaison@example.org"]
digest = "daily 08:00"
"""
_LIMITS = Limits("webhook", 128, 2, timedelta(milliseconds=50), timedelta(seconds=60))

# Rows are counted up in the database: a million a minute.
_FILL = """
INSERT INTO captures (id, source_id, origin, captured_at, recorded_at, sha256, headers, outcome, seen, held)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :per)
  SELECT i, 'gao-open', 'x', {day}, {day}, 's' || i, '{{}}', 'changed', 5000, false FROM n;
INSERT INTO recommendations
  (id, key, product, kind, number, agency, agency_folded, title, title_hash, text, status, priority,
    narrative,
   fingerprint, text_fingerprint, revision, present, first_seen_at, changed_at)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :recommendations)
  SELECT i, 'GAO-24-' || (100000 + i / 5) || '#' || (i % 5) || '@agency-' || (i % 60),
    'GAO-24-' || (100000 + i / 5), 'recommendation', i % 5, 'Agency ' || (i % 60), 'agency ' || (i % 60),
    'Title ' || (i / 5), 't' || (i / 5), 'The agency should do step ' || i || '.',
    CASE WHEN i <= :open THEN 'open' ELSE 'closed-implemented' END, i % 20 = 0,
    'The agency agreed and expects step ' || :per || ' by June 2030.', '1:' || i || ':' || :per, '1:' || i,
    :per, true, '2006-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000' FROM n;
INSERT INTO revisions
  (recommendation_id, number, source_id, format, capture_id, observed_at, status, priority, narrative,
    fingerprint,
   text, present)
  WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :per)
  SELECT r.id, i, 'gao-open', 'gao-csv', i, {day}, 'open', false,
    'The agency agreed and expects step ' || i || ' by June 2030.', '1:' || r.id || ':' || i, r.text, true
  FROM recommendations r, n;
INSERT INTO readings
  (source_id, format, recommendation_id, fingerprint, text_fingerprint, status, priority, revision,
    read_at, misses)
  SELECT 'gao-open', 'gao-csv', id, fingerprint, text_fingerprint, status, priority, revision, changed_at, 0
  FROM recommendations;
INSERT INTO events
  (id, type, source_id, recommendation_id, capture_id, at, revision, old_revision, new_revision,
    changed, subject,
   silent)
  SELECT 'evt_' || recommendation_id || '_' || v.number, 'recommendation.updated', 'gao-open',
    recommendation_id,
    v.number, observed_at, v.number, v.number - 1, v.number, '["narrative"]',
    {object}('key', r.key, 'product', r.product, 'kind', 'recommendation', 'number', r.number, 'agency',
      r.agency, 'title', r.title, 'text', r.text, 'url', NULL), false
  FROM revisions v JOIN recommendations r ON r.id = v.recommendation_id WHERE v.number > 1;
INSERT INTO descriptions (event_id, diff, level, signals)
  SELECT id, '{{"narrative": [["equal", "Same."]], "record": {{}}}}', 'substantive', '[]' FROM events;
INSERT INTO outbox (capture_id, created_at, published_at, attempts)
  SELECT id, captured_at, captured_at, 1 FROM captures;
INSERT INTO subscriptions (id, first_seen_at)
  WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9)
  SELECT 's' || i, '2006-01-01 00:00:00.000000' FROM n;
INSERT INTO messages
  (id, subscription, channel, recipient, cause, cause_ref, created_at, state, due_at, host, failures,
    blocked, lapses, attempts, uncertain, sent_at, receipt)
  SELECT 'msg_' || s.id || e.id, s.id, 'webhook', '', 'instant', e.id, at, 'sent', at,
    'h' || substr(s.id, 2) || '.example.org:443', 0, false, 0, 1, false, at, '{{}}'
  FROM events e JOIN subscriptions s
    ON s.id = 's' || (e.recommendation_id % 10) OR e.recommendation_id <= :changing;
INSERT INTO items
  (event_id, subscription, recipient, cause_class, recommendation_id, revision, message_id, pending)
  SELECT e.id, m.subscription, '', 'first', e.recommendation_id, e.revision, m.id, false
  FROM messages m JOIN events e ON e.id = m.cause_ref;
INSERT INTO attempts (message_id, at, seconds, outcome, detail) SELECT id, sent_at, 0.1, 'sent',
    '200 ok' FROM messages;
"""
_WORDS = {
    "sqlite": {
        "day": "strftime('%Y-%m-%d %H:%M:%f000', '2026-01-01', '-' || ((:per - i) * 140) || ' days')",
        "object": "json_object",
    },
    "postgresql": {
        "day": "timestamp '2026-01-01' - make_interval(days => (:per - i) * 140)",
        "object": "json_build_object",
    },
}
# Rows with given ids leave the counters behind; the rest a server that runs for years has done by itself.
_SETTLE = """
SELECT setval(pg_get_serial_sequence('captures', 'id'), 1000000);
SELECT setval(pg_get_serial_sequence('outbox', 'id'), 1000000);
SELECT setval(pg_get_serial_sequence('recommendations', 'id'), 1000000);
VACUUM ANALYZE
"""


def fill(connection: Connection, per: int) -> None:
    """Rows as years of running would leave them."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            text("SET LOCAL session_replication_role = replica")
        )  # no look-up for each reference
    values = {"per": per, "recommendations": _RECOMMENDATIONS, "open": _OPEN, "changing": _CHANGING}
    for statement in _FILL.format(**_WORDS[connection.dialect.name]).split(";\n"):
        if statement.strip():
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(
                text(statement.replace("':", "'\\:").replace("|| ':' ||", "|| '\\:' ||")), used
            )


def _settle(store: Store) -> None:
    if not store.is_sqlite:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for statement in _SETTLE.split(";\n"):
                connection.execute(text(statement))


def rows(per: int = 50, kind: str = "sqlite") -> list[Row]:
    """The table's lines: each question's cost in the large store, in those of the small one."""
    with _server(kind) as address:
        small, large = _measured(2, address), _measured(per, address)
    note = f"{_RECOMMENDATIONS * per:,} revisions"
    return [
        Row(
            f"growth, {kind}, {name}",
            f"{large[name] * 1000:.2f} ms",
            f"2 x {small[name] * 1000:.2f} ms",
            large[name] / small[name] / TWICE,
            note,
        )
        for name in small
    ]


@contextmanager
def _server(kind: str) -> Iterator[str]:
    """A server's address, with {} for the database; empty for SQLite, which needs none."""
    if kind == "sqlite":
        yield ""
        return
    folder = Path(tempfile.mkdtemp(prefix="rwpg-"))
    try:
        with postgres.running(folder) as address:
            yield address
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measured(per: int, address: str) -> dict[str, float]:
    folder = Path(tempfile.mkdtemp(prefix="recwatch-growth-"))
    try:
        world = World(folder)
        urls = [f"https://h{number}.example.org/s{number}" for number in range(10)]
        world.configure(urls, store=_database(address, f"per_{per}") if address else "", extra=_DIGEST)
        with world.context() as context:
            began = time.monotonic()
            with context.store.write() as connection:
                fill(connection, per)
            _settle(context.store)
            print(f"filled in {time.monotonic() - began:.0f} s", file=sys.stderr)
            questions = chain(_questions(context, per), _polls(context))
            return {name: _best(context.store, work) for name, work in questions}
    finally:
        shutil.rmtree(folder)


def _database(address: str, name: str) -> str:
    """The address of a new database."""
    engine = create_engine(address.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return address.format(name)


def _best(store: Store, work: Callable[[], object], rounds: int = 5) -> float:
    """CPU seconds of the cheapest of several rounds: the machine is shared."""
    work()
    pids, spent = _backends(store), []
    for _ in range(rounds):
        began = _used(pids)
        work()
        spent.append(_used(pids) - began)
    return min(spent)


def _backends(store: Store) -> list[int]:
    """The server's processes that work for our connections."""
    if store.is_sqlite:
        return []
    ours = "datname = current_database() AND backend_type = 'client backend'"
    with store.read() as connection:
        return list(connection.scalars(text(f"SELECT pid FROM pg_stat_activity WHERE {ours}")))


def _used(pids: list[int]) -> float:
    """CPU seconds so far, of this process and of those."""
    spent = (int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids)
    return time.process_time() + sum(spent) / 1e9


def _questions(context: Context, per: int) -> Iterator[tuple[str, Callable[[], object]]]:
    store, now = context.store, datetime.now(UTC)
    lease = timedelta(seconds=60)
    numbers, seconds, days = iter(range(1, _CHANGING + 1)), iter(range(1, 1_000)), iter(range(1, 1_000))

    def reading(ask: Callable[[Connection], Any]) -> Callable[[], Any]:
        def run() -> Any:
            with store.read() as connection:
                return ask(connection)

        return run

    def writing(do: Callable[[Connection], Any]) -> Callable[[], Any]:
        def run() -> Any:
            with store.write() as connection:
                return do(connection)

        return run

    def change() -> None:
        with store.write() as connection:
            capture = seeding.capture(connection)
            for _ in range(10):
                number = next(numbers)
                seeding.happen(connection, number, per + 1, capture)
            row = seeding.wait(connection, capture)
        fan_out(context, row, now)

    def change_and_digest() -> None:
        change()
        assert digests.make_due(context, now + timedelta(days=next(days))) == 1

    def deliver_some(connection: Connection) -> None:
        later = now + timedelta(seconds=next(seconds))  # each host's slot has come again
        catch = claim(connection, ClaimRequest(_LIMITS, 10, "job", later))
        assert catch.claimed
        results = [Result(each, 0.1, now) for each in catch.claimed]
        record(connection, results, context.configuration.delivery, now)

    key = "GAO-24-100100#2"
    yield "list", reading(lambda c: recommendations.listed(c, recommendations.Filter()))
    yield (
        "list of one agency",
        reading(lambda c: recommendations.listed(c, recommendations.Filter(agency="Agency 7"))),
    )
    yield "history, its key", reading(lambda c: recommendations.resolve(c, key))
    since = datetime(2025, 12, 1, tzinfo=UTC)
    report = recommendations.Filter(product="GAO-24-100100")
    yield "changes of a report", reading(lambda c: changes.find(c, report, since=since))
    yield (
        "ten events whole",
        reading(lambda c: queries.load_events(c, ids=[f"evt_{n}_2" for n in range(100, 110)])),
    )
    yield "ten changes told: fan-out", change
    yield "ten changes told and put into a digest", change_and_digest
    yield "claim and record of ten", writing(deliver_some)
    yield "due: outbox", writing(lambda c: due.take_outbox(c, now, lease, "e"))
    yield "due: channels", writing(lambda c: due.take_channels(c, now, lease, "e"))
    rounds = Rounds(context)
    yield "due: make", lambda: rounds.make_due(datetime.now(UTC))
    yield "due: next", reading(lambda c: due.next_at(c, now, context.configuration))
    yield "due: outstanding", reading(lambda c: due.outstanding(c, now))
    yield "oldest undelivered", reading(health.oldest_undelivered)


def _polls(context: Context) -> Iterator[tuple[str, Callable[[], object]]]:
    """Pages of 25 recommendations taken in, the last questions: nobody is told of what they find."""
    source = Source(id="harbor", format="gao-agency", path="harbor/")  # type: ignore[arg-type]
    now, turns = datetime.now(UTC), iter(range(1, 1_000))
    listed = pages.rows(25)

    def take(words: str | None) -> Outcome:
        turn = next(turns)
        at = now + timedelta(hours=turn)
        told = words or f"The Bureau has looked at {turn} piers."
        page = pages.agency([row.but(narrative=told) for row in listed[:10]] + listed[10:])
        arrival = Arrival(source, Page(page, "harbor.html", at), at)
        return take_in(context.store, context.configuration, arrival).outcome

    def changed() -> None:
        assert take(None) in (Outcome.BASELINE, Outcome.CHANGED)

    def unchanged() -> None:
        assert take("The Bureau has looked at all piers.") in (Outcome.CHANGED, Outcome.UNCHANGED)

    yield "poll, ten changed of 25", changes
    yield "poll, nothing changed", unchanged


def main() -> None:
    """Print the table; 1 where a target is missed."""
    per = [int(word) for word in sys.argv[1:] if word.isdigit()]
    kinds = [word for word in sys.argv[1:] if word in _WORDS] or _kinds()
    table = [row for kind in kinds for row in rows(*per, kind=kind)]
    show(table)
    sys.exit(any(row.ratio and row.ratio > 1 for row in table))


def _kinds() -> list[str]:
    return list(_WORDS) if postgres.find_binaries() is not None else ["sqlite"]


if __name__ == "__main__":
    main()
