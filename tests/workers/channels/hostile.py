"""Texts that try to break out of a message, for property tests of every channel."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from monitor.record.values import EventType, Reminder
from tests.workers.channels.made_up import AT, event, notice, state, subject
from workers.meaning.difference import describe
from workers.values import DescribedEvent, Level, Signal, Significance

_SNIPPETS = (
    "<!channel> <@U0001> <#C0001|general> <https://evil.example|click>",
    "*bold* _it_ ~no~ `code` :rotating_light:",
    "&amp; &lt; && <<<>>>",
    '"><script>alert(1)</script><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} {% include 'x' %}",
    "\r\nBcc: victim@example.org\r\n\r\nbody",
    "\n.\r\nMAIL FROM:<x@example.org>\r\n",
    "=?utf-8?q?=0ABcc:_x?=",
    "\x1b[31mred\x07\x00",
    "\u202eesrever\u2066",
    "\ud800 lone \udfff",
    "\U0001f3f4\U000e0067\U000e0062",
    "e\u0301\u0301\u0301\u0301",
    "by May 31, 2024. " * 30,
    "unbreakable" * 60,
    "\n\n",
    " ",
    "",
)
characters = st.characters(exclude_categories=())  # lone surrogates and controls too
texts = st.builds(
    lambda parts, times: "".join(parts) * times,
    st.lists(st.one_of(st.sampled_from(_SNIPPETS), st.text(characters, max_size=40)), max_size=8),
    st.sampled_from((1, 1, 1, 1, 2, 60)),
)
short_texts = st.one_of(st.sampled_from(_SNIPPETS), st.text(characters, max_size=60))
signals = st.lists(
    st.builds(
        Signal,
        st.sampled_from(("deadline_moved", "agency_position", "action_reported", "closed", "unheard_of")),
        short_texts,
        st.one_of(st.none(), short_texts, st.just("2024-05")),
        st.one_of(st.none(), short_texts, st.just("FY2026-Q2")),
        st.one_of(st.none(), st.integers(0, 40)),
    ),
    max_size=4,
).map(tuple)


@st.composite
def described_events(draw: st.DrawFn, identity: int | None = None) -> DescribedEvent:
    """An event of any type, all of its words hostile."""
    kind = draw(st.sampled_from(EventType))
    number = draw(st.integers(1, 10**6)) if identity is None else identity
    sides: dict[str, Any] = {
        side: state(
            draw(texts),
            status=draw(st.one_of(st.just("open"), short_texts)),
            priority=draw(st.booleans()),
            text=draw(short_texts),
            observed_at=AT - timedelta(days=age),
        )
        for side, age in (("old", 9), ("new", 0))
    }
    if kind == EventType.OPENED:
        sides["old"] = None
    if kind == EventType.VANISHED:
        sides["new"] = None
    about = subject(
        product=draw(st.one_of(st.none(), short_texts)),
        number=draw(st.one_of(st.none(), short_texts)),
        agency=draw(short_texts),
        title=draw(short_texts),
        text=draw(texts),
        url=draw(
            st.one_of(st.none(), short_texts, short_texts.map(lambda text: f"https://example.org/{text}"))
        ),
    )
    changed = (
        draw(st.sets(st.sampled_from(("narrative", "status", "priority", "text"))))
        if all(sides.values())
        else ()
    )
    by_clock = kind in (EventType.OVERDUE, EventType.STALLED)
    happened = event(
        kind,
        reminder=draw(st.builds(Reminder, short_texts, texts)) if by_clock else None,
        id=f"evt_{number:022d}",
        recommendation_id=number,
        subject=about,
        changed=tuple(changed),
        **sides,
    )
    significance = Significance(draw(st.sampled_from(Level)), draw(signals))
    return DescribedEvent(happened, describe(happened), significance)


notices = st.builds(lambda text, concerns: notice(message=text, concerns=concerns), texts, short_texts)
