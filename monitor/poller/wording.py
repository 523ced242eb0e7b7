"""What operators read of a source that could not be read: why, what to do, the next try. Pure."""

from datetime import datetime

from monitor.fetching.sites import without_password
from monitor.record.masking import masked_url
from monitor.record.settings import Source


def trouble(reason: str, source: Source, url: str, place: str | None, next_try: str | None) -> str:
    """One line: the reason, where a saved page goes, the next try.

    `url` is what a person should open (what is secret in it is not shown), `place` where the source takes
    files ("in drop/", "as a.html"), None where it takes none. `reason` ends in a full stop.
    """
    url = masked_url(without_password(url))
    if place:
        by_hand = f"Open {url} in a browser and save it {place}; it is read at once."
    else:
        command = f"recwatch poll --once --source {source.id} --from FILE"
        by_hand = f"Open {url} in a browser, save it, and hand it over with `{command}`."
    return f"{reason} {by_hand}" + (f" Next try {next_try}." if next_try else "")


def clock_time(moment: datetime, now: datetime) -> str:
    """The time of day, with the date where it is another day. Both in the zone that is meant."""
    return f"{moment:%H:%M}" if moment.date() == now.date() else f"{moment:%d %b %H:%M}"
