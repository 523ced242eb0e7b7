"""What is an event and what is none: one source, one format after the other, several sources."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from monitor.record.store.schema import recommendations, sources
from monitor.record.values import EventType, Outcome
from tests.fakes import pages
from tests.fakes.pages import Row, rows
from tests.monitor.intake.conftest import Scene


def test_a_first_capture_is_silent(any_scene: Scene) -> None:
    """What was there before anybody watched is nobody's news."""
    intake = any_scene.take(pages.export(rows(3)))
    assert (intake.outcome, intake.seen, intake.events) == (Outcome.BASELINE, 3, ())
    assert any_scene.count(recommendations) == 3
    assert any_scene.waiting() == 0


def test_a_source_knows_when_its_newest_capture_was_taken(any_scene: Scene) -> None:
    """From the first on, also where no poller has made its row; an older page does not change it."""
    taken = []
    for body, hours in ((pages.export(rows(3)), 0), (pages.report([Row()]), -9), (pages.report([Row()]), 9)):
        captured = any_scene.now + timedelta(hours=hours)
        any_scene.take(body, captured_at=captured)
        with any_scene.store.read() as connection:
            taken.append(connection.scalar(select(sources.c.last_captured_at)) - any_scene.now)
    assert taken == [timedelta(hours=-1), timedelta(hours=-2), timedelta(0)]


@pytest.mark.parametrize("form", [pages.export, pages.agency, pages.agency_text])
def test_one_changed_narrative_is_one_event(any_scene: Scene, form: object) -> None:
    """Of many, exactly the one that changed, with the old words and the new, to the letter."""
    before = rows(9)
    after = [
        *before[:4],
        before[4].but(narrative="In April 2030 the Bureau replaced “all” lamps."),
        *before[5:],
    ]
    any_scene.take(form(before))  # type: ignore[operator]
    intake = any_scene.take(form(after))  # type: ignore[operator]
    (event,) = any_scene.events(intake)
    assert (event.type, event.changed, event.revision) == (EventType.UPDATED, ("narrative",), 2)
    assert event.old is not None
    assert event.new is not None
    assert (event.old.narrative, event.new.narrative) == (before[4].narrative, after[4].narrative)
    assert (intake.outcome, intake.updated, any_scene.waiting()) == (Outcome.CHANGED, 1, 1)


def test_status_priority_and_text_are_told_apart(scene: Scene) -> None:
    """An event names what changed."""
    first = Row()
    scene.take(pages.report([first]))
    seen = []
    for changed in (
        first.but(status="Open – Partially Addressed"),
        first.but(status="Open – Partially Addressed", priority=True),
        first.but(
            status="Open – Partially Addressed", priority=True, text=first.text.replace("lamp", "bulb")
        ),
    ):
        (event,) = scene.events(scene.take(pages.report([changed])))
        seen.append(event.changed)
    assert seen == [("status",), ("priority",), ("text",)]


def test_there_and_back_is_two_events(scene: Scene) -> None:
    """A narrative that returns to its old words has changed twice: equal bytes prove nothing."""
    one, other = [Row()], [Row(narrative="The Bureau ordered lamps.")]
    scene.take(pages.report(one))
    types = [scene.events(scene.take(pages.report(page)))[0].type for page in (other, one)]
    assert types == [EventType.UPDATED, EventType.UPDATED]


def test_closing_and_reopening(scene: Scene) -> None:
    """A report's page shows closings; the reopened event has the closing words as its old text."""
    scene.take(pages.report([Row()]))
    closing = Row(status="Closed – Implemented", narrative="The Bureau replaced them all.")
    (closed,) = scene.events(scene.take(pages.report([closing])))
    (reopened,) = scene.events(scene.take(pages.report([Row(narrative="They failed again.")])))
    assert (closed.type, closed.changed) == (EventType.CLOSED, ("narrative", "status"))
    assert reopened.type is EventType.REOPENED
    assert reopened.old is not None
    assert reopened.old.narrative == closing.narrative


