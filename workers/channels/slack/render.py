"""What a message looks like in Slack. Pure; a payload never breaks Block Kit's limits."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from monitor.record.values import Event, EventType, State
from workers.channels.common import (
    counted,
    footer,
    headline,
    link,
    mark,
    meaning,
    message_headline,
    name,
    nothing_changed,
    one_line,
    short_name,
    status_in_words,
    tally,
    where_the_rest_is,
)
from workers.channels.excerpts import Excerpt, Piece, excerpt_runs, excerpt_text, gap_in_words, inline
from workers.channels.slack.blocks import (
    ADDRESS,
    HEAVIEST,
    Block,
    Run,
    Style,
    address,
    bullets,
    button,
    context,
    escape,
    fit,
    header,
    paragraph,
    quote,
    rich_text,
    weigh,
    words,
)
from workers.channels.slack.settings import SlackSubscription
from workers.channels.stories import Story, by_agency, gather
from workers.difference import narrative_runs
from workers.values import Cause, Message, Telling

_NOTIFICATION = 300
_PLAIN = 3_500  # of 4,000 that Slack shows well
_ROOMS = (6_500, 5_000, 3_600, 2_400, 1_500, 900, 500, 250, 100, 24)  # characters, until it fits
_MOST_PIECES = 60
_DETAILED = 12  # changes; more of them are lines
_DETAIL_ROOMS = (900, 600, 400, 250)
_STYLES: dict[str, tuple[Style, ...]] = {
    "equal": (),
    "delete": ("strike",),
    "insert": ("bold",),
    "gap": ("italic",),
}


def render(message: Message) -> dict[str, Any]:
    """The payload for chat.postMessage or an incoming webhook, without its destination."""
    return {
        "text": escape(fit(_titled(message), _NOTIFICATION)),
        "blocks": _blocks(message),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def render_plain(message: Message) -> str:
    """The message as text alone, for when Slack refuses its blocks; mrkdwn, escaped."""
    lines = [_titled(message)]
    if message.notice is not None:
        lines.append(message.notice.message)
    elif message.tellings:
        lines += [_plainly(each, len(message.tellings)) for each in message.tellings]
    else:
        lines.append(nothing_changed(message))
    last = footer(message)
    body = fit("\n\n".join(lines), _PLAIN - len(last))
    return escape(f"{body}\n\n{last}")


def _plainly(telling: Telling, together: int) -> str:
    where = link(telling.event.subject)
    if together > 1:
        return f"{headline(telling)}\n{where}"
    return f"{meaning(telling)}\n{where}\n\n{inline(_update(telling, _PLAIN // 2).pieces)}"


def _titled(message: Message) -> str:
    return f"{mark(message)} {message_headline(message)}".strip()


def _blocks(message: Message) -> list[Block]:
    if message.notice is not None:
        return _notice(message)
    if not message.tellings:
        said = rich_text(paragraph(words(nothing_changed(message))))
        return [header(_titled(message)), said, _end(message)]
    if len(message.tellings) == 1 and message.cause != Cause.DIGEST:
        return _change(message)
    return _several(message)


def _end(message: Message) -> Block:
    return context(footer(message))


def _shrink(build: Callable[[int], list[Block]]) -> list[Block]:
    """Build with less and less room until the whole is light enough; the last try always is."""
    for room in _ROOMS:
        blocks = build(room)
        if weigh(blocks) <= HEAVIEST:
            break
    return blocks


# --- one change -----------------------------------------------------------------------------------


def _change(message: Message) -> list[Block]:
    (telling,) = message.tellings

    def build(room: int) -> list[Block]:
        update = _update(telling, room)
        subject = _recommendation(telling.event, min(room // 4, 600))
        return [
            header(_titled(message)),
            rich_text(paragraph(_facts(telling, room)), *_report(telling)),
            *_difference(telling, update),
            *([rich_text(subject[0])] if subject[0]["elements"] else []),
            *_left_out(update.left_out + subject[1], telling.event.id, message.base_url),
            *_button(link(telling.event.subject), "Open at GAO"),
            context(f"{short_name(telling.event.subject)} · {footer(message)}"),
        ]

    return _shrink(build)


def _facts(telling: Telling, room: int) -> list[Run]:
    """What it means, then where it stands: status (old struck, new bold), priority, agency."""
    event = telling.event
    runs = words(fit(meaning(telling), min(room, 900)), "bold") + words("\n")
    runs += _moved(event, lambda state: status_in_words(state.status))
    if any(state.priority for state in (event.old, event.new) if state):
        runs += words(" · ") + _moved(event, lambda state: "Priority" if state.priority else "Not priority")
    agency = one_line(event.subject.agency)
    return runs + (words(f" · {fit(agency, 200)}") if agency else [])


def _moved(event: Event, say: Callable[[State], str]) -> list[Run]:
    states = [state for state in (event.old, event.new) if state]
    values = [fit(say(state), 80) for state in states]
    if len(values) == 2 and values[0] != values[1]:
        return words(values[0], "strike") + words(" → ") + words(values[1], "bold")
    return words(values[-1]) if values else []


def _report(telling: Telling) -> list[Block]:
    title = one_line(telling.event.subject.title)
    return [paragraph(words(fit(title, 250), "italic"))] if title else []


def _recommendation(event: Event, room: int) -> tuple[Block, int]:
    """What was recommended; with its own difference where GAO reworded it."""
    old, new = event.old, event.new
    if "text" in event.changed and old and new:
        shown = excerpt_runs(narrative_runs(old.text, new.text), room, _MOST_PIECES // 2)
    else:
        shown = excerpt_text(event.subject.text.strip(), room)
    runs = _runs(shown.pieces)
    return paragraph(words("Recommended: ", "bold") + runs if runs else []), shown.left_out


def _update(telling: Telling, room: int) -> Excerpt:
    event = telling.event
    runs = telling.difference.narrative
    if runs and event.old and event.new and event.old.narrative != event.new.narrative:
        return excerpt_runs(runs, room, _MOST_PIECES)
    state = event.new or event.old
    most = 2_400 if event.old is None or event.new is None else 700  # unchanged words need no full reading
    return excerpt_text(state.narrative.strip() if state else "", min(room, most))


def _difference(telling: Telling, shown: Excerpt) -> list[Block]:
    if not shown.pieces:
        return []
    compared = any(piece.kind in ("delete", "insert") for piece in shown.pieces)
    label = words("Status update", "bold")
    if compared:
        label += words(" (") + words("before", "strike") + words(", ") + words("now", "bold") + words(")")
    elif telling.event.type == EventType.VANISHED:
        label = words("Last status update", "bold")
    elif telling.event.old:
        label = words("Status update, unchanged", "bold")
    return [rich_text(paragraph(label), quote(_runs(shown.pieces)))]


def _runs(pieces: Iterable[Piece]) -> list[Run]:
    """Pieces as runs; the white space after struck words goes to the next run, where no line crosses it."""
    runs: list[Run] = []
    space = ""
    for piece in pieces:
        gap = f"{' ' if runs else ''}{gap_in_words(piece)} "
        text = space + (gap if piece.kind == "gap" else piece.text)
        kept = text.rstrip() if piece.kind == "delete" else text
        runs += words(kept, *_STYLES[piece.kind])
        space = text[len(kept) :]
    return runs


def _left_out(left_out: int, event_id: str, base_url: str) -> list[Block]:
    if not left_out:
        return []
    where = where_the_rest_is(event_id, base_url)
    return [context(f"{counted(left_out, 'word')} left out here. All of it: {where}")]


def _button(url: str, text: str) -> list[Block]:
    return [button(text, url)] if len(url) <= ADDRESS else []


# --- several --------------------------------------------------------------------------------------


def _several(message: Message) -> list[Block]:
    """With differences where they are few; else lines, as many as fit.

    Grouped by agency in a digest, the most significant first in a summary.
    """
    stories = gather(message.tellings)
    if len(stories) <= _DETAILED:
        for room in _DETAIL_ROOMS:
            blocks = _framed(message, _in_detail(message, stories, room), ())
            if weigh(blocks) <= HEAVIEST:
                return blocks
    low, high = 0, len(stories)
    while low < high:  # weight grows with every line, so the most that fit is found by halving
        middle = (low + high + 1) // 2
        fits = weigh(_in_lines(message, stories, middle)) <= HEAVIEST
        low, high = (middle, high) if fits else (low, middle - 1)
    return _in_lines(message, stories, low)


def _framed(message: Message, middle: Sequence[Block], rest: Sequence[Story]) -> list[Block]:
    return [
        header(_title_of_several(message)),
        context(_frame(message)),
        *middle,
        *_rest(message, rest),
        _end(message),
    ]


def _in_lines(message: Message, stories: Sequence[Story], shown: int) -> list[Block]:
    listed = stories[:shown]
    if message.cause == Cause.DIGEST:
        elements = []
        for agency in by_agency(listed):
            elements.append(_agency(agency.name))
            elements.append(bullets(_line(story, agency=False) for story in agency.stories))
    else:
        elements = [bullets(map(_line, listed))]
    return _framed(message, [rich_text(*elements)] if listed else [], stories[shown:])


def _in_detail(message: Message, stories: Sequence[Story], room: int) -> list[Block]:
    """Each change with what changed in its words under it."""
    if message.cause != Cause.DIGEST:
        return [rich_text(*(part for story in stories for part in _detail(story, room)))]
    blocks = []
    for agency in by_agency(stories):
        parts = (part for story in agency.stories for part in _detail(story, room, agency=False))
        blocks.append(rich_text(_agency(agency.name), *parts))
    return blocks


def _detail(story: Story, room: int, *, agency: bool = True) -> tuple[Block, Block]:
    return paragraph(_line(story, agency=agency)), quote(_runs(_update(story.telling, room).pieces))


def _agency(title: str) -> Block:
    return paragraph(words(fit(title, 200), "bold"))


def _title_of_several(message: Message) -> str:
    size = counted(len(message.tellings), "change")
    title = f"Digest: {size}" if message.cause == Cause.DIGEST else size
    return f"{mark(message)} {title}".strip()


def _frame(message: Message) -> str:
    subjects = {telling.event.recommendation_id for telling in message.tellings}
    parts = [tally(message.tellings), f"in {counted(len(subjects), 'recommendation')}"]
    if message.watch:
        parts.append(f"{message.watch.watched:,} watched")
    return " · ".join(parts)


def _line(story: Story, *, agency: bool = True) -> list[Run]:
    telling = story.telling
    subject = telling.event.subject
    label = name(subject) if agency else short_name(subject)
    said = headline(telling).removeprefix(name(subject)) if agency else f": {meaning(telling)}"
    runs = address(link(subject), fit(label, 140), "bold") + words(fit(said, 300))
    if len(story.steps) > 1:
        runs += words(f" ({len(story.steps)} steps)")
    return runs


def _rest(message: Message, rest: Sequence[Story]) -> list[Block]:
    """How many had no room, and where everything is."""
    first = min(telling.event.at for telling in message.tellings)
    base = message.base_url.rstrip("/")
    where = f"{base}/changes" if base else f"recwatch changes --since {first:%Y-%m-%d}"
    missing = f"{counted(len(rest), 'more recommendation')} not shown here. " if rest else ""
    if message.cause == Cause.SUMMARY and message.thread is None and _threads(message):
        return [context(f"{missing}Each change in full: in this message's thread.")]
    return [context(f"{missing}All of it: {where}")]


def _threads(message: Message) -> bool:
    return isinstance(message.subscription, SlackSubscription) and message.subscription.threads


# --- trouble --------------------------------------------------------------------------------------


def _notice(message: Message) -> list[Block]:
    notice = message.notice
    assert notice is not None

    def build(room: int) -> list[Block]:
        shown = excerpt_text(notice.message.strip(), min(room, 2_400))
        since = f"Since {notice.since:%Y-%m-%d %H:%M} {notice.since.tzname() or ''}".strip()
        runs = _runs(shown.pieces) + words("\n" * bool(shown.pieces)) + words(since, "italic")
        return [header(_titled(message)), rich_text(paragraph(runs)), _end(message)]

    return _shrink(build)
