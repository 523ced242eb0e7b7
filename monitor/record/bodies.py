"""A page's body as it is held while it is on its way: as it came, but packed beyond some megabytes.

A large one never stands in memory whole: whoever reads it goes through it from beginning to end, a block at a
time, or asks for some of its parts. Packed and not put into a file, since telephone numbers are still in it.
Pure.
"""

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

STEP = 256 * 1024  # bytes of a block, unpacked
PLAIN = 12 * 2**20  # bytes beyond which a body is packed, at least a block; the government's export has 7 MB
_LEVEL = 1  # a third of the work of zlib's 6, for a fifth more room


@dataclass(frozen=True, slots=True)
class Packed:
    """A large body: blocks of STEP bytes, the last one shorter; those beyond PLAIN are packed one by one.

    `rest` is the SHA-256 of all that comes after the first block, which is never packed.
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
    """All of a body at once, for those who need it so."""
    return body if isinstance(body, bytes) else body[:]


def pieces(body: Body, start: int = 0) -> Iterator[bytes]:
    """A body from an offset on, a block at a time."""
    first = start - start % STEP
    return parts(body, ((max(at, start), min(at + STEP, len(body))) for at in range(first, len(body), STEP)))


def parts(body: Body, spans: Iterable[tuple[int, int]]) -> Iterator[bytes]:
    """Parts of a body, by their ascending ranges; no block is unpacked twice."""
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
    """A body that comes in piece by piece."""

    def __init__(self) -> None:
        self.size = 0  # of what came
        self.held = 0  # bytes of memory
        # Joined once at the end: a buffer that grows and is copied costs ten times that.
        self._pieces: deque[bytes] = deque()
        self._blocks: list[bytes] = []
        self._rest = sha256()

    def add(self, piece: bytes) -> None:
        """Take in what comes next."""
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
            self._rest.update(block)  # now that it is at hand: to unpack it again costs more than its hash
        self._blocks.append(block if len(self._blocks) < PLAIN // STEP else zlib.compress(block, _LEVEL))
        self.held += len(self._blocks[-1]) - size

    def body(self) -> Body:
        """What came, as it is held from now on; nothing is to be added any more."""
        if self.size <= PLAIN:
            return b"".join(self._pieces)
        if rest := self.size - len(self._blocks) * STEP:
            self._add_block(rest)
        return Packed(tuple(self._blocks), self.size, self._rest.digest())


def filled(given: Iterable[bytes]) -> Body:
    """A body of pieces that are all there."""
    filling = Filling()
    for piece in given:
        filling.add(piece)
    return filling.body()
