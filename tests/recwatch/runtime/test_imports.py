"""A poller starts without what it does not use."""

import gc
import subprocess
import sys
from contextlib import suppress

from recwatch.runtime.imports import importing, without_optional

_POLLER = """
import sys
import recwatch.runtime.logging, recwatch.runtime.polling
unused = {"rich", "click", "pygments", "alembic", "slack_sdk", "jinja2", "redis", "rq"}
unused.add("sqlalchemy.dialects.postgresql")
print(*sorted(unused & sys.modules.keys()))
import rich, click, httpx, structlog
"""


def test_a_poller_imports_nothing_that_it_does_not_use() -> None:
    """Neither what its libraries would import for themselves, nor what only workers and migrations need."""
    done = subprocess.run([sys.executable, "-c", _POLLER], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_is_imported_is_no_garbage_and_later_garbage_is() -> None:
    """Collecting is off for the block alone, whatever happens in it."""
    seen = []
    with suppress(ImportError), importing():
        seen.append(gc.isenabled())
        raise ImportError
    assert [*seen, gc.isenabled()] == [False, True]
    assert gc.get_freeze_count()
    gc.unfreeze()


def test_what_is_there_already_is_not_hidden() -> None:
    """Two copies of one library would not know each other's classes."""
    import rich

    with without_optional():
        assert sys.modules["rich"] is rich
    assert sys.modules["rich"] is rich
