"""Events derived again from the bytes that were kept, and kept bytes read with another extractor."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import delete

from monitor.captures import reextraction
from monitor.captures.reextraction import Derivation, Divergence
from monitor.formats import NotAPage, extract
from monitor.record.settings import Gate, Settings
from monitor.record.store.schema import evidence
from monitor.record.store.store import Store
from monitor.record.values import Capture, Event, EventType
from tests.fakes.pages import Row, agency, export, report, rows
from tests.monitor.intake.conftest import Scene

LATER = "The Bureau agreed. It ordered the lamps in June 2030."
OTHERS = rows(6)


@pytest.fixture
def scene(store: Store) -> Scene:
    """A scene in which one missing capture makes a recommendation vanish, and nobody is asked."""
    made = Scene(store, Settings(gate=Gate(vanish_confirmations=1)))
    made.sources["export"] = made.source("export").model_copy(update={"confirm_closures": False})
    return made


def derived(scene: Scene, event: Event) -> Derivation:
    """The event, worked out again."""
    with scene.store.read() as connection:
        return reextraction.derive(connection, event)


def reread_all(scene: Scene) -> list[Divergence]:
    """Everything that is now read otherwise."""
    with scene.store.read() as connection:
        kept = reextraction.kept_captures(connection)
        return [found for one in kept for found in reextraction.reread(connection, one)]


@contextmanager
def another_extractor(change: object) -> Iterator[None]:
    """Another version of the program, that reads every capture through `change`."""

    def read(*arguments: object, **options: object) -> Capture:
        return change(extract(*arguments, **options))  # type: ignore[arg-type, operator, no-any-return]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reextraction, "extract", read)
        yield


def reworded(capture: Capture) -> Capture:
    """A capture whose narratives end otherwise, as after a parser was mended."""
    mended = [replace(row, narrative=row.narrative.rstrip(".")) for row in capture.recommendations]
    return replace(capture, recommendations=tuple(mended))


def happen(scene: Scene, kind: str) -> Event:
    """One event of a kind, out of two pages."""
    scene.take(export([Row(), *OTHERS]))
    second = {
        "updated": export([Row(narrative=LATER, priority=True), *OTHERS]),
        "opened": export([Row(), *OTHERS, Row(number="2")]),
        "vanished": export(OTHERS),
        "closed": report([Row(status="Closed – Implemented", narrative=LATER)]),
        "reopened": export(OTHERS),
    }[kind]
    intake = scene.take(second)
    if kind == "reopened":
        intake = scene.take(export([Row(narrative=LATER), *OTHERS]))
    (event,) = scene.events(intake)
    assert event.type == f"recommendation.{kind}"
    return event


KINDS = ("updated", "opened", "vanished", "closed", "reopened")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_can_be_derived_again(scene: Scene, kind: str) -> None:
    """From the kept bytes of both sides follow the same type and the same changes."""
    event = happen(scene, kind)
    found = derived(scene, event)
    assert (found.agrees, found.type, found.changed) == (True, event.type, event.changed)
    assert (found.before is None) == (kind == "opened")
    assert found.after is not None
    assert (found.after.row is None) == (kind == "vanished")
    assert found.after.kept.size


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_that_are_gone_prove_nothing(scene: Scene, kind: str) -> None:
    """A derivation without its bytes does not agree; the capture is still named."""
    event = happen(scene, kind)
    with scene.store.write() as connection:
        connection.execute(delete(evidence))
    found = derived(scene, event)
    assert not found.agrees
    assert found.after is not None
    assert (found.after.kept.size, found.after.refusal) == (None, "its bytes are no longer kept")


def test_an_event_that_rested_on_a_misreading_is_not_derived_again(scene: Scene) -> None:
    """Under an extractor that reads other words, the derivation says which of them differ."""
    event = happen(scene, "updated")
    with another_extractor(reworded):
        found = derived(scene, event)
    assert not found.agrees
    assert found.after is not None
    assert found.after.differs == ("narrative",)


def test_an_event_that_is_none_today_is_said_to_be_none(scene: Scene) -> None:
    """Where today's extractor reads the same on both sides, nothing had happened."""
    event = happen(scene, "updated")

    def as_before(capture: Capture) -> Capture:
        same = [
            replace(row, narrative="It agreed.", fingerprint="1", priority=False)
            for row in capture.recommendations
        ]
        return replace(capture, recommendations=tuple(same))

    with another_extractor(as_before):
        found = derived(scene, event)
    assert (found.agrees, found.type, found.changed) == (False, EventType.UPDATED, ())


