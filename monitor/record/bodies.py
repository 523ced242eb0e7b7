"""A page's body in memory: plain bytes, or compressed block by block where it is large.

A large body is never in memory as a whole: it is read a block at a time or by ranges. It is compressed rather
than written to a file because it still holds telephone numbers. Pure.
"""

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

STEP = 256 * 1024  # bytes of a block, unpacked
PLAIN = 12 * 2**20  # bytes beyond which blocks are compressed; the whole export has 7 MB
_LEVEL = 1  # a third of the time of zlib's 6, a fifth more memory


@dataclass(frozen=True, slots=True)
class Packed:
    """A large body: blocks of STEP bytes, the last one shorter; those beyond PLAIN are compressed.

    `rest` is the SHA-256 of everything after the first block, which is never compressed.
    """

    blocks: tuple[bytes, ...]
    size: int
    rest: bytes

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, part: slice) -> bytes:
        start, end, _ = part.indices(self.size)
        return b"".join(parts(self, [(start, end)]))


Body = bytes | Packed


def whole(body: Body) -> bytes:
    """A body as bytes."""
    return body if isinstance(body, bytes) else body[:]


def pieces(body: Body, start: int = 0) -> Iterator[bytes]:
    """A body from an offset on, block by block."""
    first = start - start % STEP
    return parts(body, ((max(at, start), min(at + STEP, len(body))) for at in range(first, len(body), STEP)))


def parts(body: Body, spans: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """Ranges of a body in ascending order; no block is decompressed twice."""
    if isinstance(body, bytes):
        yield from (body[start:end] for start, end in spans)
        return
    number, block = -1, b""
    for start, end in spans:
        found, at = [], start
        while at < end:
            if at // STEP != number:
                number = at // STEP
                block = body.blocks[number]
                block = block if number < PLAIN // STEP else zlib.decompress(block, bufsize=STEP)
            found.append(block[at % STEP : at % STEP + end - at])
            at += len(found[-1])
        yield found[0] if len(found) == 1 else b"".join(found)


class Filling:
    """Builds a body of pieces as they arrive."""

    def __init__(self) -> None:
        self.size = 0  # bytes added
        self.held = 0  # bytes of memory in use
        # Joined once at the end: a growing buffer that is copied costs ten times as much.
        self._pieces: deque[bytes] = deque()
        self._blocks: list[bytes] = []
        self._rest = sha256()

    def add(self, piece: bytes) -> None:
        """Append a piece."""
        self._pieces.append(piece)
        self.size += len(piece)
        self.held += len(piece)
        loose = self.size - len(self._blocks) * STEP
        while self.size > PLAIN and loose >= STEP:
            self._add_block(STEP)
            loose -= STEP

    def _add_block(self, size: int) -> None:
        taken, missing = [], size
        while missing:
            piece = self._pieces.popleft()
            if len(piece) > missing:
                self._pieces.appendleft(piece[missing:])
                piece = piece[:missing]
            taken.append(piece)
            missing -= len(piece)
        block = b"".join(taken)
        if self._blocks:
            self._rest.update(block)  # now: decompressing it again would cost more than the hash
        self._blocks.append(block if len(self._blocks) < PLAIN // STEP else zlib.compress(block, _LEVEL))
        self.held += len(self._blocks[-1]) - size

    def body(self) -> Body:
        """The body; nothing may be added afterwards."""
        if self.size <= PLAIN:
            return b"".join(self._pieces)
        if rest := self.size - len(self._blocks) * STEP:
            self._add_block(rest)
        return Packed(tuple(self._blocks), self.size, self._rest.digest())


def filled(given: Iterable[bytes]) -> Body:
    """A body of given pieces."""
    filling = Filling()
    for piece in given:
        filling.add(piece)
    return filling.body()