def test_a_new_row_of_a_complete_source_is_opened(scene: Scene) -> None:
    """The export shows all that are open: a row nobody has seen was made since."""
    scene.take(pages.export(rows(5)))
    (event,) = scene.events(scene.take(pages.export([*rows(5), Row(number="7")])))
    assert (event.type, event.changed, event.old) == (EventType.OPENED, (), None)


def test_what_scrolls_into_view_is_not_new(scene: Scene) -> None:
    """On an agency's page of ten out of many, a row below known reports was there before."""
    known = rows(8)
    scene.take(pages.agency(known, total=30))
    intake = scene.take(pages.agency([*known[1:], Row(number="3")], total=29))
    assert intake.events == ()
    assert scene.count(recommendations) == 9


def test_a_new_report_on_top_of_an_agency_page_is_opened(scene: Scene) -> None:
    """A report not seen before, listed above all that were, is new."""
    known = rows(10)
    scene.take(pages.agency(known, total=30))
    intake = scene.take(pages.agency([Row(number="3"), *known[:9]], total=31))
    assert [event.type for event in scene.events(intake)] == [EventType.OPENED]


def test_a_page_on_which_nothing_is_known_does_not_show_what_is_new(scene: Scene) -> None:
    """Without a known report below them, new ones on an agency's page may have been there before: silent."""
    scene.take(pages.agency(rows(10), total=30))
    others = [row.but(title=f"Another Report: Part {n}") for n, row in enumerate(rows(10))]
    intake = scene.take(pages.agency(others, total=30))
    assert (intake.outcome, intake.opened, intake.events) == (Outcome.UNCHANGED, 0, ())
    assert scene.count(recommendations) == 20


def test_the_text_of_a_page_that_was_markup_before_is_no_first_capture(scene: Scene) -> None:
    """A source that has shown this agency's page shows it as text: what is new on top is news."""
    known = rows(9)
    scene.take(pages.agency(known, total=30))
    intake = scene.take(pages.agency_text([Row(number="3"), *known], total=31))
    assert [event.type for event in scene.events(intake)] == [EventType.OPENED]


def test_many_changes_that_another_source_has_shown_are_no_reason_to_doubt(scene: Scene) -> None:
    """A slow source catches up with two thirds of its narratives at once; each step was believed before."""
    old = rows(30)
    new = [row.but(narrative=f"{row.narrative} It was done in {row.product}.") for row in old]
    for source in ("slow", "quick"):
        scene.take(pages.export(old), source)
    for done in (10, 20):
        assert len(scene.take(pages.export([*new[:done], *old[done:]]), "quick").events) == 10
    intake = scene.take(pages.export([*new[:20], *old[20:]]), "slow")
    assert (intake.outcome, intake.events) == (Outcome.UNCHANGED, ())


def test_the_same_pages_again_say_nothing(scene: Scene) -> None:
    """Twice, reordered, regrouped, with other dashes and quotes: no events and nothing kept."""
    page = [*rows(6), Row(narrative='It said "soon" - in 2031.', status="Open – Partially Addressed")]
    scene.take(pages.agency(page))
    before = scene.state()
    looks_other = [
        *reversed(page[:-1]),
        page[-1].but(narrative="It said “soon” — in 2031.", status="Open--Partially  Addressed"),
    ]
    for body in (pages.agency(page), pages.agency(looks_other), pages.agency_text(looks_other)):
        assert scene.take(body).events == ()
    assert scene.state() == before


def test_two_sources_report_a_change_once(scene: Scene) -> None:
    """The second that shows it confirms it; the one that lags does not turn it back."""
    old, new = rows(6), [rows(6)[0].but(narrative="It is done, said the Bureau."), *rows(6)[1:]]
    scene.take(pages.export(old), "a")
    scene.take(pages.export(old), "b")
    assert len(scene.take(pages.export(new), "a").events) == 1
    assert scene.take(pages.export(old), "b").events == ()
    assert scene.take(pages.export(new), "b").events == ()
    assert scene.take(pages.export(new), "a").events == ()


