"""What messages look like in Slack."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.record.values import EventType, NoticeType
from tests.fakes.slack import problems, units
from tests.workers.channels.hostile import described_events, notices
from tests.workers.channels.made_up import AT, NEW, OLD, WATCH, described, notice, several, state, subject
from tests.workers.channels.slack.sending import BY_API, styled, to_slack, words_in
from workers.channels.slack.blocks import words
from workers.channels.slack.preview import preview
from workers.channels.slack.render import render, render_plain
from workers.meaning.difference import describe
from workers.values import Cause, DescribedEvent, Level, Message, Significance

LONG = " ".join(f"In step {number}, officials described a measure of their own." for number in range(4_000))


def changed(old: str, new: str, **changes: object) -> DescribedEvent:
    made = described(signals=(), old=state(old), new=state(new), **changes)
    return replace(made, difference=describe(made.event))


def test_a_change_is_told_in_ten_seconds() -> None:
    """Report, number, agency, status, meaning, old and new, subscription and event stand in it."""
    payload = render(to_slack(described()))
    assert payload["text"] == "GAO-23-105607 rec. 5 (CBP): deadline moved, May 2024 → Sep 2025"
    assert payload["blocks"][0]["text"]["text"] == payload["text"]
    seen = words_in(payload)
    for said in (
        "16 months later, moved a 2nd time",
        "Open",
        "United States Customs and Border Protection",
        "subscription cbp-team · event evt_3vQ0cGm8T1xZk5LwYpR7hN",
    ):
        assert said in seen
    assert (payload["unfurl_links"], payload["unfurl_media"]) == (False, False)
    assert payload["blocks"][-2]["elements"][0]["url"] == "https://www.gao.gov/products/gao-23-105607"


def test_one_that_left_is_not_called_open() -> None:
    """What stood last is said to be the last: the recommendation is probably closed."""
    assert "Last status: \nOpen" in words_in(render(to_slack(described(EventType.VANISHED, signals=()))))


def test_old_words_are_struck_and_new_ones_bold() -> None:
    """The difference can be read without a word of explanation, and the white space is not struck."""
    payload = render(to_slack(described()))
    assert "May 2024." in styled(payload, "strike")
    assert any("September 2025." in run for run in styled(payload, "bold"))
    assert not any(run != run.rstrip() for run in styled(payload, "strike"))


def test_a_status_that_moved_shows_both() -> None:
    """The old status is struck, the new one bold."""
    moved = described(
        EventType.CLOSED,
        signals=(),
        new=state(NEW, status="closed-implemented"),
        changed=("narrative", "status"),
    )
    payload = render(to_slack(moved))
    assert "Open" in styled(payload, "strike")
    assert "Closed, implemented" in styled(payload, "bold")


def test_a_reworded_recommendation_shows_both() -> None:
    """GAO changes what it recommends as well."""
    old, new = (
        state(text="Do this by hand. (Recommendation 5)"),
        state(text="Do this twice. (Recommendation 5)"),
    )
    payload = render(to_slack(described(signals=(), old=old, new=new, changed=("text",))))
    assert any("hand" in run for run in styled(payload, "strike"))
    assert any("twice" in run for run in styled(payload, "bold"))


def test_an_unchanged_update_is_said_to_be_unchanged() -> None:
    """Where only the status moved nobody searches the words for a difference."""
    moved = described(
        signals=(), old=state(NEW), new=state(NEW, status="open-partially-addressed"), changed=("status",)
    )
    seen = words_in(render(to_slack(moved)))
    assert "Status update, unchanged" in seen
    assert NEW in seen


@pytest.mark.parametrize("kind", [EventType.OPENED, EventType.VANISHED, EventType.OVERDUE, EventType.STALLED])
def test_an_event_without_a_difference_shows_the_words_there_are(kind: EventType) -> None:
    """Opened shows the first update, vanished the last, reminders the present one."""
    reminded = {"old": state(NEW)} if kind in (EventType.OVERDUE, EventType.STALLED) else {}
    seen = words_in(render(to_slack(described(kind, signals=(), **reminded))))
    assert (OLD if kind == EventType.VANISHED else NEW) in seen


def test_what_left_the_list_is_worded_as_what_it_is() -> None:
    """Nobody may read "closed" where that is only likely."""
    seen = words_in(render(to_slack(described(EventType.VANISHED, signals=()))))
    assert "left GAO's open list, probably closed" in seen.replace("Left", "left")


@pytest.mark.parametrize(
    ("old", "new"),
    [(LONG, LONG.replace("step 1", "stage 1")), (LONG, "Nothing."), ("Nothing.", LONG), (LONG, LONG[::-1])],
)
def test_a_cut_text_says_how_much_and_where_the_rest_is(old: str, new: str) -> None:
    """However long the words are the payload is valid, and names the command or the page with all of it."""
    payload = render(to_slack(changed(old, new)))
    assert problems(payload) == []
    assert "words left out here. All of it: recwatch show evt_3vQ0cGm8T1xZk5LwYpR7hN" in words_in(payload)
    online = render(to_slack(changed(old, new), base_url="https://watch.example.org"))
    assert "All of it: https://watch.example.org/events/evt_3vQ0cGm8T1xZk5LwYpR7hN" in words_in(online)


def test_new_words_are_never_crowded_out_by_old_ones() -> None:
    """A whole narrative that was replaced shows the beginning of both."""
    payload = render(to_slack(changed("Old. " + LONG, "Fresh. " + LONG[::-1])))
    assert any(run.startswith("Old. ") for run in styled(payload, "strike"))
    assert any(run.startswith("Fresh. ") for run in styled(payload, "bold"))


def test_marks_say_what_is_no_news() -> None:
    """A test and a replay are marked where the eye falls first, and in the notification."""
    for cause, mark in ((Cause.TEST, "[Test]"), (Cause.REPLAY, "[Sent again]")):
        payload = render(to_slack(described(), cause=cause))
        assert payload["text"].startswith(mark)
        assert payload["blocks"][0]["text"]["text"].startswith(mark)


def test_a_summary_has_the_most_significant_first_and_counts_the_rest() -> None:
    """Five hundred changes are one valid message; what has no room is counted, with where it is."""
    cosmetic = [replace(each, significance=Significance(Level.COSMETIC)) for each in several(250)]
    grave = [
        described(
            id=f"evt_9{number:021d}", recommendation_id=1_000 + number, subject=subject(number=f"9{number}")
        )
        for number in range(250)
    ]
    payload = render(to_slack(*cosmetic, *grave, cause=Cause.SUMMARY))
    assert problems(payload) == []
    (items,) = (each["elements"] for each in payload["blocks"][2]["elements"] if "list" in each["type"])
    assert len(items) >= 20
    assert all("Deadline moved" in item["elements"][1]["text"] for item in items)
    assert f"{500 - len(items)} more recommendations not shown here. " in words_in(payload)
    seen = words_in(payload)
    assert "All of them: recwatch changes --since 2026-03-01T12:00Z; one in full, old and new: " in seen


def test_a_summary_by_the_web_api_points_to_its_thread() -> None:
    """The fan-out puts each event under it: the reader is told so."""
    payload = render(to_slack(*several(20), cause=Cause.SUMMARY, subscription=BY_API))
    assert "Each change in full: in this message's thread." in words_in(payload)
    below = render(to_slack(*several(10), cause=Cause.SUMMARY, subscription=BY_API, thread={"ts": "1.2"}))
    assert "thread" not in words_in(below)
    assert "May 2024." in styled(below, "strike")


def test_a_digest_is_grouped_by_agency_and_counts() -> None:
    """An agency's name stands once, over its changes; the frame says how many are watched."""
    other = described(
        id="evt_2", recommendation_id=99, subject=subject(agency="Department of Energy", number="1")
    )
    payload = render(to_slack(*several(3), other, cause=Cause.DIGEST, watch=WATCH))
    seen = words_in(payload)
    assert seen.count("United States Customs and Border Protection") == 1
    assert "4 deadlines moved · 25 watched" in seen
    assert all(each.event.id in seen for each in several(3))


