"""What a change is called in every channel."""

from datetime import timedelta

import pytest

from monitor.record.values import EventType, Kind, NoticeType, Reminder
from tests.workers.channels.made_up import (
    AT,
    MOVED,
    WATCH,
    described,
    event,
    message,
    notice,
    several,
    state,
    subject,
)
from workers.channels.text import common, points
from workers.values import Cause, DescribedEvent, Difference, Level, Signal, Significance

DAY = timedelta(days=1)
LINK = "https://www.gao.gov/products/gao-23-105607"


def headline(*signals: Signal, kind: EventType = EventType.UPDATED, **changes: object) -> str:
    made = common.headline(described(kind, signals=signals, **changes))
    assert made.startswith("GAO-23-105607 rec. 5 (CBP): ")
    return made.removeprefix("GAO-23-105607 rec. 5 (CBP): ")


def test_a_headline_says_report_number_agency_and_what_happened() -> None:
    """One line holds what a reader needs in ten seconds."""
    said = common.headline(described())
    assert said == "GAO-23-105607 rec. 5 (CBP): deadline moved, May 2024 → Sep 2025"


@pytest.mark.parametrize(
    ("signal", "said"),
    [
        (Signal("deadline_set", new="FY2026-Q2"), "deadline set, Q2 FY 2026"),
        (Signal("first_response"), "first response"),
        (Signal("agency_position", new="concurred"), "agency's position: concurred"),
        (Signal("agency_position", old="agreed", new="disagreed"), "agency's position: agreed → disagreed"),
        (Signal("agency_position"), "the agency took a position"),
        (Signal("action_reported"), "action reported"),
        (Signal("text_removed"), "text removed"),
        (Signal("priority_set"), "now a priority recommendation"),
        (Signal("priority_cleared"), "no longer a priority recommendation"),
        (Signal("reopened"), "reopened"),
    ],
)
def test_every_signal_has_its_words(signal: Signal, said: str) -> None:
    """Signals are told in words, never by their kind's name."""
    assert headline(signal) == said


@pytest.mark.parametrize("kind", ["closed", "status_moved", *(kind for kind in points._PHRASES)])
def test_a_signal_without_particulars_still_has_words(kind: str) -> None:
    """No signal breaks a headline, whatever it lacks; and each kind has its place in the order."""
    assert headline(Signal(kind))
    assert kind in points.ORDER
    assert kind in points.COUNTED


@pytest.mark.parametrize(
    ("kind", "changes", "said"),
    [
        (EventType.OPENED, {}, "new recommendation"),
        (EventType.OPENED, {"new": state(priority=True)}, "new priority recommendation"),
        (EventType.CLOSED, {"new": state(status="closed-implemented")}, "closed, implemented"),
        (EventType.CLOSED, {"new": state(status="closed-not-implemented")}, "closed, not implemented"),
        (EventType.CLOSED, {}, "closed"),
        (EventType.REOPENED, {}, "reopened"),
        (EventType.VANISHED, {}, "left GAO's open list, probably closed"),
        (EventType.OVERDUE, {}, "an expected completion date went by without a change"),
        (
            EventType.OVERDUE,
            {"reminder": Reminder("2024-05"), "new": state(observed_at=AT - 60 * DAY)},
            "overdue, expected May 2024",
        ),
        (EventType.STALLED, {"new": state(observed_at=AT - 365 * DAY)}, "unchanged for 1 year"),
        (EventType.STALLED, {"new": state(observed_at=AT - 20 * DAY)}, "unchanged for 20 days"),
        (EventType.STALLED, {}, "unchanged since Mar 1, 2026"),
        (EventType.UPDATED, {}, "status update changed"),
    ],
)
def test_every_event_has_its_words_without_any_signal(
    kind: EventType, changes: dict[str, object], said: str
) -> None:
    """An event that could not be assessed goes out without signals, and is still told as what it is."""
    assert headline(kind=kind, **changes) == said


def test_a_closing_is_said_once() -> None:
    """The event's type and the signal of the same name are one point."""
    made = described(EventType.CLOSED, signals=(Signal("closed"),), new=state(status="closed-implemented"))
    assert [point.kind for point in common.what_changed(made)] == ["closed"]


