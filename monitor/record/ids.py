"""Identifiers: a prefix that says of what, then letters and digits."""

import secrets
import string

_ALPHABET = string.digits + string.ascii_lowercase + string.ascii_uppercase
_LENGTH = 22  # 131 bits: no two machines ever draw the same


def new_id(prefix: str) -> str:
    """Draw a fresh identifier such as `evt_4kZ…`; prefixes in use: evt, msg, job."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
