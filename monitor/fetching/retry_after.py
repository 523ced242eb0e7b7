"""When a site asks to be left alone until: the Retry-After header in both its forms. Pure."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(days=1)


def retry_at(value: str | None, now: datetime) -> datetime | None:
    """Read seconds or an HTTP date; None where it says nothing, at most a day from now."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        # Figures of any length may come: longer than nine is longer than a day in any case.
        return now + (LONGEST if len(text) > 9 else min(timedelta(seconds=int(text)), LONGEST))
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    return min(moment, now + LONGEST) if moment > now else None
