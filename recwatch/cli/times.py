"""Times as people give them on the command line."""

from datetime import UTC, datetime, timedelta

from monitor.record.durations import parse_duration
from recwatch.errors import Exit, Failure


def now() -> datetime:
    """The present, with its time zone."""
    return datetime.now(UTC)


def moment(text: str, *, option: str) -> datetime:
    """Parse `30d` (ago), `2026-03-01` (its local midnight) or `2026-03-01T12:00:00Z`."""
    try:
        return now() - parse_duration(text)
    except (ValueError, OverflowError):
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        example = "write 30d, 2026-03-01 or 2026-03-01T12:00:00Z"
        raise Failure(f'{option}: "{text}" is not a time; {example}', Exit.CONFIGURATION) from None
    return found if found.tzinfo else found.astimezone()


def ago(then: datetime | None) -> str:
    """How long ago, in one unit: `3 h ago`; for a time in the future, `in 3 h`."""
    if then is None:
        return "never"
    span = now() - then
    words = _length(abs(span))
    return f"in {words}" if span < timedelta() else f"{words} ago"


def _length(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and size == 60):
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
