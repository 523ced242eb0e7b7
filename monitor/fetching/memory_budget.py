"""How much of the pages on their way is in memory: a bound, however many are asked for at once.

`FREE` bytes are shared by all. Beyond that one body at a time goes on growing, up to the limit that each has;
the others wait where they are until one has been taken in. So there is always one that comes to its end, and
together they are never more than FREE and one body's limit.
"""

import asyncio
from types import TracebackType
from typing import Self

FREE = 32 * 2**20  # bytes: the whole government's export four times, or two hundred agency pages


class Room:
    """The memory for the bodies of one process. For one event loop."""

    def __init__(self, free: int = FREE) -> None:
        self.free = free
        self.used = 0
        self._ahead: Share | None = None  # who may go on growing
        self._waiting: list[asyncio.Future[None]] = []

    def share(self) -> "Share":
        """What one page takes of it, for a block: given back at its end, whatever came of the page."""
        return Share(self)

    def fits(self, share: "Share", more: int) -> bool:
        """Whether a page may grow by so much."""
        if self.used + more <= self.free or self._ahead is share:
            return True
        if self._ahead is None:
            self._ahead = share
        return self._ahead is share

    async def change(self) -> None:
        """Wait until something was given back."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def changed(self, share: "Share") -> None:
        """Say that a page has given something back; `share` need not be ahead any more."""
        if self._ahead is share:
            self._ahead = None
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if not one.done():
                one.set_result(None)


class Share:
    """What one page takes of the room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.held = 0

    def take(self, size: int) -> bool:
        """Hold so many bytes in all, if there is room for them now."""
        more = size - self.held
        if more > 0 and not self._room.fits(self, more):
            return False
        self._room.used += more
        self.held = size
        return True

    async def wait(self, size: int) -> None:
        """Hold so many bytes in all as soon as there is room for them."""
        while not self.take(size):
            await self._room.change()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._room.used -= self.held
        self.held = 0
        self._room.changed(self)
