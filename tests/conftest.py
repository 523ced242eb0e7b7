"""What tests in every room share: stores, and the real pages where they are at hand."""

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, text

from monitor.record.store.store import Store
from monitor.record.store.upgrade import open_store
from tests.fakes import folders, postgres

# The same examples each time: what a run finds by chance is no verdict on the change that it is run for.
# Others are looked for by `make soak` and `make fuzz`, and with `--hypothesis-profile=chance`.
# Neither how long an example takes nor how long it is to be made says anything on a machine that is busy.
_PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("suite", derandomize=True, **_PATIENT)
settings.register_profile("chance", **_PATIENT)
settings.load_profile("chance" if "RECWATCH_SOAK" in os.environ else "suite")

CAPTURES = Path(__file__).parents[2] / "shared" / "captures"
_numbers = itertools.count(1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than there are processors: a fifth of the tests' time is spent waiting."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(autouse=True)
def _logs_as_by_default() -> None:
    """What the program set in another test's process, such as a standard error since closed, is over."""
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def captures() -> Path:
    """The folder of real pages; tests that need it are skipped where it is absent."""
    if not CAPTURES.is_dir():
        pytest.skip("real pages: ../shared/captures is not there")
    return CAPTURES


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A migrated SQLite store of the test's own."""
    with open_store(f"sqlite:///{tmp_path / 'recwatch.sqlite3'}") as opened:
        yield opened


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server's address, with {} for the database."""
    if postgres.find_binaries() is None:
        pytest.skip("PostgreSQL: no initdb on this machine")
    # Not below pytest's own folder: a socket's path has to be short, and another user has to reach it.
    with folders.short("rwpg-") as folder, postgres.running(folder) as address:
        yield address


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """The address of an empty database of the test's own."""
    name = f"t{next(_numbers)}"
    engine = create_engine(postgres_server.format("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return postgres_server.format(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store: each test runs on both kinds."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'recwatch.sqlite3'}"


@pytest.fixture
def any_store(store_url: str) -> Iterator[Store]:
    """A migrated store of either kind."""
    with open_store(store_url) as opened:
        yield opened