def test_what_was_kept_reads_as_it_was_recorded(scene: Scene) -> None:
    """With the extractor that wrote it down, nothing differs, whatever has happened since."""
    scene.take(export([Row(), *OTHERS]))
    scene.take(agency([Row(), *OTHERS][:4]), source="pages")
    scene.take(export([Row(narrative=LATER), *OTHERS, Row(number="2")]))
    scene.take(report([Row(status="Closed – Implemented", narrative=LATER), Row(number="2")]))
    scene.take(export([Row(number="2", narrative=LATER), *OTHERS[1:]]))
    assert reread_all(scene) == []


def test_a_mended_extractor_reports_what_it_reads_otherwise(scene: Scene) -> None:
    """What a capture was first to show is compared to the letter; old and new reading are given."""
    scene.take(export([Row(), *OTHERS]))
    with another_extractor(reworded):
        found = reread_all(scene)
    assert {one.field for one in found} == {"narrative"}
    assert len(found) == 7
    (mine,) = (one for one in found if one.key and one.key.startswith("GAO-31-900001#1"))
    assert (mine.then, mine.now) == (Row().narrative, Row().narrative.rstrip("."))


def test_what_stood_unchanged_on_a_later_page_is_held_against_history(scene: Scene) -> None:
    """A row that changed nothing at the time must still look like a revision that is known."""
    scene.take(export([Row(), *OTHERS]))
    scene.take(export([Row(narrative=LATER), *OTHERS]))

    def second_differs(capture: Capture) -> Capture:
        if capture.recommendations[0].narrative != LATER:
            return capture
        first, second, *rest = capture.recommendations
        return replace(capture, recommendations=(first, replace(second, status="closed-implemented"), *rest))

    with another_extractor(second_differs):
        (found,) = reread_all(scene)
    assert (found.field, found.now) == ("status", "closed-implemented")


def test_rows_that_appear_or_are_no_longer_found_are_reported(scene: Scene) -> None:
    """An extractor that loses a row, or finds one more, is noticed."""
    scene.take(export([Row(), *OTHERS]))

    def other_rows(capture: Capture) -> Capture:
        kept = (
            *capture.recommendations[1:],
            replace(capture.recommendations[0], key="GAO-31-900001#9@x", number="9", text="Quite another."),
        )
        return replace(capture, recommendations=kept)

    with another_extractor(other_rows):
        found = reread_all(scene)
    assert [(one.field, one.then, one.now) for one in found] == [
        ("key", "shown", "not shown"),
        ("key", "not shown", "shown"),
    ]


def test_a_believed_page_that_is_now_refused_is_reported_and_so_is_the_reverse(scene: Scene) -> None:
    """Pages that change sides: believed then and refused now, held then and readable now."""
    scene.take(export([Row(), *OTHERS]))
    scene.take(b"<html><body>Access Denied</body></html>")
    assert reread_all(scene) == []

    def refuse(_capture: Capture) -> Capture:
        raise NotAPage("it looks odd")

    with another_extractor(refuse):
        (found,) = reread_all(scene)
    assert (found.field, found.then, found.now) == ("page", "7 recommendations", "it looks odd")
    with pytest.MonkeyPatch.context() as patch:
        good = extract(export([Row()]))
        patch.setattr(reextraction, "extract", lambda body, **_: good if b"Denied" in body else extract(body))
        (found,) = reread_all(scene)
    assert (found.kept.held, found.then, found.now) == (True, "nothing", "1 recommendations")


def test_a_matters_priority_on_a_reports_page_is_what_was_known(scene: Scene) -> None:
    """The page cannot say it, so reading it again finds no difference."""
    matter = Row(agency="Congress", text="Congress should consider lamps.", priority=True)
    second = matter.but(number="2", text="Congress should consider oil.")
    scene.take(export([matter, second, *OTHERS]))
    shown = [matter.but(narrative=LATER, priority=False), second.but(priority=False)]
    page = report(shown)
    intake = scene.take(page.replace(b"view--recommendations--block-1", b"view--recommendations--block-3"))
    (event,) = scene.events(intake)
    assert event.changed == ("narrative",)
    assert reread_all(scene) == []
    assert derived(scene, event).agrees