def test_a_source_that_catches_up_step_by_step_reports_nothing(scene: Scene) -> None:
    """A lagging source shows each revision that the quick one has reported: none is news."""
    steps = [[Row(narrative=f"Step {n} was taken by the Bureau.")] for n in range(4)]
    scene.take(pages.report(steps[0]), "slow")
    scene.take(pages.report(steps[0]), "quick")
    for step in steps[1:]:
        assert len(scene.take(pages.report(step), "quick").events) == 1
    for step in steps[1:]:
        assert scene.take(pages.report(step), "slow").events == ()


def test_a_lagging_source_brings_the_next_change_all_the_same(scene: Scene) -> None:
    """After it caught up, what it shows first is news."""
    steps = [[Row(narrative=f"Step {n} was taken by the Bureau.")] for n in range(3)]
    scene.take(pages.report(steps[0]), "slow")
    scene.take(pages.report(steps[0]), "quick")
    scene.take(pages.report(steps[1]), "quick")
    scene.take(pages.report(steps[1]), "slow")
    assert len(scene.take(pages.report(steps[2]), "slow").events) == 1
    assert scene.take(pages.report(steps[2]), "quick").events == ()


def test_a_second_source_compares_what_is_known(scene: Scene) -> None:
    """At its first capture a source is silent about the unseen, and not about the known that changed."""
    scene.take(pages.report([Row()]), "a")
    intake = scene.take(pages.report([Row(narrative="It is done."), Row(number="2")]), "b")
    assert [event.type for event in scene.events(intake)] == [EventType.UPDATED]
    assert scene.count(recommendations) == 2


def test_an_old_page_of_another_kind_does_not_turn_back(scene: Scene) -> None:
    """A report's page saved before the export was made is not news about it."""
    scene.take(pages.export([Row(narrative="New words.")]))
    old = scene.now.replace(year=2029)
    intake = scene.take(pages.report([Row(narrative="Old words.")]), captured_at=old)
    assert intake.events == ()


def test_a_changed_folding_takes_a_new_baseline_silently(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade that folds otherwise nothing fires, and the next real change does."""
    from monitor.record import folding

    scene.take(pages.report([Row()]))
    monkeypatch.setattr(folding, "VERSION", "9")
    assert (
        scene.take(pages.report([Row(narrative="Words that the old folding held for the same.")])).events
        == ()
    )
    (event,) = scene.events(scene.take(pages.report([Row(narrative="Really other words.")])))
    assert event.changed == ("narrative",)


def test_imported_history_is_told_to_nobody(scene: Scene) -> None:
    """Events are stored, and no outbox row is written."""
    scene.take(pages.report([Row()]), silent=True)
    intake = scene.take(pages.report([Row(narrative="It is done.")]), silent=True)
    assert len(intake.events) == 1
    assert scene.waiting() == 0
    assert len(scene.take(pages.report([Row(narrative="It is undone.")])).events) == 1
    assert scene.waiting() == 1


def test_events_keep_the_key_they_had_and_phones_are_never_kept(scene: Scene) -> None:
    """The director's number is blanked before anything is written (promise 5)."""
    import zlib

    from sqlalchemy import select

    from monitor.record.store.schema import evidence

    scene.take(pages.export(rows(3)))
    with scene.store.read() as connection:
        kept = [zlib.decompress(body) for body in connection.scalars(select(evidence.c.body))]
    assert len(kept) == 1
    assert b"555-0147" not in kept[0]
    assert b"Director" in kept[0]


def test_a_page_that_cannot_show_priority_does_not_clear_it(scene: Scene) -> None:
    """A report's page has no such mark for matters: what the export says of them stands."""
    matter = Row(agency="Congress", priority=True, text="Congress should consider lamps.")
    scene.take(pages.export([matter]))
    page = pages.report([matter.but(priority=False)])
    assert scene.take(page).events == ()
    intake = scene.take(pages.report([matter.but(priority=False, narrative="A bill was introduced.")]))
    (event,) = scene.events(intake)
    assert event.changed == ("narrative",)
    assert event.new is not None
    assert event.new.priority
