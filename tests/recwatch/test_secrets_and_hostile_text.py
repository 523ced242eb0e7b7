"""What the program shows: no secret of the configuration, and nothing that controls a terminal."""

import csv
import io
import logging as standard_logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import structlog
from sqlalchemy import select, update

from monitor.incidents import SourceOutcome, record
from monitor.record import masking
from monitor.record.store.schema import notices, sources
from monitor.record.store.upgrade import open_existing
from monitor.record.values import Outcome
from recwatch.runtime import logging
from tests.monitor.record.test_inert import HOSTILE, dangerous
from tests.recwatch.conftest import BEFORE, Program

SECRETS = (
    "hunter-source",
    "tok-source",
    "beat-path",
    "hook-path",
    "hook-token",
    "slack-path",
    "pass-smtp",
    "pass-proxy",
)
SECRET_CONFIGURATION = """\
[http]
contact = "tests@example.org"
min_interval = "0s"
allow_private_networks = true
proxy = "http://me:pass-proxy@127.0.0.1:9"

[email]
smtp_url = "smtp://me:pass-smtp@127.0.0.1:9"
from = "recwatch@example.org"

[operators]
heartbeat_url = "https://127.0.0.1:9/beat-path-long"

[[sources]]
id = "lamps"
format = "gao-csv"
url = "http://me:hunter-source@127.0.0.1:9/export?key=tok-source-1234567"
path = "drop/"

[[subscriptions]]
id = "hook"
channel = "webhook"
url = "http://127.0.0.1:9/hook-path/x?token=hook-token"
secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"

[[subscriptions]]
id = "slack"
channel = "slack"
webhook_url = "http://127.0.0.1:9/slack-path/x"

[[subscriptions]]
id = "mail"
channel = "email"
to = ["a@example.org"]
"""


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(masking, "_known", {})
    yield
    structlog.reset_defaults()


@pytest.fixture
def secretive(polled: Program) -> Program:
    """A program whose configuration holds a secret wherever one can stand."""
    polled.config.write_text(SECRET_CONFIGURATION)
    return polled


_VERBS = [
    "check-config",
    "status",
    "doctor",
    "poll --once",
    "deliveries",
    "test-notify hook",
    "subscriptions",
]


@pytest.mark.parametrize("verb", _VERBS)
def test_no_verb_shows_a_secret(verb: str, secretive: Program) -> None:
    """Neither in its answer nor in its log, whatever fails: everything here does."""
    answer = secretive.apart(*verb.split())
    shown = answer.out + answer.err
    assert [secret for secret in SECRETS if secret in shown] == []
    assert "whsec_MDEy" not in shown


def test_neither_status_nor_notices_show_a_sources_secrets(secretive: Program) -> None:
    """What is stored of a failure is masked before it is stored: it goes out by every channel."""
    for _ in range(2):
        secretive("poll", "--once")
    with open_existing(f"sqlite:///{secretive.home}/recwatch.sqlite3") as store, store.read() as connection:
        said = [
            *connection.scalars(select(notices.c.message)),
            *connection.scalars(select(sources.c.message)),
        ]
    assert any("127.0.0.1" in each for each in said)
    assert [each for each in said if "tok-source" in each or "hunter" in each] == []


def test_an_error_of_the_store_shows_no_password(program: Program) -> None:
    """Also where it is given as a parameter."""
    url = "postgresql+psycopg://me@127.0.0.1:9/x?password=hunter2hunter"
    program.config.write_text(f'[store]\nurl = "{url}"\n{program.config.read_text()}')
    answer = program("list")
    assert answer.status == 1
    assert "127.0.0.1" in answer.err
    assert "hunter2" not in answer.err + answer.out


def test_no_verb_passes_on_what_controls_a_terminal(program: Program) -> None:
    """Titles, narratives and messages of sources, in tables, CSV, JSON and in full."""
    hostile = HOSTILE.replace("\x00", "")
    page = [BEFORE[0].but(title=f"T {hostile}", narrative=f"It ordered lamps {hostile}."), *BEFORE[1:]]
    program.poll(page, 1)
    program.poll([page[0].but(narrative=f"It did not order lamps {hostile}, said the Bureau."), *page[1:]], 2)
    with open_existing(f"sqlite:///{program.home}/recwatch.sqlite3") as store, store.write() as connection:
        connection.execute(update(sources).values(message=HOSTILE))
    event = program("changes", "--json").rows[0]["data"]["event_id"]
    key = program("list", "--json").rows[0]["key"]
    verbs = [
        "list",
        "changes",
        f"history {key}",
        f"show {event}",
        "status",
        "agencies",
        "deliveries",
        f"match {event}",
    ]
    for verb in [
        *verbs,
        "list --csv",
        "changes --csv",
        f"history {key} --csv",
        "list --json",
        "status --json",
    ]:
        answer = program(*verb.split())
        assert answer.status == 0, verb
        assert dangerous(answer.out + answer.err) == [], verb


def test_no_cell_of_csv_is_a_formula_where_semicolons_separate(program: Program) -> None:
    """`;=cmd` in a title begins a cell there, and our quotes are letters."""
    program.poll([BEFORE[0].but(title="Lamps;=cmd|' /C calc'!A0"), *BEFORE[1:]], 1)
    out = program("list", "--csv").out
    for row in csv.reader(io.StringIO(out), delimiter=";", quoting=csv.QUOTE_NONE):
        assert not [cell for cell in row[1:] if cell.lstrip(' "').startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("terminal", [True, False])
def test_no_line_of_the_log_controls_a_terminal_or_shows_a_secret(
    terminal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ours, libraries' and tracebacks, on a terminal and elsewhere."""
    masking.know({"hunter-known": "********"})
    err = io.StringIO()
    monkeypatch.setattr(err, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", err)
    handlers = standard_logging.getLogger().handlers
    try:
        logging.configure()
        try:
            int(f"hunter-known {HOSTILE} https://a:hunter-shape@b")
        except ValueError as error:
            structlog.get_logger().exception(HOSTILE, error=error, text=f"hunter-known {HOSTILE}")
            standard_logging.getLogger("library").warning("%s", f"hunter-known {HOSTILE}")
    finally:
        standard_logging.getLogger().handlers = handlers
    said = err.getvalue()
    assert "ValueError" in said
    assert "hunter" not in said
    own = said.replace("\x1b[", "") if terminal else said  # the renderer's own colours
    assert [letter for letter in dangerous(own) if letter != "\x1b"] == []
    assert "\x1b[2J" not in said


def test_what_is_recorded_of_a_source_is_masked(polled: Program) -> None:
    """Whoever calls: a parser's error may name an address."""
    masking.know({"hunter-known": "********"})
    with open_existing(f"sqlite:///{polled.home}/recwatch.sqlite3") as store, store.write() as connection:
        said = "hunter-known https://a:pw12@b/"
        record(connection, SourceOutcome("lamps", Outcome.QUARANTINED, said, datetime.now(UTC)))
        message = connection.scalar(select(sources.c.message).where(sources.c.id == "lamps"))
        notice = connection.scalar(select(notices.c.message))
    assert message == notice == "******** https://a:********@b/"