def test_several_changes_of_one_recommendation_are_one_story() -> None:
    """A digest shows first old and last new, and says in how many steps."""
    middle = "CBP agreed with this recommendation. It was working on it."
    first = changed(OLD, middle, id="evt_1", revision=2)
    second = changed(middle, NEW, id="evt_2", revision=3)
    payload = render(to_slack(second, first, cause=Cause.DIGEST, watch=WATCH))
    assert "(2 steps)" in words_in(payload)
    assert "working" not in words_in(payload)
    assert "evt_1 evt_2" in words_in(payload)


def test_an_empty_digest_says_that_nothing_changed() -> None:
    """And how many are watched, and when they were last read."""
    payload = render(to_slack(cause=Cause.DIGEST, watch=WATCH))
    assert "Nothing changed. 25 recommendations watched, last read Mar 1, 2026." in words_in(payload)
    assert problems(payload) == []


def test_a_notice_says_what_is_wrong_and_since_when() -> None:
    """Operators need no other message to act."""
    payload = render(to_slack(cause=Cause.NOTICE, notice=notice(NoticeType.BLOCKED)))
    seen = words_in(payload)
    assert "recwatch: source gao-open is refused" in seen
    assert "www.example.org refused (403). Next try 14:10." in seen
    assert "Since Mar 1, 2026, 09:30 UTC" in seen
    assert "event evt_9aaaaaaaaaaaaaaaaaaaaa" in seen


