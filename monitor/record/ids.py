"""Identifiers: a prefix that says of what, then letters and digits."""

import secrets
import string

_ALPHABET = string.digits + string.ascii_lowercase + string.ascii_uppercase
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_LENGTH = 22  # 131 bits: no two machines ever draw the same


def new_id(prefix: str) -> str:
    """Draw a fresh identifier such as `evt_4kZ…`; prefixes in use: evt, msg, job."""
    # One draw: a draw a letter asks the system 22 times, a third of what a message costs to make.
    number = secrets.randbelow(len(_ALPHABET) ** _LENGTH)
    letters = []
    for _ in range(_LENGTH // 2):
        number, pair = divmod(number, len(_PAIRS))
        letters.append(_PAIRS[pair])
    return f"{prefix}_{''.join(letters)}"
