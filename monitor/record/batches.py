"""Sequences cut into batches, for statements that take a limited number of bound parameters. Pure."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

STATEMENT = 500  # values that every database takes in one `IN (…)`


def batched(items: Iterable[T], size: int = STATEMENT) -> Iterator[list[T]]:
    """Cut items into lists of `size`, the last one shorter (itertools.batched, which Python 3.11 lacks)."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
