"""What a digest or a summary is made of: one story a recommendation, in a reader's order. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from monitor.record.values import Event, EventType
from workers.channels.text.common import agency_in_short, one_line, weight
from workers.meaning.difference import narrative_runs
from workers.meaning.merging import merge_signals
from workers.values import DescribedEvent, Difference, Significance


@dataclass(frozen=True, slots=True)
class Story:
    """All changes to one recommendation: merged into one from first old to last new, and the single steps.

    `steps` are the events as they came, in revision order; a single one where there was one.
    """

    described: DescribedEvent
    steps: tuple[DescribedEvent, ...]

    @property
    def event_ids(self) -> tuple[str, ...]:
        """The events it covers, in order."""
        return tuple(step.event.id for step in self.steps)


@dataclass(frozen=True, slots=True)
class Report:
    """A report's stories, most significant first."""

    product: str | None
    title: str
    stories: tuple[Story, ...]


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency's reports, the one with the most significant story first."""

    name: str
    reports: tuple[Report, ...]

    @property
    def stories(self) -> tuple[Story, ...]:
        """All of them, report by report."""
        return tuple(story for report in self.reports for story in report.stories)


def gather(described_events: Iterable[DescribedEvent]) -> tuple[Story, ...]:
    """One story a recommendation, most significant first."""
    grouped: dict[int, list[DescribedEvent]] = {}
    for described in described_events:
        grouped.setdefault(described.event.recommendation_id, []).append(described)
    stories = [_story(steps) for steps in grouped.values()]
    return tuple(sorted(stories, key=_precedence))


def by_agency(stories: Sequence[Story]) -> tuple[Agency, ...]:
    """Stories grouped by agency and report; groups and stories keep the order that they come in."""
    grouped: dict[str, dict[tuple[str | None, str], list[Story]]] = {}
    for story in stories:
        subject = story.described.event.subject
        reports = grouped.setdefault(one_line(subject.agency), {})
        title = "" if subject.product else one_line(subject.title)
        reports.setdefault((subject.product, title), []).append(story)
    return tuple(
        Agency(name, tuple(_report(product, each) for (product, _), each in reports.items()))
        for name, reports in grouped.items()
    )


def merge(steps: Sequence[DescribedEvent]) -> DescribedEvent:
    """Several events of one recommendation, in revision order, as one from first old to last new."""
    if len(steps) == 1:
        return steps[0]
    events = [step.event for step in steps]
    old, new = events[0].old, events[-1].new
    changed = tuple(dict.fromkeys(name for event in events for name in event.changed))
    kind = EventType.OPENED if old is None and new is not None else _last_kind(events)
    event = replace(events[-1], type=kind, old=old, new=new, changed=changed if old and new else ())
    both = old is not None and new is not None
    runs = narrative_runs(old.narrative, new.narrative) if both and old and new else ()
    level = max((step.significance.level for step in steps), key=lambda each: each.rank)
    signals = merge_signals([signal for step in steps for signal in step.significance.signals])
    return DescribedEvent(event, Difference(tuple(runs)), Significance(level, signals))


def _story(steps: list[DescribedEvent]) -> Story:
    ordered = tuple(sorted(steps, key=lambda described: described.event.revision))
    return Story(merge(ordered), ordered)


def _last_kind(events: Sequence[Event]) -> EventType:
    """What the last event did that says more than "updated": closed and then reworded is closed."""
    plain = (EventType.UPDATED, EventType.OVERDUE, EventType.STALLED)
    return next((event.type for event in reversed(events) if event.type not in plain), events[-1].type)


def _report(product: str | None, stories: Sequence[Story]) -> Report:
    return Report(product, one_line(stories[0].described.event.subject.title), tuple(stories))


def _precedence(story: Story) -> tuple[tuple[int, ...], str, str, tuple[tuple[int, str], ...]]:
    """Weight first; among equals agency, report and number."""
    subject = story.described.event.subject
    agency, product = agency_in_short(subject.agency), subject.product or one_line(subject.title)
    return weight(story.described), agency, product, _natural(subject.number or "")


def _natural(number: str) -> tuple[tuple[int, str], ...]:
    """Numbers within a text in counting order: 2 before 10."""
    return tuple(
        (int(part), "") if part.isdecimal() else (-1, part) for part in re.findall(r"\d{1,18}|\D+", number)
    )
