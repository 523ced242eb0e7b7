"""The export's rows as they came, told apart and hashed without being read. Pure.

For a row that is the one read last time nothing needs to be resolved, folded or compared. Only an export
whose every row is well-formed is taken apart here; any other is read whole, by the reader that can tell what
is wrong.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from monitor.formats import gao_csv
from monitor.formats.phones import PHONE_COLUMN

_HEAD = 20_000
_HASH = 16  # bytes
_NOTHING = b',;"\t \r\n'  # of this an empty row is made, which the reader passes over


@dataclass(frozen=True, slots=True)
class RawRows:
    """Where the table begins, each row's range of bytes, and its hash without its telephone numbers."""

    start: int
    spans: list[tuple[int, int]]
    hashes: list[bytes]


def take_apart(body: bytes, salt: bytes) -> RawRows | None:
    """The rows of an export; None for what is no export, or not one of well-formed rows in UTF-8.

    `salt` goes into each hash: 64 bytes at most.
    """
    head = body[:_HEAD].decode("latin-1")
    header = None if head[:1] in ("<", "\x1f") else gao_csv.find_header(head)
    if header is None or b"\x00" in body or not _is_utf8(body):
        return None
    phones = tuple(at for at, name in enumerate(header.names) if PHONE_COLUMN.search(name))
    row = _row(header.separator.encode(), len(header.names), phones)
    spans, hashes, position = [], [], header.end
    groups = range(1, len(phones) + 1)
    for found in row.finditer(body, position):
        if found.start() != position:
            return None
        position = found.end()
        if not body[found.start() : position].strip(_NOTHING):
            return None
        spans.append(found.span())
        hashes.append(_hash(body, found, groups, salt))
    return RawRows(header.end, spans, hashes) if not body[position:].strip() and spans else None


def only(body: bytes, raw: RawRows, places: Sequence[int]) -> bytes:
    """The same export with some of its rows alone."""
    return body[: raw.start] + b"".join(body[slice(*raw.spans[place])] for place in places)


def _hash(body: bytes, found: re.Match[bytes], groups: range, salt: bytes) -> bytes:
    made, position = blake2b(digest_size=_HASH, key=salt), found.start()
    for group in groups:
        made.update(body[position : found.start(group)])
        position = found.end(group)
    made.update(body[position : found.end()])
    return made.digest()


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
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
