"""Sequences cut into batches."""

import pytest

from monitor.record.batches import batched


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1, [[0]]), (3, [[0, 1, 2]]), (4, [[0, 1, 2], [3]])]
)
def test_batches_are_full_but_for_the_last(count: int, expected: list[list[int]]) -> None:
    """Every item once, in order; of nothing there is no batch; any iterable will do."""
    assert list(batched(iter(range(count)), 3)) == expected
    assert [len(batch) for batch in batched(range(1001))] == [500, 500, 1]
