"""What becomes of recommendations that leave a complete source."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from monitor.intake import Intake
from monitor.record.settings import Gate, Settings, Source
from monitor.record.store.schema import lookups
from monitor.record.values import EventType
from tests.fakes import pages
from tests.fakes.pages import Row, rows
from tests.monitor.intake.conftest import Scene

CLOSED = Row(status="Closed – Implemented", narrative="The Bureau replaced them.")


def left(scene: Scene) -> None:
    """The ninth leaves the export."""
    scene.take(pages.export([*rows(8), Row()]))
    assert scene.take(pages.export(rows(8))).events == ()


def lookup(scene: Scene) -> tuple[str | None, str, int]:
    """The one lookup's answer, address and attempts."""
    with scene.store.read() as connection:
        row = connection.execute(select(lookups)).one()
        return row.settled, row.url, row.attempts


def tried_in_vain(scene: Scene) -> None:
    """The report's page could not be read."""
    with scene.store.write() as connection:
        connection.execute(update(lookups).values(attempts=1))


def test_a_departure_is_asked_about_before_anybody_is_told(scene: Scene) -> None:
    """The report's page on the site that the export comes from."""
    left(scene)
    assert lookup(scene) == (None, "https://www.gao.gov/products/gao-31-900001", 0)


def test_closed_on_its_reports_page_is_closed(scene: Scene) -> None:
    """At once, with the closing status and narrative as new; nothing else of that page is news."""
    left(scene)
    page = pages.report([CLOSED, Row(number="2", narrative="Unheard of.")])
    (event,) = scene.events(scene.answer(page))
    assert event.type is EventType.CLOSED
    assert event.new is not None
    assert (event.new.status, event.new.narrative) == ("closed-implemented", CLOSED.narrative)
    assert lookup(scene)[0] == "closed"
    assert scene.take(pages.export(rows(8))).events == ()


@pytest.mark.parametrize("by_hand", [False, True])
def test_closed_a_second_time_in_the_same_words_is_closed(scene: Scene, *, by_hand: bool) -> None:
    """An answer is compared with the state, not with what that page showed when it was last asked."""

    def answer() -> Intake:
        page = pages.report([CLOSED])
        return scene.take(page) if by_hand else scene.answer(page)

    left(scene)
    assert [event.type for event in scene.events(answer())] == [EventType.CLOSED]
    scene.take(pages.export([*rows(8), Row()]))
    assert scene.take(pages.export(rows(8))).events == ()
    (event,) = scene.events(answer())
    assert event.type is EventType.CLOSED
    assert event.old is not None
    assert (event.old.status, event.changed) == ("open", ("narrative", "status"))
    assert lookup(scene)[0] == "closed"
    assert answer().events == ()


def test_open_on_its_reports_page_is_nothing(scene: Scene) -> None:
    """It left the list and is open all the same: nobody is told, however often it is missed."""
    left(scene)
    assert scene.answer(pages.report([Row()])).events == ()
    assert lookup(scene)[0] == "open"
    for _ in range(3):
        assert scene.take(pages.export(rows(8))).events == ()


def test_open_and_still_missing_is_asked_again_another_day(scene: Scene) -> None:
    """It may be closed there by then."""
    left(scene)
    scene.answer(pages.report([Row()]))
    scene.now += timedelta(days=1)
    scene.take(pages.export(rows(8)))
    assert lookup(scene)[0] is None
    (event,) = scene.events(scene.answer(pages.report([CLOSED])))
    assert event.type is EventType.CLOSED


def test_unexplained_it_has_vanished_after_two_captures(scene: Scene) -> None:
    """Not at the first, once at the second, not again at the third."""
    left(scene)
    tried_in_vain(scene)
    intake = scene.take(pages.export(rows(8)))
    (event,) = scene.events(intake)
    assert (event.type, event.new, event.changed, intake.vanished) == (EventType.VANISHED, None, (), 1)
    assert scene.take(pages.export(rows(8))).events == ()


