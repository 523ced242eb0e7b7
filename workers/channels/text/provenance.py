"""Where a message comes from: when the words were seen, why one gets it, whom to ask. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from monitor.record.settings import Match, Subscription
from monitor.record.values import Event
from workers.channels.text.inert import one_line
from workers.channels.text.words import agency_in_short, cut
from workers.meaning.periods import day_in_words
from workers.values import Cause, Message

_LONGEST_WHY = 300
_MOST_NAMED = 3  # agencies in a subject; more are counted


def provenance(message: Message) -> tuple[str, ...]:
    """Up to three sentences for the end of a message."""
    return tuple(filter(None, (seen(message), why(message), whom_to_ask(message))))


def seen(message: Message) -> str:
    """`Seen between Sep 28 and Oct 5, 2026.`: the last reading of the old words and the first of the new."""
    events = [each.event for each in message.described_events]
    if not events or message.cause == Cause.TEST:
        return ""
    zone = ZoneInfo(message.subscription.timezone)
    last = max(event.at for event in events).astimezone(zone).date()
    starts = [before for event in events if (before := _before(event))]
    first = min(starts).astimezone(zone).date() if starts else last
    return f"Seen between {_span(first, last)}." if first < last else f"Seen on {day_in_words(last)}."


def _before(event: Event) -> datetime | None:
    """When the source was last read with the old words; at worst, when they were first seen."""
    return event.seen_after or (event.old.observed_at if event.old else None)


def _span(first: date, last: date) -> str:
    start = day_in_words(first)
    if first.year == last.year:
        start = start.removesuffix(f", {first.year}")
    return f"{start} and {day_in_words(last)}"


def why(message: Message) -> str:
    """Why this recipient gets it: the subscription, and what it covers."""
    name = message.subscription.id
    if name == Subscription.OPERATORS:
        return "You get this because you operate this installation of recwatch."
    if message.cause == Cause.TEST:
        return f"You get this because somebody tested subscription {name}."
    again = " and was sent again on request" if message.cause == Cause.REPLAY else ""
    covers = cut(_coverage(message.subscription.match), _LONGEST_WHY)
    return f"You get this because subscription {name} covers {covers}{again}."


def _coverage(match: Match) -> str:
    agencies = [one_line(agency) for agency in match.agencies]
    parts = [
        ("priority " if match.priority else "") + "recommendations",
        _listed("to", agencies, " or "),
        _listed("in", [one_line(product) for product in match.products], " or "),
        _listed("with the words", [f'"{one_line(word)}"' for word in match.keywords], " or "),
    ]
    whole = " ".join(filter(None, parts))
    return whole if match.model_dump(exclude_defaults=True) else "all recommendations"


def _listed(before: str, names: Sequence[str], last: str) -> str:
    if not names:
        return ""
    *others, end = names
    return f"{before} {', '.join(others)}{last}{end}" if others else f"{before} {end}"


def whom_to_ask(message: Message) -> str:
    """`Questions: audit@example.org.`; empty where nobody is named."""
    contact = one_line(message.contact or message.operators_address)
    return f"Questions: {contact}" if contact else ""


def scope(message: Message) -> str:
    """`GAO, CBP, week of Oct 5`: what a message of several changes is about, for its subject."""
    agencies = dict.fromkeys(agency_in_short(each.event.subject.agency) for each in message.described_events)
    names = [name for name in agencies if name]
    named = names if len(names) <= _MOST_NAMED else [f"{len(names)} agencies"]
    return ", ".join(["GAO", *named, *filter(None, [period(message)])])


def period(message: Message) -> str:
    """The days that a digest is about, which its schedule says; for another message, its own day."""
    zone = ZoneInfo(message.subscription.timezone)
    digest = message.subscription.digest
    if message.watch is None or digest is None:
        return _day(message.created_at.astimezone(zone).date())
    try:
        slot = datetime.fromisoformat(message.watch.slot)
    except ValueError:
        slot = message.created_at
    local = (slot if slot.tzinfo is None else slot.astimezone(zone)).date()
    if digest.weekday is not None:
        return f"week of {_day(local - timedelta(days=7))}"
    if digest.day is not None:
        before = local.replace(day=1) - timedelta(days=1)
        start = before.replace(day=min(local.day, before.day))
        return f"month of {_day(start)}"
    return _day(local)


def _day(day: date) -> str:
    """`Oct 5`; the year is the mail's own."""
    return day_in_words(day).removesuffix(f", {day.year}")
