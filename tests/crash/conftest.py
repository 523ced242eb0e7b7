"""What the crash tests share."""

import pytest

from monitor.record.store.upgrade import open_store


@pytest.fixture
def url(store_url: str) -> str:
    """A migrated store's address; no connection of it is open, so a fork inherits none."""
    open_store(store_url).close()
    return store_url
