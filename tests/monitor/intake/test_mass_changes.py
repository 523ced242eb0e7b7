"""Changes to all rows alike are the site's, whatever the field and the size; real rewriting is not held."""

from collections.abc import Callable

import pytest

from monitor.record.values import Outcome
from tests.fakes import pages
from tests.fakes.pages import BOILERPLATE, Row
from tests.monitor.intake.conftest import Scene

LONG = (
    " It described in some detail how each of the lamps is inspected by hand, by whom, how often, what is "
    "noted in the log, and where the log is kept; it gave us copies of three such logs from the year before."
)


def many(count: int) -> list[Row]:
    """So many recommendations, some of them priority, partially addressed or short."""
    return [
        row.but(
            priority=n % 3 == 0,
            status="Open – Partially Addressed" if n % 4 == 3 else "Open",
            narrative=row.narrative if n % 5 == 4 else row.narrative + LONG,
        )
        for n, row in enumerate(pages.rows(count))
    ]


def of_one_report(count: int) -> list[Row]:
    """So many recommendations of one report."""
    return [
        row.but(product="GAO-31-900001", title="Lamps", number=str(n)) for n, row in enumerate(many(count), 1)
    ]


MASS: dict[str, Callable[[Row], Row]] = {
    "a prefix on every text": lambda row: row.but(text=f"Open recommendation: {row.text}"),
    "a suffix on every narrative": lambda row: row.but(
        narrative=f"{row.narrative} Skip to the main content."
    ),
    "a prefix on every narrative": lambda row: row.but(narrative=f"As of March 2031, {row.narrative}"),
    "a status renamed": lambda row: row.but(status=row.status.replace("Open", "Active")),
    "one of two statuses renamed": lambda row: row.but(
        status="In Progress" if row.status == "Open" else row.status
    ),
    "narratives cut to 200 letters": lambda row: row.but(
        narrative=row.narrative if len(row.narrative) < 200 else f"{row.narrative[:200]}… Read more"
    ),
    "narratives cut to 150 letters": lambda row: row.but(narrative=row.narrative[:150]),
    "the same words for every narrative": lambda row: row.but(narrative="This content could not be loaded."),
    "every narrative back to the boilerplate": lambda row: row.but(narrative=BOILERPLATE),
    "every narrative empty": lambda row: row.but(narrative=""),
}


@pytest.mark.parametrize("name", MASS)
@pytest.mark.parametrize("count", [2, 3, 6, 30])
def test_a_change_to_all_rows_of_a_reports_page_is_held(scene: Scene, name: str, count: int) -> None:
    """Whatever the size, and nobody is told."""
    listed = of_one_report(count)
    scene.take(pages.report(listed), "report")
    taken = scene.take(pages.report(map(MASS[name], listed)), "report")
    assert (taken.outcome, taken.events) == (Outcome.QUARANTINED, ())
    assert scene.take(pages.report(listed), "report").events == ()


@pytest.mark.parametrize("name", MASS)
def test_a_change_to_all_rows_of_the_export_is_held(scene: Scene, name: str) -> None:
    """Many reports and one agency."""
    listed = many(30)
    scene.take(pages.export(listed))
    taken = scene.take(pages.export(map(MASS[name], listed)))
    assert (taken.outcome, taken.events) == (Outcome.QUARANTINED, ())


@pytest.mark.parametrize("count", [3, 8, 30])
@pytest.mark.parametrize("value", ["", "No", "Yes"])
def test_a_priority_column_that_lost_its_meaning_is_held(scene: Scene, count: int, value: str) -> None:
    """Blank is not "no"; and one value in all rows is not what GAO decided."""
    listed = [row.but(priority=(value != "Yes") and n < 3) for n, row in enumerate(many(count))]
    scene.take(pages.export(listed))
    changed = pages.export(listed)
    for word in (b"Yes", b"No"):
        changed = changed.replace(b"Open," + word, b"Open," + value.encode())
        changed = changed.replace(b"Addressed," + word, b"Addressed," + value.encode())
    assert scene.take(changed).outcome is Outcome.QUARANTINED


def test_a_row_without_a_priority_keeps_the_one_that_is_known(scene: Scene) -> None:
    """Its other fields are compared as ever, and the next row that says something is believed."""
    first = pages.rows(4)
    listed = [first[0].but(priority=True), *first[1:]]
    scene.take(pages.export(listed))
    reworded = [listed[0].but(narrative="It ordered lamps in May 2031."), *listed[1:]]
    blank = pages.export(reworded).replace(b"Open,Yes", b"Open,")
    taken = scene.take(blank)
    (event,) = scene.events(taken)
    assert event.changed == ("narrative",)
    assert event.new is not None
    assert event.new.priority
    assert taken.notes == ("rows without a priority: 1",)
    (event,) = scene.events(scene.take(pages.export([reworded[0].but(priority=False), *listed[1:]])))
    assert event.changed == ("priority",)