def test_a_vanished_one_is_worded_as_what_it_is() -> None:
    """Nobody says "closed" of what only left the list; the address to look at is given."""
    said = common.meaning(described(EventType.VANISHED, signals=()))
    assert said == f"Left GAO's open list, probably closed; its report's page could not be read: {LINK}"


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (Level.REDATED, "only the review date changed"),
        (Level.COSMETIC, "only the wording changed, not the meaning"),
    ],
)
def test_a_lesser_change_is_called_one(level: Level, said: str) -> None:
    """`redated` and `cosmetic` are said in words."""
    assert headline(level=level) == said


def test_an_addition_is_told_from_a_rewriting() -> None:
    """Where nothing was taken away, the update was added to."""
    made = DescribedEvent(
        event(), Difference((("equal", "a "), ("insert", "b"))), Significance(Level.SUBSTANTIVE)
    )
    assert common.meaning(made) == "Added to the status update"


def test_a_change_of_status_or_priority_without_signals_is_told_from_the_record() -> None:
    """What the record shows is said even where significance could not be computed."""
    new = state(status="open-partially-addressed", priority=True)
    points = common.what_changed(
        described(signals=(), changed=("status", "priority", "text"), old=state(), new=new)
    )
    assert [point.kind for point in points] == ["priority_set", "status_moved", "text"]


def test_how_far_a_deadline_moved_and_how_often() -> None:
    """The meaning counts months and slips."""
    assert (
        common.meaning(described())
        == "Deadline moved, May 2024 → Sep 2025 (16 months later, moved a 2nd time)"
    )


@pytest.mark.parametrize(
    ("signal", "remark"),
    [
        (Signal("deadline_moved", old="2024-05", new="2025-09", slips=1), " (16 months later)"),
        (Signal("deadline_moved", old="2025-09", new="2024-05", slips=2), " (16 months earlier)"),
        (Signal("deadline_moved", old="2024", new="2024-12"), ""),
    ],
)
def test_a_slip_is_only_what_moved_later_again(signal: Signal, remark: str) -> None:
    """A first slip is not counted, and what moved earlier is none."""
    assert common.meaning(described(signals=(signal,))).endswith(
        common.date_in_words(signal.new or "") + remark
    )


def test_the_weightiest_comes_first_and_a_second_only_where_there_is_room() -> None:
    """Two short points fit into a headline; a long one stays alone."""
    assert (
        headline(Signal("action_reported"), MOVED) == "deadline moved, May 2024 → Sep 2025; action reported"
    )
    statuses = {"old": state(), "new": state(status="open-partially-addressed"), "changed": ("status",)}
    said = headline(MOVED, Signal("status_moved"), **statuses)
    assert said == "deadline moved, May 2024 → Sep 2025; now partially addressed"
    back = {"old": state(status="open-partially-addressed"), "new": state(), "changed": ("status",)}
    assert headline(Signal("status_moved"), **back) == "no longer partially addressed"
    own = {"new": state(status="Awaiting a decision of the courts"), "changed": ("status",)}
    assert headline(Signal("status_moved"), MOVED, **own) == "deadline moved, May 2024 → Sep 2025"


def test_quotes_are_on_one_line_and_inert() -> None:
    """What a signal rests on is shown beside it, without control characters."""
    made = described(signals=(Signal("action_reported", "CBP\x1b[31m issued\n\na memo"),))
    assert common.what_changed(made)[0].quote == "CBP\ufffd[31m issued a memo"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "GAO-23-105607 rec. 5 (CBP)"),
        ({"number": None}, "GAO-23-105607 (CBP)"),
        ({"kind": Kind.MATTER, "agency": "Congress"}, "GAO-23-105607 matter 5 (Congress)"),
        ({"product": None}, "Border Inspection: Better Upkeep of Scanners Would Shorten… rec. 5 (CBP)"),
        ({"agency": ""}, "GAO-23-105607 rec. 5"),
    ],
)
def test_a_recommendation_is_named_by_what_the_page_gave(changes: dict[str, object], said: str) -> None:
    """Report, number and agency, each only where it is known."""
    assert common.name(subject(**changes)) == said


@pytest.mark.parametrize(
    ("url", "product", "address"),
    [
        ("https://www.gao.gov/products/gao-23-105607", None, LINK),
        (None, "GAO-23-105607", LINK),
        ("javascript:alert(1)", "GAO-23-105607", LINK),
        ('https://x.org/"><b>', "GAO-23-105607", LINK),
        ("https://x.org/\nBcc:", "GAO-23-105607", LINK),
        (None, None, "https://www.gao.gov"),
        (None, "no number", "https://www.gao.gov"),
    ],
)
def test_a_link_is_a_web_address_and_nothing_else(url: str | None, product: str | None, address: str) -> None:
    """What a page gave as its address is used only where it can do no harm."""
    assert common.link(subject(url=url, product=product)) == address


