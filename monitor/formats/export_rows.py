"""The export's raw rows, split and hashed without being parsed. Pure.

A row that is identical to the one read last time need not be parsed, folded or compared. Only an export whose
rows are all well-formed is split here; any other is read as a whole, by the code that can say what is wrong.
It is read block by block; of each row the hash and the end are kept.
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

from monitor.formats import gao_csv
from monitor.formats.page.decode import with_plain_lines
from monitor.formats.page.saved import is_archive
from monitor.formats.phones import PHONE_COLUMN, without_leftovers
from monitor.formats.recognise import is_markup
from monitor.record.bodies import Body, parts, pieces

_HEAD = 20_000
_HASH = 16  # bytes
_NOTHING = b',;"\t \r\n'  # the characters of an empty row, which the extractor skips
_LONGEST = 2**20  # bytes of a row: patterns are not applied to longer ones


@dataclass(frozen=True, slots=True)
class RawRows:
    """Where the table begins, where each row ends, its hash without telephone numbers, and where those are.

    `phones`: starts and ends alternately; `blanks`: whether any column is for telephone numbers.
    """

    start: int
    header: gao_csv.Header
    blanks: bool
    ends: "array[int]" = field(default_factory=lambda: array("Q"))
    hashes: list[bytes] = field(default_factory=list)
    phones: "array[int]" = field(default_factory=lambda: array("Q"))

    def span(self, place: int) -> tuple[int, int]:
        """A row's range of bytes."""
        return self.ends[place - 1] if place else self.start, self.ends[place]

    def begins_at(self, body: Body, header: gao_csv.Header) -> bool:
        """Whether a header found in the decoded text is the table's."""
        above = with_plain_lines(body[: self.start].decode("utf-8-sig"))
        mine = self.header
        return (header.names, header.separator, header.end) == (mine.names, mine.separator, len(above))


@dataclass(frozen=True, slots=True)
class _Shape:
    """The pattern of a row, and which of its groups are telephone numbers."""

    row: re.Pattern[bytes]
    groups: range
    salt: bytes


def take_apart(body: Body, salt: bytes) -> RawRows | None:
    """Split an export; None for anything else, and for one with malformed rows or not in UTF-8.

    `salt` goes into each hash: 64 bytes at most.
    """
    head = body[:_HEAD]
    text = head.decode("utf-8", "ignore")
    header = None if head[:1] in (b"<", b"\x1f") else gao_csv.find_header(text)
    if header is None or is_archive(head) or is_markup(text) or text.lstrip()[:1] == "<":
        return None
    start = len(text[: header.end].encode())
    if not _is_sound(head[:start]):
        return None
    phones = tuple(at for at, name in enumerate(header.names) if PHONE_COLUMN.search(name))
    row = _row(header.separator.encode(), len(header.names), phones)
    raw = RawRows(start, header, bool(phones))
    return raw if _collect(body, raw, _Shape(row, range(1, len(phones) + 1), salt)) else None


def _collect(body: Body, raw: RawRows, shape: _Shape) -> bool:
    """Split all rows; False where one is malformed or there are none."""
    position, left = raw.start, b""
    for piece in pieces(body, raw.start):
        block = left + piece
        is_last = position + len(block) == len(body)
        used = _collect_some(block, position, raw, shape, is_last=is_last)
        if used is None or not _is_sound(block[:used]):
            return False
        position, left = position + used, block[used:]
        if len(left) > _LONGEST:
            return False
    return not left.strip() and bool(raw.hashes)


def _collect_some(block: bytes, position: int, raw: RawRows, shape: _Shape, *, is_last: bool) -> int | None:
    """Split the complete rows of a block; where they end, or None where one is empty.

    Only the last row of the body may lack a line end: elsewhere a row continues in the next block.
    """
    match, at, size = shape.row.match, 0, len(block)
    while at < size and (found := match(block, at)):
        end = found.end()
        if end == size and not is_last and not block.endswith(b"\n"):
            break
        if not block[at:end].strip(_NOTHING):
            return None
        raw.ends.append(position + end)
        raw.hashes.append(_hash(block, found, shape))
        for group in shape.groups:
            if found[group].strip(b'" '):
                raw.phones.extend((position + found.start(group), position + found.end(group)))
        at = end
    return at


def only(body: Body, raw: RawRows, places: Sequence[int]) -> bytes:
    """The export with only some of its rows; `places` ascend."""
    return b"".join([body[: raw.start], *parts(body, map(raw.span, places))])


@dataclass(frozen=True, slots=True)
class Blanked:
    """The result of blank_phones for an export, in pieces; can be iterated repeatedly."""

    body: Body
    raw: RawRows

    def __iter__(self) -> Iterator[bytes]:
        """Pieces that each end with a line end; the first one holds everything above the table."""
        left, least = b"", self.raw.start
        for piece in self._cut():
            block = left + piece
            end = block.rfind(b"\n") + 1  # no number continues after a line end
            if end < least:
                left = block
                continue
            yield self._without_leftovers(block[:end])
            left, least = block[end:], 0
        yield self._without_leftovers(left)

    def _without_leftovers(self, block: bytes) -> bytes:
        if not self.raw.blanks:
            return block
        return without_leftovers(block.decode(), self.raw.header.separator).encode()

    def _cut(self) -> Iterator[bytes]:
        """Its pieces without the content of the columns for telephones."""
        phones, at, position = self.raw.phones, 0, 0
        for piece in pieces(self.body):
            kept, start, end = [], 0, position + len(piece)
            while at < len(phones) and phones[at] < end:
                kept.append(piece[start : max(phones[at] - position, 0)])
                start = min(phones[at + 1] - position, len(piece))
                if phones[at + 1] > end:
                    break  # it continues in the next piece
                at += 2
            kept.append(piece[start:])
            yield b"".join(kept)
            position = end


def _hash(block: bytes, found: re.Match[bytes], shape: _Shape) -> bytes:
    made, position = blake2b(digest_size=_HASH, key=shape.salt), found.start()
    for group in shape.groups:
        made.update(block[position : found.start(group)])
        position = found.end(group)
    made.update(block[position : found.end()])
    return made.digest()


def _is_sound(block: bytes) -> bool:
    """Whether it is UTF-8 without a NUL."""
    if b"\x00" in block:
        return False
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True


@lru_cache(maxsize=8)
def _row(separator: bytes, width: int, phones: tuple[int, ...]) -> re.Pattern[bytes]:
    """A row of so many cells, with a group for each telephone number. Does not backtrack."""
    part = re.escape(separator)
    cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"|[^"%b\r\n]*+)' % part
    cells = [b"(%b)" % cell if at in phones else cell for at in range(width)]
    return re.compile(part.join(cells) + rb"(?:\r?\n|\Z)")
