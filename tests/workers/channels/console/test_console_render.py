"""What a terminal shows."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.record.values import EventType, NoticeType, Reminder
from tests.workers.channels.made_up import (
    NEW,
    OLD,
    TEXT,
    WATCH,
    described,
    message,
    notice,
    several,
    state,
    subject,
)
from workers.channels.console.render import render
from workers.channels.console.writer import TerminalWriter
from workers.values import Cause, Level, Message, Signal

STYLE = re.compile(r"\x1b\[[0-9;]*m")
BOILERPLATE = (
    "When we confirm what actions the agency has taken in response to this recommendation, "
    "we will provide updated information."
)


def shown(made: Message, **how: Any) -> str:
    """The lines with their breaks undone, to look for sentences in."""
    return " ".join(render(made, **how).split())


def test_a_change_reads_from_the_top() -> None:
    """What and where, then status and report, old and new, the address, and for whom."""
    assert render(message(described())) == (
        "GAO-23-105607 rec. 5 (CBP): Deadline moved, May 2024 → Sep 2025 (16 months\n"
        "  later, moved a 2nd time)\n"
        "  Open · Border Inspection: Better Upkeep of Scanners Would Shorten the Wait\n"
        "  [… 19 words unchanged …] As of [-January 2024-] {+February 2026+}, CBP\n"
        "  anticipates completing these actions by [-May 2024.-] {+September 2025. CBP\n"
        "  issued an interim memo to field offices in December 2025.+}\n"
        "  https://www.gao.gov/products/gao-23-105607\n"
        "  Seen on Mar 1, 2026. You get this because subscription cbp-team covers all\n"
        "    recommendations.\n"
        "  Mar 1, 2026 · subscription cbp-team · event evt_3vQ0cGm8T1xZk5LwYpR7hN\n"
        "\n"
    )


def test_with_colour_old_is_struck_and_new_is_bold() -> None:
    """On a terminal styles take the place of the marks."""
    text = render(message(described()), colour=True)
    assert "\x1b[9;91mJanuary 2024\x1b[0m" in text
    assert "\x1b[1;32mFebruary 2026\x1b[0m" in text
    assert "[-" not in text
    assert "{+" not in text


def test_lines_are_wrapped_but_addresses_are_not() -> None:
    """No line is wider than the terminal, except one to be copied."""
    lines = render(
        message(described(subject=subject(url="https://www.gao.gov/" + "a" * 60))), width=50
    ).splitlines()
    assert [line for line in lines if len(line) > 50] == ["  https://www.gao.gov/" + "a" * 60]


def test_a_new_recommendation_is_shown_in_its_own_words() -> None:
    """Its text, and GAO's update where there is one; boilerplate is none."""
    assert TEXT in shown(message(described(EventType.OPENED, signals=())))
    assert f"GAO's update: {NEW}" in shown(message(described(EventType.OPENED, signals=())))
    plain = shown(message(described(EventType.OPENED, signals=(), new=state(BOILERPLATE))))
    assert "When we confirm" not in plain


def test_one_that_left_is_shown_with_its_last_words() -> None:
    """What stood there, what is supposed, and where to look; the address once."""
    text = shown(message(described(EventType.VANISHED, signals=())))
    assert f"The last update: {OLD}" in text
    assert "Left GAO's open list, probably closed; its report's page could not be read: https://" in text
    assert text.count("https://") == 1


def test_a_reworded_recommendation_shows_both_wordings() -> None:
    """Where the recommendation itself changed, that difference is shown."""
    made = described(
        changed=("text",), runs=(), signals=(), old=state(), new=state(text=TEXT.replace("once", "twice"))
    )
    assert "[-once-] {+twice+} a year" in shown(message(made))


@pytest.mark.parametrize("kind", [EventType.OVERDUE, EventType.STALLED])
def test_a_reminder_shows_no_difference(kind: EventType) -> None:
    """Nothing changed, and nothing is shown as if it had: only what was promised."""
    made = described(
        kind, signals=(), runs=(), old=state(), new=state(), reminder=Reminder("2024-05", "By May.")
    )
    text = render(message(made))
    assert "[-" not in text
    assert "By May." in text
    assert "working group" not in text


def test_what_changed_before_a_reminder_is_shown_with_it() -> None:
    """A digest that holds a change and then a reminder shows the change's old and new words."""
    changed = described(revision=2, id="evt_1", signals=())
    due = described(
        EventType.OVERDUE,
        revision=2,
        id="evt_2",
        signals=(),
        runs=(),
        old=state(NEW),
        new=state(NEW),
        reminder=Reminder("2025-09"),
    )
    text = render(message(changed, due, cause=Cause.DIGEST))
    assert "verdue, expected Sep 2025" in text
    assert "[-January 2024,-]" in " ".join(text.split())


def test_what_is_left_out_is_counted_and_found() -> None:
    """A very long difference is cut, with how much and where all of it is."""
    runs = (("delete", "old words here. " * 900), ("insert", "new words there. " * 900))
    text = shown(message(described(runs=runs)))
    assert re.search(r"[\d,]+ words left out here; all of it: recwatch show evt_3vQ0cGm8T1xZk5LwYpR7hN", text)
    assert len(text) < 7_000
    linked = shown(message(described(runs=runs), base_url="https://w.example.org"))
    assert "all of it: https://w.example.org/events/evt_3vQ0cGm8T1xZk5LwYpR7hN" in linked