def test_several_changes_are_counted_by_their_first_point() -> None:
    """A tally counts each change once."""
    closed = described(
        EventType.CLOSED, signals=(Signal("closed"), MOVED), new=state(status="closed-implemented")
    )
    assert common.tally((described(), closed, described())) == "1 closed, 2 deadlines moved"


def test_the_weightiest_change_is_listed_first() -> None:
    """Level, then what happened, then priority; equals stay as they came."""
    lesser = described(signals=(), level=Level.REDATED)
    plain, first = described(signals=()), described(signals=(), new=state(priority=True))
    closed = described(EventType.CLOSED, signals=())
    assert common.by_weight((lesser, plain, first, closed)) == (closed, first, plain, lesser)


def test_message_headlines() -> None:
    """Every kind of message has one line that says what it holds."""
    assert common.message_headline(message(described())) == common.headline(described())
    summary = message(*several(12), cause=Cause.SUMMARY)
    assert common.message_headline(summary) == "12 changes: 12 deadlines moved"
    digest = message(described(), described(), cause=Cause.DIGEST)
    assert common.message_headline(digest) == "2 changes in 1 recommendation: 2 deadlines moved"
    alone = message(described(), cause=Cause.DIGEST)
    assert common.message_headline(alone) == f"1 change: {common.headline(described())}"
    assert common.message_headline(message(cause=Cause.DIGEST, watch=WATCH)) == "Nothing changed, 25 watched"
    assert common.message_headline(message(notice=notice())) == "recwatch: source gao-open is refused"


@pytest.mark.parametrize("kind", list(NoticeType))
def test_every_notice_has_a_headline(kind: NoticeType) -> None:
    """Operators read what is the matter, and with what."""
    assert "gao-open" in common.notice_headline(notice(kind))


def test_an_empty_digest_says_how_many_are_watched_and_when_they_were_read() -> None:
    """Silence and trouble are told apart."""
    said = common.nothing_changed(message(cause=Cause.DIGEST, watch=WATCH))
    assert said == "Nothing changed. 25 recommendations watched, last read Mar 1, 2026."


def test_marks_stand_on_tests_and_replays_alone() -> None:
    """A sample and a repeat are called what they are."""
    marks = {cause: common.mark(message(described(), cause=cause)) for cause in Cause}
    assert {cause: said for cause, said in marks.items() if said} == {
        Cause.TEST: "[Test]",
        Cause.REPLAY: "[Sent again]",
    }


def test_a_footer_names_subscription_and_event() -> None:
    """Every message says for whom and about what it is; many events are counted."""
    assert common.footer(message(described())) == "subscription cbp-team · event evt_3vQ0cGm8T1xZk5LwYpR7hN"
    assert common.footer(message(*several(2))).endswith(
        "events evt_0000000000000000000001, evt_0000000000000000000002"
    )
    assert "4 events · message msg_" in common.footer(message(*several(4)))
    assert "event evt_9" in common.footer(message(notice=notice()))


def test_where_the_rest_is() -> None:
    """Cut text names the page where all of it stands, or the command that prints it."""
    assert common.where_the_rest_is("evt_1", "") == "recwatch show evt_1"
    assert common.where_the_rest_is("evt_1", "https://w.example.org/") == "https://w.example.org/events/evt_1"


def test_what_is_well_again_says_when_the_trouble_began() -> None:
    """ "Since" after "is working again" would be read as the hour from which all was well."""
    said = {kind: common.notice_since(notice(kind)) for kind in NoticeType}
    assert said.pop(NoticeType.RECOVERED) == "The trouble began Mar 1, 2026, 09:30 UTC"
    assert set(said.values()) == {"Since Mar 1, 2026, 09:30 UTC"}


def test_a_notice_begins_as_a_sentence_does() -> None:
    """Whatever wrote it for a line of the log; a host's or a source's name is copied, not a sentence."""
    for text, begins in (
        ("held back as capture 7: no table", "Held back"),
        ("www.example.org refused (403).", "www."),
        ("harbor has had no new capture", "harbor"),
    ):
        assert common.notice_body(notice(message=text, concerns="harbor")).startswith(begins)
