"""Work in a thread whose effects must not outlive who waits for it."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

_T = TypeVar("_T")


async def to_the_end(work: Callable[..., _T], *arguments: Any) -> _T:
    """Do something in a thread, and leave only when it has ended, also when cancelled meanwhile.

    A thread cannot be stopped: what a claim in it gets after its waiter has gone would be nobody's.
    """
    doing = asyncio.get_running_loop().run_in_executor(None, partial(work, *arguments))
    try:
        return await asyncio.shield(doing)
    finally:
        while not doing.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([doing])
