"""Bounds the memory that pages take while they are downloaded and read, however many are asked for at once.

`FREE` bytes are shared by all. Beyond that one body at a time goes on growing, up to the limit of each; the
others wait until one has been taken in. So one can always finish, and together they never take more than FREE
and one body's limit.
"""

import asyncio
from types import TracebackType
from typing import Self

FREE = 32 * 2**20  # bytes: the whole government's export four times, or two hundred agency pages


class MemoryBudget:
    """The memory for the bodies of one process. For one event loop."""

    def __init__(self, free: int = FREE) -> None:
        self.free = free
        self.used = 0
        self._ahead: Share | None = None  # the one that may go on growing
        self._waiting: list[asyncio.Future[None]] = []

    def share(self) -> "Share":
        """A page's share, for a block: given back at its end in any case."""
        return Share(self)

    def fits(self, share: "Share", more: int) -> bool:
        """Whether a page may grow by so much."""
        if self.used + more <= self.free or self._ahead is share:
            return True
        if self._ahead is None:
            self._ahead = share
        return self._ahead is share

    async def change(self) -> None:
        """Wait until a page has given something back."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def changed(self, share: "Share") -> None:
        """Wake those that wait: a page has given something back; `share` is not ahead any more."""
        if self._ahead is share:
            self._ahead = None
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)


class Share:
    """What one page takes of the budget."""

    def __init__(self, budget: MemoryBudget) -> None:
        self._budget = budget
        self.held = 0

    def take(self, size: int) -> bool:
        """Hold so many bytes in all, if the budget allows it now."""
        more = size - self.held
        if more > 0 and not self._budget.fits(self, more):
            return False
        self._budget.used += more
        self.held = size
        return True

    async def wait(self, size: int) -> None:
        """Hold so many bytes in all as soon as the budget allows it."""
        while not self.take(size):
            await self._budget.change()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._budget.used -= self.held
        self.held = 0
        self._budget.changed(self)
