"""Made-up messages, one for each kind of thing that people are told. Nothing in them is GAO's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.record.settings import Subscription
from monitor.record.values import Event, EventType, Kind, NoticeType, Reminder, State, Subject
from tests.workers.channels.made_up import notice
from workers.channels.email.settings import EmailSubscription
from workers.channels.slack.settings import SlackSubscription
from workers.channels.text.common import agency_in_short
from workers.messages.describe import describe_event
from workers.values import Cause, DescribedEvent, Message, Watch

NOW = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)
DAY = timedelta(days=1)
PARTIAL = "open-partially-addressed"
SENDER = "recwatch@example.org"
BORDER = ("GAO-23-105607", "Border Inspection: Better Upkeep of Scanners Would Shorten the Wait")
BOATS = ("GAO-24-106148", "Patrol Boats: A Guide on Upkeep Would Keep More of the Fleet at Sea")
VISAS = ("GAO-25-107300", "Visa Fees: Yearly Reviews Would Keep Fees in Line with Costs")
CBP = "United States Customs and Border Protection"
GUARD = "United States Coast Guard"
STATE = "Department of State"
BOILERPLATE = (
    "When we confirm what actions the agency has taken in response to this recommendation, "
    "we will provide updated information."
)
AGREED = (
    "CBP agreed with this recommendation. In March 2023, officials told us that a working group was drafting "
    "guidance for field offices. "
)
CLOSING = " We will continue to monitor CBP's progress."
MAY = f"{AGREED}As of January 2024, CBP anticipated completing these actions by May 2024.{CLOSING}"
SEPTEMBER = (
    f"{AGREED}As of February 2026, CBP anticipated completing these actions by September 2026, because "
    "the contract for new scanners was awarded late. CBP issued an interim memorandum to field offices in "
    f"December 2025.{CLOSING}"
)
ASKED = (
    "The Commissioner of CBP should write down how field offices are to report broken scanners, and check "
    "once a year that they do. (Recommendation {})"
)


def state(narrative: str, age: float = 0, **changes: Any) -> State:
    """How it stood some days ago."""
    made = State("open", False, narrative, "f", ASKED.format(5), NOW - age * DAY)
    return replace(made, **changes)


def change(
    old: State | None,
    new: State | None,
    kind: EventType = EventType.UPDATED,
    *,
    number: int = 5,
    report: tuple[str, str] = BORDER,
    agency: str = CBP,
    history: tuple[str, ...] = (),
    **changes: Any,
) -> DescribedEvent:
    """An event and what the program makes of it."""
    product, title = report
    text = ASKED.format(number).replace("CBP", "CBP" if agency == CBP else "the agency")
    about = Subject(
        f"{product}#{number}@{agency}",
        product,
        Kind.RECOMMENDATION,
        str(number),
        agency,
        title,
        text,
        f"https://www.gao.gov/products/{product.lower()}",
    )
    fields = ("narrative", "status", "priority") if kind not in (EventType.OVERDUE, EventType.STALLED) else ()
    changed = tuple(name for name in fields if old and new and getattr(old, name) != getattr(new, name))
    given: dict[str, Any] = {
        "id": f"evt_{product[-6:]}{number:02d}k8T1xZk5LwYpR7h",
        "type": kind,
        "source": "gao-open",
        "at": NOW,
        "recommendation_id": number,
        "revision": 3,
        "subject": about,
        "changed": changed,
        "old": old,
        "new": new,
    }
    return describe_event(Event(**(given | changes)), history)


_EMAIL: Subscription = EmailSubscription(id="audit-liaison", channel="email", to=("liaison@example.org",))
_SLACK: Subscription = SlackSubscription(
    id="cbp-team", channel="slack", webhook_url="https://hooks.slack.com/services/T0/B0/x"
)


def message(*described_events: DescribedEvent, slack: bool = False, **changes: Any) -> Message:
    """By email, unless said otherwise."""
    given: dict[str, Any] = {
        "id": "msg_5kTq2VwJb8RrXn4HsLm6Zd",
        "subscription": _SLACK if slack else _EMAIL,
        "recipient": "" if slack else "liaison@example.org",
        "cause": Cause.INSTANT,
        "created_at": NOW,
        "described_events": described_events,
        "operators_address": "recwatch@example.org",
    }
    return Message(**(given | changes))


# --- one change -------------------------------------------------------------------------------------------


def moved() -> DescribedEvent:
    """A deadline slipped again while the status moved."""
    earlier = MAY.replace("January 2024", "June 2023").replace("May 2024", "December 2023")
    return change(state(MAY, 700), state(SEPTEMBER, status=PARTIAL), history=(earlier, MAY))


def long() -> DescribedEvent:
    """One sentence of very many."""
    years = " ".join(
        f"In {year}, CBP told us that it was surveying its scanners at {year - 2_000} ports of entry, "
        "and that it would report on them once the field offices had answered."
        for year in range(2005, 2026)
    )
    return change(state(f"{years} {MAY} {years}", 400), state(f"{years} {SEPTEMBER} {years}"))


def rewritten() -> DescribedEvent:
    """Most sentences are others."""
    old = (
        "The Bureau agreed with this recommendation. As of March 2025, it had counted the scanners at 14 "
        "of its 22 ports and was drafting a schedule with the Field Office. Officials expect to complete the "
        "schedule by June 2025."
    )
    new = (
        "The Bureau agreed with this recommendation. As of February 2026, it had counted the scanners at all "
        "22 ports and issued a draft schedule to the Field Office for comment. Officials expect to complete "
        "the schedule by December 2026."
    )
    return change(state(old, 300), state(new))


def first_response() -> DescribedEvent:
    """The boilerplate gave way."""
    new = (
        "CBP agreed with this recommendation. In January 2026, officials told us that the Office of Field "
        "Operations would write the guidance. CBP expects to complete it by March 2027."
    )
    return change(state(BOILERPLATE, 200), state(new))


def opened() -> DescribedEvent:
    """A new one."""
    return change(None, state(BOILERPLATE, priority=True), EventType.OPENED)


def closed() -> DescribedEvent:
    """Done."""
    new = f"{AGREED}In February 2026, CBP issued the guidance and we verified that field offices follow it."
    return change(state(MAY, 700, status=PARTIAL), state(new, status="closed-implemented"), EventType.CLOSED)


def vanished() -> DescribedEvent:
    """Left the list, and nothing says why."""
    return change(state(MAY, 700), None, EventType.VANISHED)


def overdue() -> DescribedEvent:
    """A promised date went by."""
    stands = state(MAY.replace("May 2024", "February 2026").replace("January 2024", "June 2025"), 245)
    text = "As of June 2025, CBP anticipated completing these actions by February 2026."
    return change(stands, stands, EventType.OVERDUE, reminder=Reminder("2026-02", text))


def stalled() -> DescribedEvent:
    """Nothing for a year."""
    stands = state(
        MAY.replace(" CBP anticipated completing these actions by May 2024.", " drafting went on."), 365
    )
    return change(stands, stands, EventType.STALLED, reminder=Reminder("2025-03-02"))


def hostile() -> DescribedEvent:
    """Somebody tries everything."""
    trick = (
        "\u202eevil\u2066 <script>alert(1)</script> <!channel> <https://evil.example|click> **bold** &amp; "
        + "unbreakable" * 30
        + " مرحبا بكم שלום \U0001f600 \ud800 "
        + "🏴\U000e0067\U000e0062 e\u0301\u0301\u0301"
    )
    return change(
        state(MAY, 100), state(f"{trick} {SEPTEMBER}"), report=("GAO-23-105607", f"{trick[:90]} scanners")
    )


# --- several ----------------------------------------------------------------------------------------------


def forty() -> tuple[DescribedEvent, ...]:
    """One capture's changes, more than go out one by one."""
    kinds: tuple[Callable[[], DescribedEvent], ...] = (moved, first_response, rewritten, closed, overdue)
    made = []
    for number in range(1, 41):
        told = kinds[number % len(kinds)]()
        report, agency = ((BORDER, CBP), (BOATS, GUARD), (VISAS, STATE))[number % 3]
        made.append(_as(told, number, report, agency))
    return tuple(made)