def test_nobody_has_been_asked_yet_is_no_answer(scene: Scene) -> None:
    """While the host's pace holds the lookup up, the recommendation has not vanished."""
    left(scene)
    assert scene.take(pages.export(rows(8))).events == ()
    tried_in_vain(scene)
    assert len(scene.take(pages.export(rows(8))).events) == 1


def test_back_before_it_counted_is_nothing(scene: Scene) -> None:
    """Missing from one capture only: no event, and the lookup is called off."""
    left(scene)
    assert scene.take(pages.export([*rows(8), Row()])).events == ()
    assert lookup(scene)[0] == "returned"
    scene.take(pages.export(rows(8)))
    assert lookup(scene)[0] is None


def test_back_after_it_vanished_is_reopened(scene: Scene) -> None:
    """With the words it left with as the old ones."""
    left(scene)
    tried_in_vain(scene)
    scene.take(pages.export(rows(8)))
    (event,) = scene.events(scene.take(pages.export([*rows(8), Row()])))
    assert event.type is EventType.REOPENED
    assert event.old is not None
    assert event.old.narrative == Row().narrative


def test_back_after_it_was_closed_is_reopened(scene: Scene) -> None:
    """With the closing narrative as the old text, although the export shows what it last showed."""
    left(scene)
    scene.answer(pages.report([CLOSED]))
    (event,) = scene.events(scene.take(pages.export([*rows(8), Row()])))
    assert event.type is EventType.REOPENED
    assert event.old is not None
    assert event.old.narrative == CLOSED.narrative


def test_closed_elsewhere_before_it_left_it_is_reopened_when_it_comes_back(scene: Scene) -> None:
    """Its report's page said closed while the export still listed it: it left, and is back."""
    page = pages.export([*rows(8), Row()])
    scene.take(page)
    scene.take(pages.report([CLOSED]), "reports")
    assert scene.take(page).events == ()
    assert scene.take(pages.export(rows(8))).events == ()
    (event,) = scene.events(scene.take(page))
    assert event.type is EventType.REOPENED
    assert scene.take(page).events == ()


def test_a_saved_report_page_answers(scene: Scene) -> None:
    """Put into the drop folder by a person, it does what the lookup would."""
    left(scene)
    (event,) = scene.events(scene.take(pages.report([CLOSED])))
    assert event.type is EventType.CLOSED
    assert lookup(scene)[0] == "closed"


def test_without_lookups_it_vanishes_by_itself(make_scene: Callable[[Settings], Scene]) -> None:
    """`confirm_closures = false`, and as many captures as the configuration asks for."""
    scene = make_scene(Settings(gate=Gate(vanish_confirmations=3)))
    scene.sources["export"] = Source.model_validate(
        {"id": "export", "format": "gao-csv", "path": "x", "confirm_closures": False}
    )
    left(scene)
    assert scene.take(pages.export(rows(8))).events == ()
    assert [event.type for event in scene.events(scene.take(pages.export(rows(8))))] == [EventType.VANISHED]


def test_an_incomplete_page_is_no_evidence_of_absence(scene: Scene) -> None:
    """What an agency's page no longer lists is still there."""
    scene.take(pages.agency(rows(10), total=40))
    for _ in range(4):
        assert scene.take(pages.agency(rows(6), total=40)).events == ()


@pytest.mark.parametrize("pattern", ["https://example.org/r/{number}.html"])
def test_lookups_go_where_the_configuration_says(scene: Scene, pattern: str) -> None:
    """`report_url` with the report's number in it."""
    scene.sources["export"] = Source.model_validate(
        {"id": "export", "format": "gao-csv", "url": "https://example.org/x.csv", "report_url": pattern}
    )
    left(scene)
    assert lookup(scene)[1] == "https://example.org/r/gao-31-900001.html"


def test_a_report_page_that_does_not_answer_counts_each_time_that_it_comes(scene: Scene) -> None:
    """The same bytes saved again are one more try: such a page is not recognised unread."""
    left(scene)
    lacking = pages.report([Row(number="2", text="The Director should count the piers.")])
    for attempts in (1, 2):
        assert scene.take(lacking).events == ()
        assert lookup(scene) == (None, "https://www.gao.gov/products/gao-31-900001", attempts)