@pytest.mark.parametrize("field", ["status", "text", "agency"])
def test_one_row_with_a_gap_does_not_hold_the_export(scene: Scene, field: str) -> None:
    """The others are read, and what the row is about is not missing."""
    listed = pages.rows(8)
    scene.take(pages.export(listed))
    gap = listed[3].but(**{field: ""}, **({"number": ""} if field == "text" else {}))
    page = [*listed[:3], gap, listed[4].but(narrative="Pier 5 is done."), *listed[5:]]
    first = scene.take(pages.export(page))
    assert first.notes == ("rows without a status, agency or recommendation: 1",)
    again = scene.take(pages.export(page)), scene.take(pages.export(page))
    assert [(one.updated, one.vanished, one.left) for one in (first, *again)] == [
        (1, 0, False),
        (0, 0, False),
        (0, 0, False),
    ]
    told = [*listed[:3], listed[3].but(narrative="Pier 4 is done."), *page[4:]]
    assert scene.take(pages.export(told)).updated == 1


@pytest.mark.parametrize("field", ["narrative", "text"])
@pytest.mark.parametrize("cut", [-3, -12, -40])
def test_a_text_cut_off_is_damage_and_no_change(scene: Scene, field: str, cut: int) -> None:
    """What is known of it stays, and the rest of the row is compared as ever; operators hear."""
    listed = many(8)
    scene.take(pages.export(listed))
    short = listed[0].but(**{field: getattr(listed[0], field)[:cut]})
    taken = scene.take(pages.export([short, *listed[1:]]))
    assert taken.events == ()
    assert taken.outcome is Outcome.UNCHANGED
    assert "cut off" in taken.notes[0]
    (event,) = scene.events(
        scene.take(pages.export([short.but(status="Open – Partially Addressed"), *listed[1:]]))
    )
    assert event.changed == ("status",)
    assert event.new is not None
    assert event.new.narrative == listed[0].narrative


def test_words_taken_out_at_the_end_are_a_change(scene: Scene) -> None:
    """A whole sentence less is what GAO did."""
    listed = many(8)
    scene.take(pages.export(listed))
    less = listed[0].but(narrative=listed[0].narrative.removesuffix(LONG))
    assert scene.take(pages.export([less, *listed[1:]])).updated == 1


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize(
    "sentence",
    [
        "As of March 2031, CBP had not provided an update.",
        "In fiscal year 2031, the Bureau said that it would order more.",
        "Officials told us in May 2031 that they had no plans to do so.",
    ],
)
def test_a_sentence_that_gao_appends_to_a_small_reports_narratives_is_told(
    scene: Scene, count: int, sentence: str
) -> None:
    """It says what an agency did: no banner does."""
    listed = of_one_report(count)
    scene.take(pages.report(listed), "report")
    more = [row.but(narrative=f"{row.narrative} {sentence}") for row in listed]
    assert scene.take(pages.report(more), "report").updated == count


def test_two_in_five_narratives_of_an_agency_rewritten_in_one_night_are_told(scene: Scene) -> None:
    """Each in its own way, some with another status."""
    listed = many(50)
    scene.take(pages.export(listed))
    rewritten = [
        row.but(
            narrative=f"In June 2031 it closed pier {n} and sent us its plan.",
            status="Open – Partially Addressed",
        )
        for n, row in enumerate(listed[:20])
    ]
    assert scene.take(pages.export([*rewritten, *listed[20:]])).updated == 20


@pytest.mark.parametrize("count", [1, 3, 9, 30])
def test_first_responses_to_a_new_report_are_told(scene: Scene, count: int) -> None:
    """To all of its recommendations at once, with the same words too."""
    listed = [row.but(narrative=BOILERPLATE) for row in of_one_report(count)]
    scene.take(pages.report(listed), "report")
    answered = [
        row.but(narrative="The Bureau concurred and described the actions it plans.", status="Open")
        for row in listed
    ]
    assert scene.take(pages.report(answered), "report").updated == count


def test_a_yearly_update_of_a_whole_department_is_told(scene: Scene) -> None:
    """Narratives, statuses and priorities of one agency's recommendations, a fifth of the export."""
    mine, others = (
        many(20),
        [row.but(agency="Office of Tides", product=f"GAO-29-{n}") for n, row in enumerate(many(60))],
    )
    scene.take(pages.export([*mine, *others]))
    updated = [
        row.but(
            narrative=f"{row.narrative} As of March 2031, the Bureau had not replaced its lamps.",
            status="Open – Partially Addressed",
            priority=True,
        )
        for row in mine
    ]
    assert scene.take(pages.export([*updated, *others])).updated == 20


def test_one_status_of_its_own_is_told_and_named_to_operators(scene: Scene) -> None:
    """GAO may come to use another word."""
    listed = pages.rows(8)
    scene.take(pages.export(listed))
    taken = scene.take(pages.export([listed[0].but(status="Overtaken By Events"), *listed[1:]]))
    assert taken.updated == 1
    assert taken.notes == ('unknown status "Overtaken By Events"',)


def test_agencies_that_are_all_called_otherwise_are_held(scene: Scene) -> None:
    """One may be renamed; a prefix on all is the column's."""
    listed = [row.but(agency=f"Bureau of Pier {'ABC'[n % 3]}") for n, row in enumerate(pages.rows(9))]
    scene.take(pages.export(listed))
    prefixed = [row.but(agency=f"Agency Name {row.agency}") for row in listed]
    assert scene.take(pages.export(prefixed)).outcome is Outcome.QUARANTINED
