"""What a message looks like in Slack. Pure; a payload never breaks Block Kit's limits."""

from collections.abc import Callable
from typing import Any

from monitor.record.values import Event, EventType, State
from workers.channels.slack.blocks import (
    ADDRESS,
    HEAVIEST,
    Block,
    Run,
    button,
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
from workers.channels.slack.several import several
from workers.channels.text.common import (
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
    status_in_words,
    where_the_rest_is,
    without_response,
)
from workers.channels.text.excerpts import Excerpt, excerpt_text, inline
from workers.channels.text.inert import mrkdwn
from workers.channels.text.provenance import provenance
from workers.channels.text.updates import recommended, titled, update
from workers.values import Cause, DescribedEvent, Message

_NOTIFICATION = 300
_PLAIN = 3_500  # of 4,000 that Slack shows well
_ROOMS = (6_500, 5_000, 3_600, 2_400, 1_500, 900, 500, 250, 100, 24)  # characters, until it fits


def render(message: Message) -> dict[str, Any]:
    """The payload for chat.postMessage or an incoming webhook, without its destination."""
    return {
        "text": mrkdwn(fit(titled(message), _NOTIFICATION)),
        "blocks": _blocks(message),
        "unfurl_links": False,
        "unfurl_media": False,
    }


def render_plain(message: Message) -> str:
    """The message as text alone, for when Slack refuses its blocks; mrkdwn, escaped."""
    lines = [titled(message)]
    if message.notice is not None:
        lines += [notice_body(message.notice), notice_since(message.notice)]
    elif message.described_events:
        lines += [_plainly(each, len(message.described_events)) for each in message.described_events]
    else:
        lines.append(nothing_changed(message))
    last = "\n".join((*provenance(message), footer(message)))
    body = fit("\n\n".join(lines), _PLAIN - len(last))
    return mrkdwn(f"{body}\n\n{last}")


def _plainly(described: DescribedEvent, together: int) -> str:
    where = link(described.event.subject)
    if together > 1:
        return f"{name(described.event.subject)}: {meaning(described)}\n{where}"
    return f"{meaning(described)}\n{where}\n\n{inline(update(described, _PLAIN // 2).pieces)}"


def _blocks(message: Message) -> list[Block]:
    if message.notice is not None:
        return _notice(message)
    if not message.described_events:
        said = rich_text(paragraph(words(nothing_changed(message))))
        return [header(titled(message)), said, _end(message)]
    if len(message.described_events) == 1 and message.cause != Cause.DIGEST:
        return _change(message)
    return several(message)


def _end(message: Message) -> Block:
    return context(*provenance(message), footer(message))


def _shrink(build: Callable[[int], list[Block]]) -> list[Block]:
    """Build with less and less room until the whole is light enough; the last try always is."""
    for room in _ROOMS:
        blocks = build(room)
        if weigh(blocks) <= HEAVIEST:
            break
    return blocks


# --- one change -----------------------------------------------------------------------------------


def _change(message: Message) -> list[Block]:
    (described,) = message.described_events

    def build(room: int) -> list[Block]:
        shown = update(described, room)
        subject = _recommendation(described.event, min(room // 4, 600))
        shown_update = [] if without_response(described.event) else _difference(described, shown)
        text = [rich_text(subject[0])] if subject[0]["elements"] else []
        left_out = (shown.left_out if shown_update else 0) + subject[1]
        return [
            header(titled(message)),
            rich_text(paragraph(_facts(described, room)), *_report(described)),
            *(text + shown_update if recommendation_first(described.event) else shown_update + text),
            *_left_out(left_out, described.event.id, message.base_url),
            *_button(link(described.event.subject), link_label(described.event.subject)),
            _end(message),
        ]

    return _shrink(build)


def _facts(described: DescribedEvent, room: int) -> list[Run]:
    """What the headline leaves out, then status (old struck, new bold), priority and agency."""
    event = described.event
    said = details(described, beyond=headline(described))
    runs = words(fit(said, min(room, 900)), "bold") + words("\n") if said else []
    runs += words("Last status: " if event.type == EventType.VANISHED else "")
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


def _report(described: DescribedEvent) -> list[Block]:
    title = one_line(described.event.subject.title)
    return [paragraph(words(fit(title, 250), "italic"))] if title else []


def _recommendation(event: Event, room: int) -> tuple[Block, int]:
    shown = recommended(event, room)
    runs = styled(shown.pieces)
    return paragraph(words(f"{kind_in_words(event)}: ", "bold") + runs if runs else []), shown.left_out


def _difference(described: DescribedEvent, shown: Excerpt) -> list[Block]:
    if not shown.pieces:
        return []
    compared = any(piece.kind in ("delete", "insert") for piece in shown.pieces)
    label = words("Status update", "bold")
    if compared:
        label += words(" (") + words("before", "strike") + words(", ") + words("now", "bold") + words(")")
    elif described.event.type == EventType.VANISHED:
        label = words("Last status update", "bold")
    elif described.event.old:
        label = words("Status update, unchanged", "bold")
    return [rich_text(paragraph(label), quote(styled(shown.pieces)))]


def _left_out(left_out: int, event_id: str, base_url: str) -> list[Block]:
    if not left_out:
        return []
    where = where_the_rest_is(event_id, base_url)
    return [context(f"{counted(left_out, 'word')} left out here. All of it: {where}")]


def _button(url: str, text: str) -> list[Block]:
    return [button(text, url)] if len(url) <= ADDRESS else []


# --- trouble --------------------------------------------------------------------------------------


def _notice(message: Message) -> list[Block]:
    notice = message.notice
    assert notice is not None

    def build(room: int) -> list[Block]:
        shown = excerpt_text(notice_body(notice), min(room, 2_400))
        gap = words("\n" * bool(shown.pieces))
        runs = styled(shown.pieces) + gap + words(notice_since(notice), "italic")
        return [header(titled(message)), rich_text(paragraph(runs)), _end(message)]

    return _shrink(build)
