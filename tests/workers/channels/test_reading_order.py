"""What a reader meets first, in a mail and in Slack: what the change is about, under its right name."""

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.record.values import EventType, Kind
from tests.workers.channels.email.sending import by_mail, mailed, part
from tests.workers.channels.made_up import AT, OLD, TEXT, WATCH, described, several, state, subject
from tests.workers.channels.slack.sending import to_slack, words_in
from workers.channels.slack.render import render
from workers.channels.text.common import message_headline, where_all_are
from workers.values import Cause, DescribedEvent, Level, Significance

BOILERPLATE = (
    "When we confirm what actions the agency has taken in response to this recommendation, "
    "we will provide updated information."
)
PRIORITY = described(signals=(), runs=(), changed=("priority",), old=state(), new=state(priority=True))
REWORDED = described(
    signals=(), runs=(), changed=("text",), old=state(text="CBP must look."), new=state(text="CBP must see.")
)


def _opened(narrative: str = BOILERPLATE, **changes: object) -> DescribedEvent:
    return described(EventType.OPENED, signals=(), new=state(narrative), subject=subject(**changes))


def _told(one: DescribedEvent) -> list[str]:
    """The mail's text, its HTML, and the Slack message, each as it is read from top to bottom."""
    mail = mailed(by_mail(one))
    return [part(mail, "plain"), part(mail, "html"), words_in(render(to_slack(one)))]


def _flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("one", "first", "then"),
    [
        (_opened("CBP agreed."), "Commissioner of U.S.", "CBP agreed."),
        (PRIORITY, "Commissioner of U.S.", "a working group"),
        (REWORDED, "see.", "a working group"),
        (described(), "September 2025", "Commissioner of U.S."),
        (described(EventType.VANISHED, signals=()), "a working group", "Commissioner of U.S."),
    ],
)
def test_what_the_change_is_about_comes_first(one: DescribedEvent, first: str, then: str) -> None:
    """A new recommendation, or a reworded one, before GAO's update; a changed update before the request."""
    for text in _told(one):
        assert 0 < text.index(first) < text.index(then)


def test_that_no_answer_came_yet_is_not_told_of_a_new_recommendation() -> None:
    """The boilerplate says nothing; of one that left it says that no answer ever came."""
    for text in _told(_opened()):
        assert BOILERPLATE not in _flat(text)
        assert "words left out" not in text
    gone = described(EventType.VANISHED, signals=(), old=state(BOILERPLATE))
    assert all(BOILERPLATE in _flat(text) for text in _told(gone))


def test_a_matter_for_congress_is_not_called_a_recommendation() -> None:
    """Whoever works for a committee looks for the word."""
    text, page, slack = _told(_opened(kind=Kind.MATTER, number="1", agency="Congress"))
    assert "MATTER FOR CONGRESS\n" in text
    assert ">Matter for Congress</h2>" in page
    assert "Matter for Congress: " in slack
    assert "RECOMMENDATION\n" not in text


def test_a_digests_line_in_slack_quotes_what_it_is_about() -> None:
    """Under "new recommendation" stand its words, not that nothing is known of it."""
    seen = words_in(render(to_slack(_opened(), PRIORITY, cause=Cause.DIGEST, watch=WATCH)))
    assert TEXT[:80] in seen
    assert BOILERPLATE not in seen


def test_a_digest_of_one_change_in_slack_says_where_that_one_is() -> None:
    """Not where a list of one is; and one change is not said to be in one recommendation."""
    long = described(EventType.OPENED, signals=(), subject=subject(text="See to it. " * 90))
    seen = words_in(render(to_slack(long, cause=Cause.DIGEST, watch=WATCH)))
    assert f"All of it: recwatch show {long.event.id}" in seen
    assert "in 1 recommendation" not in seen


def test_a_digest_of_one_change_has_its_name_where_a_telephone_shows_it() -> None:
    """No count comes before it: the first 40 characters name report, number and agency."""
    mail = mailed(by_mail(described(), cause=Cause.DIGEST, watch=WATCH))
    subject_line = "GAO-23-105607 rec. 5 (CBP): deadline moved, May 2024 → Sep 2025 (Mar 1)"
    assert mail["Subject"] == subject_line
    text = _flat(part(mail, "plain"))
    assert "1 change in 1" not in text
    assert "1 deadline moved." not in text
    page = part(mail, "html")
    assert page.index("Deadline moved, May 2024") < page.index("25 recommendations watched")


def test_a_subject_of_many_kinds_names_the_gravest_and_counts_the_rest() -> None:
    """It ends with a number, not in the middle of a word."""
    levels = (Level.SUBSTANTIVE, Level.REDATED, Level.COSMETIC)
    plain = [replace(each, significance=Significance(level)) for level in levels for each in several(2)]
    kinds = (EventType.OPENED, EventType.VANISHED, EventType.CLOSED, EventType.REOPENED)
    others = [described(kind, signals=()) for kind in kinds]
    everything = [
        replace(each, event=replace(each.event, recommendation_id=number))
        for number, each in enumerate([*plain, *others])
    ]
    mail = mailed(by_mail(*everything, cause=Cause.SUMMARY))
    counts = "10 changes, 1 closed, 1 reopened, 1 left the open list, 1 new, 6 others"
    assert mail["Subject"] == f"GAO, CBP, Mar 1: {counts}"
    assert "2 new wordings only" in _flat(part(mail, "plain"))
    few = by_mail(*everything[:5], cause=Cause.SUMMARY)
    assert "others" not in message_headline(few, 2)


@pytest.mark.parametrize(("words", "whole"), [(56, True), (78, True), (90, False)])
def test_a_digest_leaves_out_many_words_or_none(words: int, whole: bool) -> None:
    """ "3 words left out here" costs more than the three words."""
    long = described(subject=subject(text="word " * words))
    page = part(mailed(by_mail(long, cause=Cause.DIGEST, watch=WATCH)), "html")
    assert ("left out" not in page) is whole


def test_facts_line_up_under_the_longest_label() -> None:
    """ "Last status:" is longer than the others."""
    text = part(mailed(by_mail(described(EventType.VANISHED, signals=()))), "plain")
    columns = {
        line.index(value)
        for line in text.splitlines()
        for label, value in (("Last status:", "Open"), ("Agency:", "United"), ("Link:", "https"))
        if line.startswith(label)
    }
    assert len(columns) == 1


def test_all_changes_are_listed_from_the_first_on_wherever_one_lives() -> None:
    """A day alone begins at midnight where the command is typed: west of Greenwich, too late."""
    late = described(at=AT + timedelta(days=2))
    assert where_all_are(by_mail(late, described())).endswith(f"--since {AT:%Y-%m-%dT%H:%M}Z")


def test_a_gap_stands_one_space_from_what_is_around_it() -> None:
    """Slack shows every blank."""
    runs = (("equal", f"{OLD} " * 9), ("insert", "It was done. "), ("equal", f"{OLD} " * 9))
    old, new = state(f"{OLD} " * 18), state(f"{OLD} " * 9 + "It was done. " + f"{OLD} " * 9)
    for text in (render(to_slack(described(runs=runs, old=old, new=new))),):
        joined = "".join(
            run["text"]
            for block in text["blocks"]
            if block["type"] == "rich_text"
            for each in block["elements"]
            if each["type"] == "rich_text_quote"
            for run in each["elements"]
        )
        assert "[…" in joined
        assert "  " not in joined