def test_a_summary_lists_every_change_with_its_event() -> None:
    """Many changes of one capture are a list, the rest counted beyond sixty."""
    text = shown(message(*several(12), cause=Cause.SUMMARY))
    assert text.startswith("12 changes: 12 deadlines moved - GAO-23-105607 rec. 1 (CBP): Deadline moved")
    assert all(f"evt_{index:022d}" in text for index in range(1, 13))
    assert "and 5 recommendations more; all of them: recwatch changes" in shown(
        message(*several(65), cause=Cause.SUMMARY)
    )


def test_a_digest_is_grouped_by_agency_and_report() -> None:
    """Each agency once, each report once, one entry a recommendation with all its events."""
    other = described(
        recommendation_id=99, subject=subject(product="GAO-24-100001", agency="Department of State")
    )
    later = described(recommendation_id=1, revision=4, id="evt_later", signals=(Signal("action_reported"),))
    text = shown(message(*several(2), later, other, cause=Cause.DIGEST))
    assert text.count("Department of State") == 1
    assert text.count("GAO-23-105607 Border Inspection") == 1
    assert "2 changes, first to last" in text
    assert "evt_0000000000000000000001 evt_later" in text


def test_an_empty_digest_says_so() -> None:
    """Nothing changed, how many are watched, when they were read."""
    text = render(message(cause=Cause.DIGEST, watch=WATCH))
    assert text.startswith("Nothing changed. 25 recommendations watched, last read Mar 1, 2026.\n")


def test_a_sample_and_a_repeat_are_marked() -> None:
    """Nobody takes a test for a change."""
    assert render(message(described(), cause=Cause.TEST)).startswith("[Test] GAO-23-105607")
    assert "nothing happened" in render(message(described(), cause=Cause.TEST))
    assert render(message(described(), cause=Cause.REPLAY)).startswith("[Sent again] GAO-23-105607")


@pytest.mark.parametrize("kind", list(NoticeType))
def test_a_notice_says_what_is_the_matter_and_since_when(kind: NoticeType) -> None:
    """Operators read trouble and what to do."""
    text = shown(message(notice=notice(kind), cause=Cause.NOTICE))
    assert "gao-open" in text
    began = "The trouble began" if kind is NoticeType.RECOVERED else "Since"
    assert f"www.example.org refused (403). Next try 14:10. {began} Mar 1, 2026, 09:30 UTC" in text


@pytest.mark.parametrize("cause", list(Cause))
def test_every_message_names_its_subscription_and_event(cause: Cause) -> None:
    """Whoever reads it can find out why it came."""
    made = message(notice=notice()) if cause == Cause.NOTICE else message(described(), cause=cause)
    text = render(made)
    assert "subscription cbp-team" in text
    assert "event evt_" in text


ANY = st.text(st.characters(), max_size=200) | st.sampled_from(
    ["\x1b]0;x\x07\x1b[2J", "\u202egnp.exe", "[bold]x[/]"]
)


@settings(max_examples=60, deadline=None)
@given(
    st.fixed_dictionaries(dict.fromkeys(("product", "number", "agency", "title", "text", "url"), ANY)),
    ANY,
    ANY,
)
@pytest.mark.parametrize("cause", [Cause.INSTANT, Cause.SUMMARY, Cause.DIGEST])
@pytest.mark.parametrize("colour", [False, True])
def test_nothing_on_a_page_reaches_the_terminal_as_a_command(
    cause: Cause, colour: bool, texts: dict[str, str], narrative: str, quote: str
) -> None:
    """Whatever a page holds, only our own styles are control sequences, and no line turns round."""
    made = [
        described(
            kind,
            subject=subject(**texts),
            old=None if kind == EventType.OPENED else state(narrative, status=quote),
            new=None if kind == EventType.VANISHED else state(quote, status=narrative),
            runs=(("delete", narrative), ("insert", quote)),
            signals=(
                Signal("agency_position", quote, quote, narrative),
                Signal("deadline_moved", quote, quote, quote),
            ),
            recommendation_id=index,
        )
        for index, kind in enumerate(EventType)
    ]
    for described_events in [made] if cause != Cause.INSTANT else [[each] for each in made]:
        text = STYLE.sub("", render(message(*described_events, cause=cause), colour=colour))
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_the_pen_makes_all_inert() -> None:
    """What a renderer forgets is caught where lines are written."""
    out, evil = TerminalWriter(80, colour=False), "a\x1b[2J\u202eb"
    out.title((evil, ""))
    out.line(evil)
    out.item(evil, "", "")
    out.whole(evil + "\nc")
    assert out.text().split("\n")[:4] == [
        "a\ufffd[2J\ufffdb",
        "  a\ufffd[2J\ufffdb",
        "  - a\ufffd[2J\ufffdb",
        "  a\ufffd[2J\ufffdb c",
    ]


def test_levels_are_told_apart() -> None:
    """What changes no meaning is dim, what does is bold."""
    assert "\x1b[2monly" in render(message(described(level=Level.REDATED, signals=())), colour=True).replace(
        "Only", "only"
    )
    assert "\x1b[1mDeadline" in render(message(described()), colour=True)


def test_no_blank_is_struck_or_underlined() -> None:
    """A line through the space after a word, or under an indentation, is seen and means nothing."""
    text = render(message(described()), colour=True)
    assert "\x1b[9;91mMay 2024.\x1b[0m" in text
    assert "  \x1b[4mhttps://www.gao.gov/products/gao-23-105607\x1b[0m" in text
    for struck in re.findall(r"\x1b\[(?:9;91|1;32|4)m(.*?)\x1b\[0m", text, re.DOTALL):
        assert struck[:1].strip()