def _as(told: DescribedEvent, number: int, report: tuple[str, str], agency: str) -> DescribedEvent:
    """The same of another recommendation, its words about another agency."""
    product, title = report
    event = told.event
    key, url = f"{product}#{number}", f"https://www.gao.gov/products/{product.lower()}"
    text = _of(agency, event.subject.text).replace("(Recommendation 5)", f"(Recommendation {number})")
    about = replace(
        event.subject,
        product=product,
        title=title,
        number=str(number),
        agency=agency,
        key=key,
        url=url,
        text=text,
    )
    reminder = event.reminder and replace(event.reminder, text=_of(agency, event.reminder.text))
    sides = {
        side: each and replace(each, narrative=_of(agency, each.narrative), text=text)
        for side, each in (("old", event.old), ("new", event.new))
    }
    identity = {"recommendation_id": int(product[-6:]) * 100 + number, "subject": about, "reminder": reminder}
    return describe_event(
        replace(event, id=f"evt_{product[-6:]}{number:02d}k8T1xZk5LwYpR7h", **identity, **sides)
    )


def _of(agency: str, text: str) -> str:
    """The made-up words about CBP, about another agency."""
    if agency == CBP:
        return text
    others = {"scanners": "engines", "field offices": "stations"} if agency == GUARD else {"scanners": "fees"}
    for word, other in {"CBP": agency_in_short(agency), **others}.items():
        text = text.replace(word, other)
    return text


