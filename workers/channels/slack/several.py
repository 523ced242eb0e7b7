"""A digest or a summary in Slack: as many lines as fit, then as many differences. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence

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
from workers.channels.slack.excerpts import styled
from workers.channels.slack.settings import SlackSubscription
from workers.channels.text.common import (
    counted,
    footer,
    link,
    mark,
    meaning,
    name,
    short_name,
    tally,
    where_all_are,
    where_the_rest_is,
)
from workers.channels.text.excerpts import Excerpt
from workers.channels.text.provenance import provenance
from workers.channels.text.stories import Story, by_agency, gather
from workers.channels.text.updates import changed_words
from workers.values import Cause, Level, Message

Excerpts = Mapping[int, Excerpt]  # by the id of the story, which has no hash

_DETAILED = 12  # changes at most with their words; what is further down is looked up where it matters
_ROOM = 600  # characters of each


def several(message: Message) -> list[Block]:
    """Grouped by agency in a digest, the most significant first in a summary."""
    stories = gather(message.described_events)
    substantive = [each for each in stories if each.described.significance.level == Level.SUBSTANTIVE]
    words_of = [(id(story), changed_words(story.described, _ROOM)) for story in substantive[:_DETAILED]]

    def listed(shown: int, detailed: int) -> list[Block]:
        return _listed(message, stories, shown, dict(words_of[:detailed]))

    shown = _most(len(stories), lambda number: weigh(listed(number, 0)) <= HEAVIEST)
    detailed = _most(
        len(words_of) if shown == len(stories) else 0, lambda number: weigh(listed(shown, number)) <= HEAVIEST
    )
    return listed(shown, detailed)


def _most(limit: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `limit` that fits; what fits with more fits with less."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _listed(message: Message, stories: Sequence[Story], shown: int, excerpts: Excerpts) -> list[Block]:
    """So many changes in lines, and under some of them what changed in their words."""
    listed, elements = stories[:shown], []
    if message.cause == Cause.DIGEST:
        for agency in by_agency(listed):
            elements.append(_agency(agency.name))
            elements += _changes(message, agency.stories, excerpts)
    else:
        elements += _changes(message, listed, excerpts)
    cut = len(excerpts) < len(stories) or any(excerpt.left_out for excerpt in excerpts.values())
    return _framed(message, [rich_text(*elements)] if listed else [], len(stories) - shown, cut=cut)


def _changes(message: Message, stories: Sequence[Story], excerpts: Excerpts) -> Iterator[Block]:
    for story in stories:
        if excerpt := excerpts.get(id(story)):
            yield paragraph(_line(message, story))
            yield quote(styled(excerpt.pieces))
    if rest := [story for story in stories if id(story) not in excerpts]:
        yield bullets(_line(message, story) for story in rest)


def _framed(message: Message, middle: Sequence[Block], rest: int, *, cut: bool) -> list[Block]:
    said = (f"{counted(rest, 'more recommendation')} not shown here. " if rest else "") + _where(message)
    return [
        header(_title(message)),
        context(_frame(message)),
        *middle,
        *([context(said)] if cut or rest or _threaded(message) else []),
        context(*provenance(message), footer(message)),
    ]


def _title(message: Message) -> str:
    size = counted(len(message.described_events), "change")
    title = f"Digest: {size}" if message.cause == Cause.DIGEST else size
    return f"{mark(message)} {title}".strip()


def _frame(message: Message) -> str:
    subjects = {described.event.recommendation_id for described in message.described_events}
    parts = [tally(message.described_events)]
    if len(subjects) != len(message.described_events):
        parts.append(f"in {counted(len(subjects), 'recommendation')}")
    if message.watch:
        parts.append(f"{message.watch.watched:,} watched")
    return " · ".join(parts)


def _agency(title: str) -> Block:
    return paragraph(words(fit(title, 200), "bold"))


def _line(message: Message, story: Story) -> list[Run]:
    """Name and meaning; under an agency's name the agency is not repeated."""
    described = story.described
    subject = described.event.subject
    label = short_name(subject) if message.cause == Cause.DIGEST else name(subject)
    said = fit(f": {meaning(described)}", 300) + (
        f" ({len(story.steps)} steps)" if len(story.steps) > 1 else ""
    )
    if not _threaded(message):
        said += f" [{' '.join(story.event_ids[:3])}]"
    return address(link(subject), fit(label, 140)) + words(said)


def _where(message: Message) -> str:
    """Where to find everything in full."""
    if _threaded(message):
        return "Each change in full: in this message's thread."
    if len(message.described_events) == 1:
        return f"All of it: {where_the_rest_is(message.described_events[0].event.id, message.base_url)}"
    if message.base_url:
        return f"Old and new texts in full: {where_all_are(message)}"
    return f"All of them: {where_all_are(message)}; one in full, old and new: recwatch show EVENT"


def _threaded(message: Message) -> bool:
    """Whether the fan-out puts each event under this message: a summary's, by the Web API."""
    by_api = isinstance(message.subscription, SlackSubscription) and message.subscription.threads
    return by_api and message.cause == Cause.SUMMARY and message.thread is None
