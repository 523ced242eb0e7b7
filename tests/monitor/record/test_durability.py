"""Which commits wait for the disk."""

from sqlalchemy import text

from monitor.record.store import Store

_WAITS, _SPARES = 2, 1  # FULL and NORMAL, as SQLite counts them


def test_what_people_are_told_of_waits_for_the_disk_and_a_lease_does_not(store: Store) -> None:
    """A power failure loses no change that was told; leases and turns are found out again."""
    seen = []
    for light in (False, True, False, True, True, False):
        with store.write(light=light) as connection:
            seen.append(connection.execute(text("PRAGMA synchronous")).scalar_one())
    assert seen == [_WAITS, _SPARES, _WAITS, _SPARES, _SPARES, _WAITS]
