"""A message as a terminal shows it. Pure: what comes out is text, styled where `colour` is asked for.

Without colour the old words are in [-…-] and the new ones in {+…+}, as in other word differences.
"""

from monitor.record.folding import is_boilerplate
from monitor.record.values import Event, EventType, NoticeType, State
from workers.channels.console.writer import TerminalWriter
from workers.channels.text.common import (
    footer,
    link,
    mark,
    meaning,
    message_headline,
    name,
    nothing_changed,
    notice_body,
    notice_headline,
    notice_since,
    where_the_rest_is,
)
from workers.channels.text.inert import one_line
from workers.channels.text.provenance import provenance
from workers.channels.text.stories import Story, by_agency, gather
from workers.channels.text.words import agency_in_short, counted, cut, status_in_words
from workers.meaning.difference import narrative_runs
from workers.meaning.periods import day_in_words
from workers.values import Cause, DescribedEvent, Level, Message

_ROOM = 4_000  # characters of a difference that is shown by itself
_ROOM_IN_DIGEST = 600
_MOST_LISTED = 60  # changes in a digest or a summary; the rest is counted

_BAD = "bold yellow"
_REMINDERS = (EventType.OVERDUE, EventType.STALLED)
_LEVELS = {Level.SUBSTANTIVE: "bold", Level.REDATED: "dim", Level.COSMETIC: "dim"}


def render(message: Message, *, width: int = 80, colour: bool = False) -> str:
    """The whole message, ended by an empty line; no control characters but the styles' own."""
    out = TerminalWriter(width, colour)
    if message.notice is not None:
        _notice(out, message)
    elif message.cause == Cause.DIGEST:
        _digest(out, message)
    elif len(message.described_events) == 1:
        _change(out, message, message.described_events[0])
    else:
        _summary(out, message)
    out.line(" ".join(provenance(message)), "dim")
    out.line(f"{day_in_words(message.created_at)} · {footer(message)}", "dim")
    out.gap()
    return out.text()


def _notice(out: TerminalWriter, message: Message) -> None:
    notice = message.notice
    assert notice is not None
    style = "bold green" if notice.type == NoticeType.RECOVERED else _BAD
    out.title((notice_headline(notice), style))
    out.line(cut(one_line(notice_body(notice)), _ROOM))
    out.line(notice_since(notice), "dim")


def _change(out: TerminalWriter, message: Message, described: DescribedEvent) -> None:
    event = described.event
    _marked(out, message, (f"{name(event.subject)}: ", "bold cyan"), (meaning(described), _style(described)))
    out.line(_status_line(event), "dim")
    left_out = _body(out, described, _ROOM)
    if left_out:
        out.line(f"{counted(left_out, 'word')} left out here; all of it:", "dim")
        out.whole(where_the_rest_is(event.id, message.base_url))
    if event.type != EventType.VANISHED:  # its meaning ends with the address
        out.whole(link(event.subject), "underline")


def _style(described: DescribedEvent) -> str:
    return _LEVELS[described.significance.level]


def _status_line(event: Event) -> str:
    """Status, priority and report: `Open, priority · Border Inspection: …`."""
    state = event.new or event.old
    status = f"{status_in_words(state.status)}{', priority' if state.priority else ''}" if state else ""
    return " · ".join(filter(None, (status, one_line(event.subject.title))))


def _body(out: TerminalWriter, described: DescribedEvent, room: int) -> int:
    """Old and new, marked; returns how many words had no room."""
    event, old, new = described.event, described.event.old, described.event.new
    if event.type in _REMINDERS and old and new and old.narrative == new.narrative:
        return out.words(event.reminder.text, room) if event.reminder else 0
    if old is None or new is None:
        return _one_side(out, event, new or old, room)
    left_out = 0
    if old.text != new.text and "text" in event.changed:
        left_out += out.difference(narrative_runs(old.text, new.text), room)
    if any(operation != "equal" for operation, _ in described.difference.narrative):
        left_out += out.difference(described.difference.narrative, room)
    return left_out


def _one_side(out: TerminalWriter, event: Event, state: State | None, room: int) -> int:
    """A new recommendation's text, or a vanished one's text and its last update."""
    left_out = out.words(event.subject.text, room)
    if state and state.narrative and not is_boilerplate(state.narrative):
        out.line("GAO's update:" if event.new else "The last update:", "dim")
        left_out += out.words(state.narrative, room)
    return left_out


def _summary(out: TerminalWriter, message: Message) -> None:
    _marked(out, message, (message_headline(message), "bold cyan"))
    stories = gather(message.described_events)
    for story in stories[:_MOST_LISTED]:
        said = f"{name(story.described.event.subject)}: {meaning(story.described)}"
        out.item(said, _style(story.described), _ids(story))
    _rest(out, len(stories) - _MOST_LISTED)


def _digest(out: TerminalWriter, message: Message) -> None:
    if not message.described_events:
        _marked(out, message, (nothing_changed(message), "bold cyan"))
        return
    _marked(out, message, (message_headline(message), "bold cyan"))
    stories = gather(message.described_events)
    for agency in by_agency(stories[:_MOST_LISTED]):
        out.gap()
        out.title((one_line(agency.name), "bold underline"))
        for report in agency.reports:
            out.line(one_line(f"{report.product or ''} {report.title}"), "italic")
            for story in report.stories:
                _entry(out, message, story)
    _rest(out, len(stories) - _MOST_LISTED)


def _entry(out: TerminalWriter, message: Message, story: Story) -> None:
    subject = story.described.event.subject
    number = f"rec. {one_line(subject.number)}" if subject.number else agency_in_short(subject.agency)
    steps = f" ({counted(len(story.steps), 'change')}, first to last)" if len(story.steps) > 1 else ""
    out.item(f"{number}: {meaning(story.described)}{steps}", _style(story.described), _ids(story))
    with out.deeper():
        if _body(out, story.described, _ROOM_IN_DIGEST):
            out.line("the whole of it:", "dim")
            for event_id in story.event_ids:
                out.whole(where_the_rest_is(event_id, message.base_url))


def _ids(story: Story) -> str:
    return " ".join(story.event_ids)


def _rest(out: TerminalWriter, number: int) -> None:
    if number > 0:
        out.line(f"and {counted(number, 'recommendation')} more; all of them: recwatch changes")


def _marked(out: TerminalWriter, message: Message, *parts: tuple[str, str]) -> None:
    label = mark(message)
    out.title(*([(f"{label} ", _BAD)] if label else []), *parts)
    if message.cause == Cause.TEST:
        out.line("A sample, sent to try the channel out; nothing happened.", _BAD)
