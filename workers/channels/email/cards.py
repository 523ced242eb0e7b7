"""The content of a mail, independent of text and HTML: cards, lines and the frame around them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from monitor.record.values import Event, EventType
from workers.channels.email.unsubscribe import Unsubscribe, unsubscribe
from workers.channels.text.common import (
    capitalized,
    counted,
    cut,
    day_in_words,
    details,
    footer,
    headline,
    kind_in_words,
    lead,
    link,
    link_label,
    mark,
    meaning,
    message_headline,
    name,
    nothing_changed,
    notice_body,
    notice_headline,
    notice_since,
    one_line,
    recommendation_first,
    short_name,
    status_in_words,
    tally,
    where_all_are,
    where_the_rest_is,
    without_response,
)
from workers.channels.text.excerpts import Excerpt, Piece, excerpt_around, excerpt_runs, excerpt_text
from workers.channels.text.inert import subject_line
from workers.channels.text.provenance import period, provenance, scope
from workers.channels.text.stories import Story, by_agency, gather
from workers.meaning.difference import narrative_runs
from workers.values import Cause, DescribedEvent, Level, Message

ROOM = 24_000  # characters of a difference in a mail of its own
_MOST_CARDS = 10  # changes shown with their differences; where there are more, each is three lines
_SHARED_ROOM = 12_000  # characters for all of those
_MOST_ROOM = 3_000
# Bytes of HTML for changes in three lines each, so that a digest of any size stays below 25 kB.
_ROOM_OF_LINES = 17_000
_LINE_FRAME = 190  # of a change's markup
_REPORT_FRAME = 700  # of the headings of an agency and a report
_SHORT = 280
_SPARE = 1.4  # a recommendation this much over its room is shown whole: "8 words left out" helps nobody
_MEANING = 600
_KINDS = 4  # of change, in a subject; the mail begins with all of them


@dataclass(frozen=True, slots=True)
class Fact:
    """A row of a card's table: the current value, and the previous one where it differs."""

    label: str
    now: str
    was: str = ""


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A labelled text or difference."""

    label: str
    pieces: tuple[Piece, ...]

    @property
    def compared(self) -> bool:
        """Whether it shows old and new."""
        return any(piece.kind in ("delete", "insert") for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Card:
    """One recommendation's change in full. `meaning` is `lead` and `details` in one line."""

    name: str
    url: str
    link: str
    lead: str
    details: str
    meaning: str
    facts: tuple[Fact, ...]
    blocks: tuple[TextBlock, ...]
    steps: tuple[str, ...]
    left_out: str
    events: str


@dataclass(frozen=True, slots=True)
class CardLine:
    """One recommendation's change in a line."""

    name: str
    url: str
    link: str
    meaning: str
    events: str


@dataclass(frozen=True, slots=True)
class ReportPart:
    """A report's changes."""

    title: str
    url: str
    cards: tuple[Card, ...]
    lines: tuple[CardLine, ...]


