"""A digest or a summary in Slack: as many lines as fit, then as many differences. Pure."""

from collections.abc import Callable, Container, Iterator, Sequence

from workers.channels.common import (
    counted,
    footer,
    headline,
    link,
    mark,
    meaning,
    name,
    short_name,
    tally,
)
from workers.channels.slack.blocks import (
    HEAVIEST,
    Block,
    Run,
    address,
    bullets,
    context,
    fit,
    header,
    paragraph,
    quote,
    rich_text,
    weigh,
    words,
)
from workers.channels.slack.passages import styled, update
from workers.channels.slack.settings import SlackSubscription
from workers.channels.stories import Story, by_agency, gather
from workers.values import Cause, Message

_DETAILED = 12  # changes at most with their words; what is further down is looked up where it matters
_ROOM = 600  # characters of each


def several(message: Message) -> list[Block]:
    """Grouped by agency in a digest, the most significant first in a summary."""
    stories = gather(message.tellings)

    def fits(shown: int, detailed: int) -> bool:
        return weigh(_listed(message, stories, shown, detailed)) <= HEAVIEST

    shown = _most(len(stories), lambda number: fits(number, 0))
    detailed = _most(min(shown, _DETAILED), lambda number: fits(shown, number))
    return _listed(message, stories, shown, detailed)


def _most(limit: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `limit` that fits; what fits with more fits with less."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _listed(message: Message, stories: Sequence[Story], shown: int, detailed: int) -> list[Block]:
    """So many changes in lines, the first of them with what changed in their words."""
    words_too = {id(story) for story in stories[:detailed]}
    listed, elements = stories[:shown], []
    if message.cause == Cause.DIGEST:
        for agency in by_agency(listed):
            elements.append(_agency(agency.name))
            elements += _changes(message, agency.stories, words_too)
    else:
        elements += _changes(message, listed, words_too)
    cut = detailed < len(stories) or any(update(story.telling, _ROOM).left_out for story in stories)
    return _framed(message, [rich_text(*elements)] if listed else [], len(stories) - shown, cut=cut)


def _changes(message: Message, stories: Sequence[Story], words_too: Container[int]) -> Iterator[Block]:
    for story in stories:
        if id(story) in words_too:
            yield paragraph(_line(message, story))
            yield quote(styled(update(story.telling, _ROOM).pieces))
    if rest := [story for story in stories if id(story) not in words_too]:
        yield bullets(_line(message, story) for story in rest)


def _framed(message: Message, middle: Sequence[Block], rest: int, *, cut: bool) -> list[Block]:
    said = (f"{counted(rest, 'more recommendation')} not shown here. " if rest else "") + _where(message)
    return [
        header(_title(message)),
        context(_frame(message)),
        *middle,
        *([context(said)] if cut or rest or _threaded(message) else []),
        context(footer(message)),
    ]


def _title(message: Message) -> str:
    size = counted(len(message.tellings), "change")
    title = f"Digest: {size}" if message.cause == Cause.DIGEST else size
    return f"{mark(message)} {title}".strip()


def _frame(message: Message) -> str:
    subjects = {telling.event.recommendation_id for telling in message.tellings}
    parts = [tally(message.tellings), f"in {counted(len(subjects), 'recommendation')}"]
    if message.watch:
        parts.append(f"{message.watch.watched:,} watched")
    return " · ".join(parts)


def _agency(title: str) -> Block:
    return paragraph(words(fit(title, 200), "bold"))


def _line(message: Message, story: Story) -> list[Run]:
    """Name and meaning; under an agency's name the agency is not said again."""
    telling = story.telling
    subject = telling.event.subject
    if message.cause == Cause.DIGEST:
        label, said = short_name(subject), f": {meaning(telling)}"
    else:
        label, said = name(subject), headline(telling).removeprefix(name(subject))
    runs = address(link(subject), fit(label, 140), "bold") + words(fit(said, 300))
    if len(story.steps) > 1:
        runs += words(f" ({len(story.steps)} steps)")
    return runs if _threaded(message) else runs + words(f" {' '.join(story.event_ids[:3])}", "italic")


def _where(message: Message) -> str:
    """Where everything stands in full."""
    if _threaded(message):
        return "Each change in full: in this message's thread."
    base = message.base_url.rstrip("/")
    first = min(telling.event.at for telling in message.tellings)
    where = f"{base}/changes" if base else f"recwatch changes --since {first:%Y-%m-%d}"
    return f"Old and new texts in full: {where}"


def _threaded(message: Message) -> bool:
    """Whether the fan-out puts each event under this message: a summary's, by the Web API."""
    by_api = isinstance(message.subscription, SlackSubscription) and message.subscription.threads
    return by_api and message.cause == Cause.SUMMARY and message.thread is None