def test_the_same_message_is_the_same_payload() -> None:
    """A repeat shows nothing else than the first attempt did."""
    assert json.dumps(render(to_slack(described()))) == json.dumps(render(to_slack(described())))


def test_plain_text_still_tells() -> None:
    """What goes out where Slack refuses the blocks names the change, old and new, and the event."""
    text = render_plain(to_slack(described()))
    assert "[was: May 2024.] [now: September 2025." in text
    assert text.endswith("subscription cbp-team · event evt_3vQ0cGm8T1xZk5LwYpR7hN")


def message_of(told: list[DescribedEvent], cause: Cause) -> Message:
    if cause in (Cause.INSTANT, Cause.TEST):
        told = told[:1]
    return to_slack(*told, cause=cause, subscription=BY_API, watch=WATCH if cause == Cause.DIGEST else None)


causes = st.sampled_from((Cause.INSTANT, Cause.TEST, Cause.REPLAY, Cause.SUMMARY, Cause.DIGEST))
TRYING = settings(
    max_examples=60,
    deadline=timedelta(seconds=60),  # what is quadratic would take minutes
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@TRYING
@given(st.lists(described_events(), min_size=1, max_size=4), causes)
def test_whatever_is_told_the_payload_is_valid_and_inert(told: list[DescribedEvent], cause: Cause) -> None:
    """No text breaks a limit, empties a block, mentions anybody, or turns into markup."""
    message = message_of(told, cause)
    payload = render(message)
    assert problems(payload) == []
    json.dumps(payload).encode("ascii")
    assert not {"<", ">"} & set(payload["text"])
    plain = render_plain(message)
    assert not {"<", ">"} & set(plain)
    assert units(plain) < 40_000
    assert "mrkdwn" not in json.dumps(payload)
    assert "<script" not in preview(payload)


@TRYING
@given(notices)
def test_whatever_is_wrong_the_notice_is_valid(trouble: object) -> None:
    """Operators hear, whatever the message is made of."""
    assert problems(render(to_slack(cause=Cause.NOTICE, notice=trouble))) == []


@TRYING
@given(described_events())
def test_whatever_is_told_nothing_is_cut_silently(told: DescribedEvent) -> None:
    """Either the new words all stand there, or it is said that some are left out."""
    seen = words_in(render(to_slack(told)))
    if "left out" in seen or told.event.new is None or told.event.old is None:
        return
    fresh = [text for operation, text in told.difference.narrative if operation == "insert"]
    shown = set("".join(seen).split())
    for run in fresh:
        assert all(word in seen or word in shown for word in run.split() if word.isalnum())


def test_each_run_is_inert_and_within_the_limit() -> None:
    """Whoever makes a run need not think of what is in it."""
    assert words("a\x1b\u202eb\ud800") == [{"type": "text", "text": "a\ufffd\ufffdb\ufffd"}]
    assert max(units(run["text"]) for run in words("&" * 20_000)) <= 3_000


def test_reminders_quote_no_more_than_needed() -> None:
    """A long unchanged narrative is shown by its beginning."""
    due = described(EventType.OVERDUE, signals=(), old=state(LONG), new=state(LONG), at=AT)
    payload = render(to_slack(due))
    assert problems(payload) == []
    assert len(words_in(payload)) < 3_000
    assert "left out" in words_in(payload)
