"""What a message looks like in Teams. Pure; a payload is never heavier than Teams takes."""

from collections.abc import Callable, Sequence
from typing import Any

from monitor.record.values import Event
from workers.channels.teams.cards import (
    HEAVIEST,
    Element,
    Run,
    encode,
    heading,
    open_url,
    paragraph,
    payload,
    run,
    small,
    styled,
)
from workers.channels.text.common import (
    capitalized,
    counted,
    details,
    footer,
    headline,
    kind_in_words,
    link,
    link_label,
    meaning,
    name,
    nothing_changed,
    notice_body,
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
from workers.channels.text.excerpts import excerpt_text
from workers.channels.text.provenance import provenance
from workers.channels.text.stories import Story, by_agency, gather
from workers.channels.text.updates import recommended, titled, update
from workers.channels.text.words import cut
from workers.values import Cause, DescribedEvent, Message

_TITLE = 300
_ROOMS = (8_000, 5_000, 3_000, 1_500, 700, 300, 100, 24)  # characters, until it fits
_LINES = (100, 80, 60, 40, 25, 12, 6, 3, 1)  # changes listed, until they fit


def render(message: Message) -> dict[str, Any]:
    """The payload for a Workflows webhook."""
    if message.notice is not None:
        return _notice(message)
    if len(message.described_events) == 1 and message.cause != Cause.DIGEST:
        return _change(message)
    if message.described_events:
        return _several(message)
    return _framed(message, [paragraph([run(nothing_changed(message))])])


def _framed(message: Message, middle: Sequence[Element], actions: Sequence[Element] = ()) -> dict[str, Any]:
    title = cut(titled(message), _TITLE)
    end = small((*provenance(message), footer(message)))
    return payload([heading(title), *middle, end], actions, title)


def _first_fitting(build: Callable[[int], dict[str, Any]], sizes: Sequence[int]) -> dict[str, Any]:
    """Build with less and less room until the whole is light enough; the last size always is."""
    for size in sizes:
        made = build(size)
        if len(encode(made)) <= HEAVIEST:
            break
    return made


def _change(message: Message) -> dict[str, Any]:
    (described,) = message.described_events
    event = described.event

    def build(room: int) -> dict[str, Any]:
        shown, text = update(described, room), recommended(event, min(room // 4, 800))
        words = [] if without_response(event) else _section("Status update", styled(shown.pieces))
        asked = _section(kind_in_words(event), styled(text.pieces))
        left_out = text.left_out + (shown.left_out if words else 0)
        middle = [
            paragraph(_facts(described, room)),
            *(asked + words if recommendation_first(event) else words + asked),
            *_left_out(left_out, event.id, message.base_url),
        ]
        label = cut(link_label(event.subject), 80)
        return _framed(message, middle, [open_url(label, link(event.subject))])

    return _first_fitting(build, _ROOMS)


def _section(label: str, runs: list[Run]) -> list[Element]:
    return (
        [paragraph([run(label, weight="Bolder")], spacing="Medium"), paragraph(runs, spacing="Small")]
        if runs
        else []
    )


def _facts(described: DescribedEvent, room: int) -> list[Run]:
    """What the headline leaves out, then status (old struck, new bold), priority, agency and report."""
    event = described.event
    said = cut(details(described, beyond=headline(described)), min(room, 900))
    runs = [run(f"{said}\n", weight="Bolder")] if said else []
    runs += _status(event)
    if (state := event.new or event.old) and state.priority:
        runs.append(run(" · Priority"))
    rest = [cut(one_line(each), 250) for each in (event.subject.agency, event.subject.title)]
    return [*runs, run("".join(f" · {each}" for each in rest if each))]


def _status(event: Event) -> list[Run]:
    values = [cut(status_in_words(state.status), 80) for state in (event.old, event.new) if state]
    if len(values) == 2 and values[0] != values[1]:
        return [run(values[0], strikethrough=True), run(" → "), run(values[1], weight="Bolder")]
    return [run(values[-1])] if values else []


def _left_out(words: int, event_id: str, base_url: str) -> list[Element]:
    where = where_the_rest_is(event_id, base_url)
    return [small([f"{counted(words, 'word')} left out here. All of it: {where}"])] if words else []


def _several(message: Message) -> dict[str, Any]:
    stories = gather(message.described_events)

    def build(most: int) -> dict[str, Any]:
        shown = stories[:most]
        rest = len(stories) - len(shown)
        watched = f" {counted(message.watch.watched, 'recommendation')} watched." if message.watch else ""
        middle = [paragraph([run(f"{capitalized(tally(message.described_events))}.{watched}")])]
        for agency in by_agency(shown):
            title = run(cut(agency.name, 200) or "No agency", weight="Bolder", size="Medium")
            middle.append(paragraph([title], spacing="Medium"))
            middle += [paragraph(_line(story), spacing="Small") for story in agency.stories]
        more = f"{counted(rest, 'more recommendation')} not shown here. " if rest else ""
        middle.append(small([f"{more}All of them, old and new: {where_all_are(message)}"]))
        return _framed(message, middle)

    return _first_fitting(build, _LINES)


def _line(story: Story) -> list[Run]:
    """Name, linked, and meaning; under an agency's name the agency is not repeated."""
    subject = story.described.event.subject
    steps = f" ({len(story.steps)} steps)" if len(story.steps) > 1 else ""
    ids = " ".join(story.event_ids[:3])
    action = {"type": "Action.OpenUrl", "url": link(subject), "tooltip": cut(name(subject), 100)}
    return [
        run(cut(short_name(subject), 140), weight="Bolder", selectAction=action),
        run(f": {cut(meaning(story.described), 300)}{steps} [{ids}]"),
    ]


def _notice(message: Message) -> dict[str, Any]:
    notice = message.notice
    assert notice is not None

    def build(room: int) -> dict[str, Any]:
        shown = excerpt_text(notice_body(notice), min(room, 2_400))
        since = run(f"\n{notice_since(notice)}", italic=True)
        return _framed(message, [paragraph([*styled(shown.pieces), since])])

    return _first_fitting(build, _ROOMS)
