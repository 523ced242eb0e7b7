"""The made-up page, its changes round by round, and so what every subscription must hear. Pure."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil

from tests.fakes.pages import Row, export

AGENCIES = ("Bureau of Harbor Lights", "Office of Buoys", "Administration of Ferries", "Commission on Tides")
CHANNELS = ("slack", "email", "webhook")
THREADED = "slack-threaded"  # hears of the first agency, as a summary with a thread
_SUMMARIZE_OVER = 3
_MONTHS = ("January", "March", "May", "June", "August", "October", "December")
_NEVER_STALE = datetime(2099, 1, 1, tzinfo=UTC)  # a stamp in the future says nothing


@dataclass(frozen=True, order=True)
class Told:
    """One change as one recipient has to hear of it, exactly once: the ledger's unit."""

    subscription: str
    recipient: str
    pier: int
    revision: int


@dataclass(frozen=True)
class Subscription:
    """One subscription of the run; `agency` is its place in AGENCIES."""

    name: str
    channel: str
    agency: int
    recipients: tuple[str, ...] = ("",)
    summarize_over: int = 100_000


def token(pier: int, revision: int) -> str:
    """What stands in a narrative for the ledger to find."""
    return f"p{pier:04}r{revision:03}"


@dataclass(frozen=True)
class Script:
    """`rounds[n]` is the page after n changes: each pier's revision; the first page is told to nobody."""

    rounds: tuple[dict[int, int], ...]
    subscriptions: tuple[Subscription, ...]
    seed: int

    def page(self, number: int) -> bytes:
        """The page of a round."""
        return export([_row(self.seed, *each) for each in sorted(self.rounds[number].items())], _NEVER_STALE)

    def changes(self, number: int) -> Iterator[tuple[int, int]]:
        """What a round changed: piers with their new revisions."""
        before = self.rounds[number - 1]
        return ((pier, now) for pier, now in self.rounds[number].items() if before.get(pier) != now)

    def events_until(self, number: int) -> int:
        """How many changes have happened once a round's page was read."""
        return sum(1 for each in range(1, number + 1) for _ in self.changes(each))

    def expected(self) -> set[Told]:
        """Everything that everybody has to hear of."""
        happened = [change for number in range(1, len(self.rounds)) for change in self.changes(number)]
        return {
            Told(each.name, recipient, pier, revision)
            for each in self.subscriptions
            for recipient in each.recipients
            for pier, revision in happened
            if pier % len(AGENCIES) == each.agency
        }


def write(messages: int, seed: int) -> Script:
    """A script of about so many messages, a third a channel; the same for the same seed."""
    draw = random.Random(seed)
    # Slack takes one message a second in a channel, so what grows is the number of channels.
    each = 6 if messages >= 3000 else 4
    events = ceil(messages / len(CHANNELS) / each)
    rounds = min(14, max(3, events // 10))
    piers = max(12, min(120, 3 * events // rounds))
    pages = [dict.fromkeys(range(1, piers + 1), 1)]
    for number in range(1, rounds + 1):
        many = events * number // rounds - events * (number - 1) // rounds
        pages.append(_next(pages[-1], many, draw))
    return Script(tuple(pages), tuple(_subscriptions(each)), seed)


def _next(page: dict[int, int], many: int, draw: random.Random) -> dict[int, int]:
    """The page with so many changes, one of them a recommendation that is new."""
    changed = draw.sample(sorted(page), many - 1)
    return {pier: now + (pier in changed) for pier, now in page.items()} | {max(page) + 1: 1}


def _subscriptions(each: int) -> Iterator[Subscription]:
    for agency in range(len(AGENCIES)):
        for number in range(each):
            name = f"{agency}-{number}"
            yield Subscription(f"slack-{name}", "slack", agency)
            yield Subscription(f"webhook-{name}", "webhook", agency)
        for number in range(each // 2):
            name = f"email-{agency}-{number}"
            to = tuple(f"{name}-{person}@example.org" for person in ("one", "two"))
            yield Subscription(name, "email", agency, to)
    yield Subscription(THREADED, "slack", 0, summarize_over=_SUMMARIZE_OVER)


def _row(seed: int, pier: int, revision: int) -> Row:
    draw = random.Random(f"{seed} {pier} {revision}")
    month, year = draw.choice(_MONTHS), 2027 + revision % 8
    return Row(
        product=f"GAO-30-8{pier:05}",
        title=f"Harbor Lights: Report {pier} of Many",
        agency=AGENCIES[pier % len(AGENCIES)],
        text=f"The head of the agency should see to pier {pier}.",
        narrative=f"The agency agreed. Mark {token(pier, revision)} stands in its plan for pier {pier}. "
        f"It expects to replace the lamps by {month} {year}.",
    )
