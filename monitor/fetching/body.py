"""Reads an answer's body within limits: bytes received, bytes unpacked, whole gzip members only."""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from monitor.record.bodies import Body, Filling

_STEP = 256 * 1024  # unpacked at a time: a gzip bomb is noticed at the limit
_GZIP = 31  # zlib's window bits for a gzip header
_MAGIC = b"\x1f\x8b"


class BodyRefused(Exception):
    """The body cannot be used; the message says why in words."""


async def read_body(
    chunks: AsyncIterator[bytes],
    headers: Mapping[str, str],
    limit: int,
    *,
    truncate: bool = False,
    wait: Callable[[int], Awaitable[None]] | None = None,
) -> Body:
    """Read a streamed answer, unpacked. BodyRefused: over `limit` bytes, cut off, or packed otherwise.

    `headers`: the answer's, names in lower case. `truncate`: what is beyond the limit is left unread instead.
    `wait`: waits until so many bytes may be held.
    """
    stated = headers.get("content-length", "")
    if not truncate and stated.isascii() and stated.isdigit() and int(stated[:18]) > limit:
        raise BodyRefused(_too_long(limit))
    filling = Filling()
    async for piece in _pieces(chunks, headers):
        if wait:
            await wait(filling.held + len(piece))
        filling.add(piece)
        if filling.size > limit:
            if truncate:
                return filling.body()[:limit]
            raise BodyRefused(_too_long(limit))
    return filling.body()


def _pieces(chunks: AsyncIterator[bytes], headers: Mapping[str, str]) -> AsyncIterator[bytes]:
    # Packed twice, a few bytes would unpack to more than any limit: one layer of what was asked for.
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return chunks
    if encoding in ("gzip", "x-gzip"):
        return _unpacked(chunks)
    raise BodyRefused(f"it came packed as {encoding[:40]!r}, which was not asked for")


async def _unpacked(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    unpacker = zlib.decompressobj(_GZIP)
    async for chunk in chunks:
        pending = chunk
        while pending:
            if unpacker.eof:
                if not pending.startswith(_MAGIC):
                    break  # padding after the last member
                unpacker = zlib.decompressobj(_GZIP)
            yield _unpack(unpacker, pending)
            # What a full step leaves behind comes with the next: a member's end is read after its last byte.
            pending = unpacker.unconsumed_tail or unpacker.unused_data
    if not unpacker.eof:
        raise BodyRefused("it was cut off on the way")


def _unpack(unpacker: "zlib._Decompress", packed: bytes) -> bytes:
    try:
        return unpacker.decompress(packed, _STEP)
    except zlib.error:
        raise BodyRefused("it arrived damaged") from None


def _too_long(limit: int) -> str:
    return f"it is longer than max_bytes in [http] allows ({limit:,} bytes)"
