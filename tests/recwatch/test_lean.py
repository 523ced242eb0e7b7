"""A poller starts without what it does not use."""

import subprocess
import sys

_POLLER = """
import sys
import recwatch.logging, recwatch.polling
unused = {"rich", "click", "pygments", "alembic", "slack_sdk", "jinja2", "redis", "rq"}
print(*sorted(unused & sys.modules.keys()))
import rich, httpx, structlog
"""


def test_a_poller_imports_nothing_that_it_does_not_use() -> None:
    """Neither what its libraries would import for themselves, nor what only workers and migrations need."""
    done = subprocess.run([sys.executable, "-c", _POLLER], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
