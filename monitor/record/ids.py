"""Random ids: a prefix for the kind, then letters and digits."""

import secrets
import string

_ALPHABET = string.digits + string.ascii_lowercase + string.ascii_uppercase
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_LENGTH = 22  # 131 bits: no two machines ever make the same


def new_id(prefix: str) -> str:
    """Make an id such as `evt_4kZ…`; prefixes in use: evt, msg, job, epoch."""
    # One random number: one for each letter would be 22 system calls, a third of the cost of a message.
    number = secrets.randbelow(len(_ALPHABET) ** _LENGTH)
    letters = []
    for _ in range(_LENGTH // 2):
        number, pair = divmod(number, len(_PAIRS))
        letters.append(_PAIRS[pair])
    return f"{prefix}_{''.join(letters)}"