def week() -> tuple[DescribedEvent, ...]:
    """What a digest holds: a deadline that moved in two steps, and others of two more agencies."""
    spring = SEPTEMBER.replace("September 2026", "June 2026").replace("February 2026", "January 2026")
    step = change(
        state(MAY, 700), state(spring, 5), at=NOW - 5 * DAY, revision=3, id="evt_3Kp0cGm8T1xZk5LwYpR7hN"
    )
    again = change(
        state(spring, 5), state(SEPTEMBER, 1, status=PARTIAL), at=NOW - DAY, revision=4, history=(MAY, spring)
    )
    return (
        _same(step, again),
        again,
        _as(first_response(), 2, BORDER, CBP),
        _as(closed(), 1, BOATS, GUARD),
        _as(overdue(), 3, BOATS, GUARD),
        _as(_redated(), 4, BOATS, GUARD),
        _as(opened(), 1, VISAS, STATE),
    )


def _same(told: DescribedEvent, other: DescribedEvent) -> DescribedEvent:
    return replace(told, event=replace(told.event, recommendation_id=other.event.recommendation_id))


def _redated() -> DescribedEvent:
    return change(state(MAY, 300), state(MAY.replace("As of January 2024", "As of January 2026")))


ALONE: dict[str, Callable[[], DescribedEvent]] = {
    each.__name__: each
    for each in (moved, long, rewritten, first_response, opened, closed, vanished, overdue, stalled, hostile)
}
_WATCH = Watch(watched=214, last_read_at=NOW - DAY / 12, slot="2026-03-02T13:00:00Z")


def messages(*, slack: bool = False) -> dict[str, Message]:
    """Every scene by its name."""
    made = {name: message(tell_it(), slack=slack) for name, tell_it in ALONE.items()}
    digest = {"cause": Cause.DIGEST, "watch": _WATCH, "slack": slack}
    made["summary"] = message(*forty(), cause=Cause.SUMMARY, slack=slack)
    made["digest"] = message(*week(), **digest)
    made["empty"] = message(**digest)
    made["sample"] = message(moved(), cause=Cause.TEST, slack=slack)
    made["notice"] = message(notice=notice(NoticeType.BLOCKED), cause=Cause.NOTICE, slack=slack)
    return made
