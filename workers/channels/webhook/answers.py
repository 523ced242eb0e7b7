"""What a receiver's answer means for the message. Pure."""

from collections.abc import Mapping
from datetime import datetime

from workers.channels.text.inert import one_line
from workers.channels.text.retry_after import retry_after
from workers.channels.text.words import cut
from workers.values import TransportError

_LONGEST_TARGET = 200  # characters


def judge(
    host: str, status: int, headers: Mapping[str, str], excerpt: str, now: datetime
) -> TransportError | None:
    """None for success (2xx); else what went wrong and what that means.

    410 is permanent and pauses the subscription. 429 and 503 may say when to try again.
    Everything else is tried again by the schedule, 400 to 404 too: receivers are broken and mended, and
    a schedule of three days costs less than an event that was given up at once. Redirects as well.
    """
    if 200 <= status < 300:
        return None
    said = f"{host} answered {status}" + (f": {excerpt}" if excerpt else "")
    if status == 410:
        return TransportError(f"{said} (it wants no more messages)", permanent=True, pauses=True)
    if status in (429, 503) and (seconds := retry_after(headers.get("retry-after", ""), now)):
        return TransportError(said, retry_after=seconds)
    if 300 <= status < 400:
        target = cut(one_line(headers.get("location", "")).partition("?")[0], _LONGEST_TARGET) or "nowhere"
        return TransportError(
            f"{host} answered {status}, a redirect to {target}; write the final address as url"
        )
    return TransportError(said)
