"""Starting costs what the verb needs: libraries are imported by those that use them."""

import os
import subprocess
import sys

import pytest

from recwatch.cli.app import VERBS, module_of

_HEAVY = (
    "aiohttp",
    "alembic",
    "httpx",
    "jinja2",
    "jsondiff",
    "pydantic",
    "redis",
    "rq",
    "slack_sdk",
    "sqlalchemy",
)
_ALL = "; ".join(f"import {module_of(verb)}" for verb in VERBS)


def _imported(statements: str) -> set[str]:
    """Which of the libraries are there after some statements, in a process of its own."""
    code = f"import sys; {statements}; print(*[name for name in {_HEAVY} if name in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    ("statements", "needed"),
    [
        (_ALL, {"pydantic"}),
        ("import monitor.poller, recwatch.runtime.polling", {"aiohttp", "httpx", "pydantic", "sqlalchemy"}),
        ("import recwatch.configuration", {"pydantic"}),
        ("import monitor.formats", set()),
        ("import monitor.record.store.store, monitor.record.store.upgrade", {"pydantic", "sqlalchemy"}),
    ],
    ids=["verbs", "polling", "configuration", "formats", "store"],
)
def test_nothing_is_imported_that_is_not_used(statements: str, needed: set[str]) -> None:
    """No verb imports store, network or queue until it runs; polling, neither the queue nor the channels."""
    assert _imported(statements) <= needed
