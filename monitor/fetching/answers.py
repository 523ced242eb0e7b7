"""A request for a page, and the answers to it that are not a page."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.fetching.memory_budget import Share
from monitor.record.values import Outcome


@dataclass(frozen=True, slots=True)
class Request:
    """A page to be asked for.

    `etag` and `last_modified` are those of the last believed copy, sent back; None for an unconditional
    request. `every` caps the back-off of the host. `share`: its body's share of the memory budget; without
    one it is held however large, up to max_bytes.
    """

    url: str
    every: timedelta
    obey_robots: bool = True
    etag: str | None = None
    last_modified: str | None = None
    share: Share | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """The site says that its page is the one last believed."""

    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """No page came. `message` is one sentence for people, without what to do about it.

    `outcome` is blocked (the site refuses), disallowed (by robots.txt) or failing. `retry_at`: not to be
    asked before. `everywhere`: the whole host is in trouble, so other pages of it wait too.
    """

    outcome: Outcome
    message: str
    retry_at: datetime | None = None
    everywhere: bool = True