@dataclass(frozen=True, slots=True)
class AgencyPart:
    """An agency's changes, and how many."""

    name: str
    count: str
    reports: tuple[ReportPart, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole mail. `card` for a single change, `agencies` for several, else `paragraphs` alone."""

    subject: str
    mark: str
    title: str
    preview: str
    footer: str
    provenance: tuple[str, ...]
    unsubscribe: Unsubscribe
    paragraphs: tuple[str, ...] = ()
    card: Card | None = None
    agencies: tuple[AgencyPart, ...] = ()
    rest: str = ""
    contents: bool = False


def compose(message: Message, sender: str) -> Frame:
    """Everything the mail says. `sender` is the address it comes from."""
    title, marked = _title(message), mark(message)
    asked = message if message.operators_address else replace(message, operators_address=sender)
    opening = _opening(message)
    card = None
    if _single(message):
        (story,) = gather(message.described_events)
        card = _card(story, ROOM, message.base_url, alone=True)
    agencies, rest = _agencies(message) if message.described_events and card is None else ((), "")
    return Frame(
        subject=subject_line(f"{marked} {_subject(message)}"),
        mark=marked.strip("[]"),
        title=title,
        preview=_preview(message, opening),
        footer=footer(message),
        provenance=provenance(asked),
        unsubscribe=unsubscribe(message, sender),
        paragraphs=opening,
        card=card,
        agencies=agencies,
        rest=rest,
        contents=len(agencies) > 1 or len(message.described_events) > _MOST_CARDS,
    )


def _preview(message: Message, opening: Sequence[str]) -> str:
    """What a list of mails shows beside the subject."""
    said = [meaning(message.described_events[0])] if len(message.described_events) == 1 else []
    return cut(". ".join(said + [" ".join(opening)] * bool(opening)), 140)


def _single(message: Message) -> bool:
    return len(message.described_events) == 1 and message.cause != Cause.DIGEST


def _subject(message: Message) -> str:
    """`GAO-23-105607 rec. 5 (CBP): deadline moved, …` or `GAO, CBP, week of Oct 5: 15 changes, …`."""
    said = message_headline(message, _KINDS)
    if message.notice is not None or _single(message):
        return cut(said, 180)
    if len(message.described_events) == 1:  # a telephone shows 40 characters: the name comes first
        return f"{cut(headline(message.described_events[0]), 150)} ({period(message)})"
    if message.described_events:
        first, _, rest = said.partition(": ")
        said = f"{first}, {rest}"
    return cut(f"{scope(message)}: {said[:1].lower()}{said[1:]}", 180)


def _title(message: Message) -> str:
    if message.notice is not None:
        return notice_headline(message.notice)
    if not message.described_events:
        return "Nothing changed"
    if _single(message):
        return name(message.described_events[0].event.subject)
    subjects = {described.event.recommendation_id for described in message.described_events}
    changes = counted(len(message.described_events), "change")
    same = len(subjects) == len(message.described_events)
    return changes if same else f"{changes} in {counted(len(subjects), 'recommendation')}"


def _opening(message: Message) -> tuple[str, ...]:
    """The paragraphs at the top."""
    if message.notice is not None:
        return (cut(notice_body(message.notice), 4_000), notice_since(message.notice))
    if not message.described_events:
        return (nothing_changed(message),)
    if _single(message):
        return ()
    # A single change is shown in full just below.
    said = [capitalized(tally(message.described_events)) + "."] if len(message.described_events) > 1 else []
    if message.watch is not None:
        read = message.watch.last_read_at
        last = f", last read {day_in_words(read)}" if read else ""
        said.append(f"{counted(message.watch.watched, 'recommendation')} watched{last}.")
    return tuple(said)


# --- one change -----------------------------------------------------------------------------------


def _card(story: Story, room: int, base_url: str, *, alone: bool) -> Card:
    described = story.described
    event = described.event
    update, text = _update(described, room), _recommendation(event, min(room, 4_000 if alone else _SHORT))
    left_out = (0 if without_response(event) else update.left_out) + text.left_out
    where = where_the_rest_is(event.id, base_url)
    update_block = TextBlock(_label(event), () if without_response(event) else update.pieces)
    blocks = (update_block, TextBlock(kind_in_words(event), text.pieces))
    if recommendation_first(event):
        blocks = blocks[::-1]
    return Card(
        name=name(event.subject) if alone else short_name(event.subject),
        url=link(event.subject),
        link=link_label(event.subject),
        lead=cut(lead(described), _SHORT),
        details=cut(details(described), _MEANING),
        meaning=cut(meaning(described), _MEANING),
        facts=_facts(event, alone=alone),
        blocks=tuple(block for block in blocks if block.pieces),
        steps=_steps(story),
        left_out=f"{counted(left_out, 'word')} left out here. All of it: {where}" if left_out else "",
        events=_events(story),
    )


def _label(event: Event) -> str:
    if event.type == EventType.VANISHED:
        return "Last status update"
    same = event.old and event.new and event.old.narrative == event.new.narrative
    return "Status update, unchanged" if same else "Status update"


def _facts(event: Event, *, alone: bool) -> tuple[Fact, ...]:
    states = [state for state in (event.old, event.new) if state]
    label = "Last status" if event.type == EventType.VANISHED else "Status"
    facts = [_fact(label, [status_in_words(state.status) for state in states])]
    if any(state.priority for state in states):
        facts.append(_fact("Priority", ["Yes" if state.priority else "No" for state in states]))
    if alone:
        facts.append(Fact("Agency", one_line(event.subject.agency)))
        facts.append(Fact("Report", cut(one_line(event.subject.title), 300)))
    return tuple(fact for fact in facts if fact.now)


def _fact(label: str, values: Sequence[str]) -> Fact:
    now = cut(values[-1], 120) if values else ""
    was = cut(values[0], 120) if values else ""
    return Fact(label, now, was if was != now else "")


def _update(described: DescribedEvent, room: int) -> Excerpt:
    event = described.event
    runs = described.difference.narrative
    if runs and event.old and event.new and event.old.narrative != event.new.narrative:
        return excerpt_runs(runs, room)
    state = event.new or event.old
    if event.reminder and state:
        return excerpt_around(state.narrative, event.reminder.text, min(room, 4 * _SHORT))
    return excerpt_text(state.narrative.strip() if state else "", room)


def _recommendation(event: Event, room: int) -> Excerpt:
    if "text" in event.changed and event.old and event.new:
        return excerpt_runs(narrative_runs(event.old.text, event.new.text), max(room, 2 * _SHORT))
    text = event.subject.text.strip()
    return excerpt_text(text, len(text) if len(text) <= room * _SPARE else room)


def _steps(story: Story) -> tuple[str, ...]:
    """The single steps, where there was more than one."""
    if len(story.steps) == 1:
        return ()
    return tuple(f"{day_in_words(step.event.at)}: {cut(meaning(step), 200)}" for step in story.steps)


def _events(story: Story) -> str:
    ids = story.event_ids
    shown = ", ".join(ids[:5]) + (f" and {len(ids) - 5} more" if len(ids) > 5 else "")
    return f"{'event' if len(ids) == 1 else 'events'} {shown}"


# --- several --------------------------------------------------------------------------------------


def _agencies(message: Message) -> tuple[tuple[AgencyPart, ...], str]:
    stories = gather(message.described_events)
    shown = len(stories) if len(stories) <= _MOST_CARDS else _fitting(stories)
    listed, rest = stories[:shown], stories[shown:]
    substantive = [story for story in listed if story.described.significance.level == Level.SUBSTANTIVE]
    full = substantive if len(stories) <= _MOST_CARDS else []
    room = min(_MOST_ROOM, _SHARED_ROOM // max(len(full), 1))
    whole = {id(story) for story in full}
    parts = []
    for agency in by_agency(listed):
        reports = []
        for report in agency.reports:
            cards = [s for s in report.stories if id(s) in whole]
            lines = [s for s in report.stories if id(s) not in whole]
            reports.append(
                ReportPart(
                    cut(report.title, 240) or one_line(report.product or ""),
                    link(report.stories[0].described.event.subject),
                    tuple(_card(story, room, message.base_url, alone=False) for story in cards),
                    tuple(_line(story) for story in lines),
                )
            )
        changes = sum(len(story.steps) for story in agency.stories)
        parts.append(AgencyPart(agency.name or "No agency", counted(changes, "change"), tuple(reports)))
    return tuple(parts), _rest(message, rest, len(substantive) - len(full))


def _fitting(stories: Sequence[Story]) -> int:
    """How many changes have room in three lines each, the most significant first."""
    room, headings = _ROOM_OF_LINES, set[tuple[str, str | None]]()
    for number, story in enumerate(stories):
        subject = story.described.event.subject
        line = _line(story)
        room -= _LINE_FRAME + sum(
            _weight(each) for each in (line.name, line.url, line.link, line.meaning, line.events)
        )
        if (heading := (subject.agency, subject.product)) not in headings:
            headings.add(heading)
            room -= _REPORT_FRAME + _weight(subject.agency) + _weight(subject.title[:240])
        if room < 0:
            return max(number, 1)
    return len(stories)


def _weight(text: str) -> int:
    """Bytes of a text in HTML, what is escaped counted at its longest."""
    return len(text.encode("utf-8", "replace")) + 5 * sum(text.count(each) for each in "&<>\"'")


def _line(story: Story) -> CardLine:
    subject = story.described.event.subject
    said = cut(meaning(story.described), 240)
    if len(story.steps) > 1:
        said += f" ({len(story.steps)} steps)"
    return CardLine(short_name(subject), link(subject), link_label(subject), said, _events(story))


def _rest(message: Message, rest: Sequence[Story], without: int) -> str:
    """What the mail leaves out, and where it is."""
    said = []
    if without:
        said.append(f"{counted(without, 'change')} of substance listed without old and new text")
    if rest:
        said.append(f"{counted(len(rest), 'more recommendation')} not listed")
    each = "" if message.base_url else "; recwatch show EVENT prints one in full"
    return f"{capitalized('; '.join(said))}. All of it: {where_all_are(message)}{each}" if said else ""
