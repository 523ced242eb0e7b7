"""When a receiver asks to be tried again. Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT = 86_400.0  # seconds; a receiver that asks for more is tried again after a day


def retry_after(value: str, now: datetime) -> float | None:
    """Read seconds or an HTTP date as seconds from now, at most a day; None where it says no such thing.

    A wait of zero counts as none: honoured, it would be retried without end.
    """
    text = value.strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        seconds = float(text)
    else:
        try:
            date = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        seconds = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
    return min(seconds, LONGEST_WAIT) if seconds > 0 else None
