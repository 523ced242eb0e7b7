"""Runs the real system against the demo's servers, from the first reading to three messages."""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from monitor.record.store.schema import coverage
from monitor.record.store.store import FILE, StoreError
from monitor.record.store.upgrade import open_existing
from recwatch.demo.servers import AGENCY_PATH, World, running
from recwatch.demo.story import AFTER, AGENCY
from recwatch.errors import Failure

_PATIENCE = 25.0  # seconds for each step; the whole takes about five


@dataclass(frozen=True, slots=True)
class Tour:
    """The result of the tour: its servers, the webhook's secret, its folder, how long each step took."""

    world: World
    secret: str
    folder: Path
    read_after: float
    delivered_after: float


def run_tour(folder: Path, say: Callable[[str], None]) -> Tour:
    """Run the tour; `say` is called with each step. Failure names the step that failed."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise Failure(f"{folder} cannot be made: {error.strerror}") from None
    secret = "whsec_" + b64encode(secrets.token_bytes(24)).decode()
    with running() as world:
        config = folder / "recwatch.toml"
        config.write_text(_configuration(world, secret), encoding="utf-8")
        say(f"A made-up agency's page is served at {world.site}{AGENCY_PATH}")
        started = time.monotonic()
        with _up(config, folder / "var") as log:
            _wait(lambda: _has_read(folder / "var"), "the first reading", log)
            read_after = time.monotonic() - started
            say(f"`recwatch up` has read it ({read_after:.1f} s after its start): nothing changed yet")
            changed = time.monotonic()
            world.entries = AFTER
            say("The agency rewrites its page and tells nobody …")
            _wait(lambda: world.arrivals.complete, "the three messages", log)
            delivered_after = time.monotonic() - changed
            say(f"… except by recwatch: Slack, mailbox and webhook have it after {delivered_after:.1f} s")
        return Tour(world, secret, folder, read_after, delivered_after)


def _configuration(world: World, secret: str) -> str:
    return f"""# Written by `recwatch demo`: everything stays on loopback.
[http]
min_interval = "0s"
allow_private_networks = true
contact = "demo@example.org"
[email]
smtp_url = "smtp://127.0.0.1:{world.smtp_port}?starttls=off"
from = "recwatch@example.org"

[[sources]]
id = "harbor-lights"
format = "gao-agency"
url = "{world.site}{AGENCY_PATH}"
every = "1s"

[[subscriptions]]
id = "lights-team"
channel = "slack"
webhook_url = "{world.site}/slack"

[[subscriptions]]
id = "audit-liaison"
channel = "email"
to = ["audit-liaison@example.org"]

[[subscriptions]]
id = "tracker"
channel = "webhook"
url = "{world.site}/hooks/gao"
secret = "{secret}"
[subscriptions.match]
agencies = ["{AGENCY}"]
"""


@contextmanager
def _up(config: Path, home: Path) -> Iterator[Path]:
    """Run `recwatch up` in a session of its own, and stop it with SIGTERM."""
    log = config.with_name("up.log")
    command = [sys.executable, "-m", "recwatch", "--config", str(config), "--home", str(home), "up"]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _has_read(home: Path) -> bool:
    try:
        with open_existing(f"sqlite:///{home / FILE}") as store, store.read() as connection:
            return connection.execute(select(coverage.c.source_id)).first() is not None
    except StoreError:  # does not exist yet, or is being made
        return False


def _wait(done: Callable[[], bool], what: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise Failure(f"{what} did not happen within {_PATIENCE:.0f} s; `recwatch up` wrote to {log}")
        time.sleep(0.05)
