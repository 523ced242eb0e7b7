"""The export's rows as they came, told apart and hashed without being read. Pure.

For a row that is the one read last time nothing needs to be resolved, folded or compared. Only an export
whose every row is well-formed is taken apart here; any other is read whole, by the reader that can tell what
is wrong. It is gone through a block at a time; what is kept of a row is its hash and where it ends.
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
_NOTHING = b',;"\t \r\n'  # of this an empty row is made, which the reader passes over
_LONGEST = 2**20  # bytes of a row: no pattern is let loose on a longer one


@dataclass(frozen=True, slots=True)
class RawRows:
    """Where the table begins, where each row ends, its hash without telephone numbers, and where those are.

    `phones`: starts and ends in turn; `blanks`: whether any column is for them.
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
        """Whether a header found in the decoded text is the one below which the table begins."""
        above = with_plain_lines(body[: self.start].decode("utf-8-sig"))
        mine = self.header
        return (header.names, header.separator, header.end) == (mine.names, mine.separator, len(above))


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a row looks, and which of its groups are telephone numbers."""

    row: re.Pattern[bytes]
    groups: range
    salt: bytes


def take_apart(body: Body, salt: bytes) -> RawRows | None:
    """The rows of an export; None for what is no export, or not one of well-formed rows in UTF-8.

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
    """Tell all rows apart; whether each is well-formed, and there are some."""
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
    """Tell the whole rows of a block apart; where they end, or None where one is empty.

    Only at the end of the body may a row end without a line's end: elsewhere it goes on in the next block.
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
    """The same export with some of its rows alone; `places` ascend."""
    return b"".join([body[: raw.start], *parts(body, map(raw.span, places))])


@dataclass(frozen=True, slots=True)
class Blanked:
    """An export as blank_phones makes it, in pieces, as often as it is gone through."""

    body: Body
    raw: RawRows

    def __iter__(self) -> Iterator[bytes]:
        """Pieces that end with a line's end, whatever it ends; the first one holds all above the table."""
        left, least = b"", self.raw.start
        for piece in self._cut():
            block = left + piece
            end = block.rfind(b"\n") + 1  # no number goes on after a line's end
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
        """Its pieces without what stands in the columns for telephones."""
        phones, at, position = self.raw.phones, 0, 0
        for piece in pieces(self.body):
            kept, start, end = [], 0, position + len(piece)
            while at < len(phones) and phones[at] < end:
                kept.append(piece[start : max(phones[at] - position, 0)])
                start = min(phones[at + 1] - position, len(piece))
                if phones[at + 1] > end:
                    break  # it goes on in the next piece
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
    """One whole row of so many cells, a group round each telephone number. Never goes back."""
    part = re.escape(separator)
    cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"|[^"%b\r\n]*+)' % part
    cells = [b"(%b)" % cell if at in phones else cell for at in range(width)]
    return re.compile(part.join(cells) + rb"(?:\r?\n|\Z)")
