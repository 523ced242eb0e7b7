"""Whether an event matches a subscription, by the event and its significance. Pure.

Agencies, products, statuses and keywords are compared folded. A keyword stands for whole words, its plural
included; an asterisk at its end stands for any ending ("deport*").
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from monitor.record.folding import fold, fold_agency, normalize_product, normalize_status
from monitor.record.settings import Match
from monitor.record.values import Event
from workers.values import Difference, Level, Significance


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an event matches; where it does not, one reason in words for each key that is not met."""

    matched: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenRecommendation:
    """A recommendation that is open now, for counting what a subscription covers."""

    agency: str
    product: str | None
    kind: str
    status: str
    priority: bool
    text: str
    narrative: str
    sources: tuple[str, ...]


def matches(
    match: Match, event: Event, significance: Significance, difference: Difference | None = None
) -> Verdict:
    """Check an event against a match: every key given must be met.

    `difference` is what the keyword prefix "added:" reads; without it such a keyword is looked for in
    the new narrative of events that have no old one alone.
    """
    checks = (_subject(match, event), _event(match, event), _meaning(match, significance))
    reasons = [reason for check in checks for reason in check]
    reasons += _keywords(match, event, difference or Difference())
    return Verdict(not reasons, tuple(reasons))


def _none_of(what: str, value: str, wanted: tuple[str, ...]) -> str:
    return f"{what} {value or 'none'} is none of {', '.join(wanted)}"


def _subject(match: Match, event: Event) -> Iterator[str]:
    subject = event.subject
    if not _agency_in(match, subject.agency):
        yield _none_of("agency", subject.agency, match.agencies)
    if not _product_in(match, subject.product):
        yield _none_of("report", subject.product or "", match.products)
    if match.kinds and subject.kind not in match.kinds:
        yield _none_of("kind", subject.kind, match.kinds)


def _event(match: Match, event: Event) -> Iterator[str]:
    if match.sources and event.source not in match.sources:
        yield _none_of("source", event.source, match.sources)
    if match.events and event.type not in match.events:
        yield _none_of("event", event.type, match.events)
    if match.fields and not set(match.fields) & set(event.changed):
        yield _none_of("what changed:", ", ".join(event.changed), match.fields)
    status = event.new.status if event.new else ""
    if not _status_in(match, status):
        yield _none_of("new status", status, match.statuses)
    # Either side: subscribers of priorities are to learn that one stopped being a priority.
    sides = [state.priority for state in (event.old, event.new) if state]
    if match.priority is not None and match.priority not in sides:
        yield "it is no priority recommendation" if match.priority else "it is a priority recommendation"


def _meaning(match: Match, significance: Significance) -> Iterator[str]:
    if match.significance and significance.level.rank < Level(match.significance).rank:
        yield f"significance {significance.level} is less than {match.significance}"
    signals = [signal.kind for signal in significance.signals]
    if match.signals and not set(match.signals) & set(signals):
        yield _none_of("signals:", ", ".join(signals), match.signals)


def _agency_in(match: Match, agency: str) -> bool:
    return not match.agencies or fold_agency(agency) in {fold_agency(name) for name in match.agencies}


def _product_in(match: Match, product: str | None) -> bool:
    wanted = {normalize_product(name) or name.strip().upper() for name in match.products}
    return not wanted or (product is not None and (normalize_product(product) or product) in wanted)


def _status_in(match: Match, status: str) -> bool:
    if not match.statuses:
        return True
    wanted = {normalize_status(word).casefold() for word in match.statuses}
    return bool(status) and normalize_status(status).casefold() in wanted


_OLD, _ADDED = "old:", "added:"
_Finder = Callable[[str], bool]


def _keywords(match: Match, event: Event, difference: Difference) -> Iterator[str]:
    if not match.keywords:
        return
    places = {
        "": (
            event.subject.text,
            event.new.text if event.new else "",
            event.new.narrative if event.new else "",
        ),
        _OLD: (event.old.narrative,) if event.old else (),
        _ADDED: _added(event, difference),
    }
    if not any(_found(keyword, places) for keyword in match.keywords):
        yield f"none of the keywords {', '.join(match.keywords)} was found"


def _added(event: Event, difference: Difference) -> tuple[str, ...]:
    if event.old is None and event.new is not None:
        return (event.new.narrative,)
    return tuple(text for operation, text in difference.narrative if operation == "insert")


def _found(keyword: str, places: dict[str, tuple[str, ...]]) -> bool:
    prefix, word = split_keyword(keyword)
    pattern = _pattern(word)
    return bool(word.strip("*")) and any(pattern.search(_folded(text)) for text in places[prefix])


def split_keyword(keyword: str) -> tuple[str, str]:
    """The prefix (`old:`, `added:` or none) and the word after it."""
    lowered = keyword.strip().casefold()
    for prefix in (_OLD, _ADDED):
        if lowered.startswith(prefix):
            return prefix, lowered.removeprefix(prefix).strip()
    return "", lowered


@lru_cache(maxsize=2_000)
def _pattern(word: str) -> re.Pattern[str]:
    plain = re.escape(fold(word.rstrip("*")).casefold())
    ending = "" if word.endswith("*") else r"(?:e?s)?(?!\w)"
    return re.compile(rf"(?<!\w){plain}{ending}")


@lru_cache(maxsize=256)
def _folded(text: str) -> str:
    return fold(text).casefold()


def covers(match: Match, recommendation: OpenRecommendation) -> bool:
    """Whether a change of this recommendation could match.

    Keys that only a change can meet (type, fields, new status, significance, signals, `old:` and `added:`
    keywords) are ignored.
    """
    plain = [word for prefix, word in map(split_keyword, match.keywords) if not prefix]
    only_plain = len(plain) == len(match.keywords)
    texts = [_folded(recommendation.text), _folded(recommendation.narrative)] if plain else []
    return (
        _agency_in(match, recommendation.agency)
        and _product_in(match, recommendation.product)
        and (not match.kinds or recommendation.kind in match.kinds)
        and (not match.sources or bool(set(match.sources) & set(recommendation.sources)))
        and (match.priority is None or match.priority == recommendation.priority)
        and (
            not plain
            or not only_plain
            or any(_pattern(word).search(text) for word in plain for text in texts)
        )
    )
