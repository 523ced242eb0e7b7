"""Who is who across pages, spellings and edits: the same recommendation stays the same."""

from sqlalchemy import select

from monitor.record.store.schema import aliases, recommendations
from tests.fakes import pages
from tests.fakes.pages import Row, rows
from tests.monitor.intake.conftest import Scene


def keys(scene: Scene) -> list[str]:
    """The keys as they stand."""
    with scene.store.read() as connection:
        return list(connection.scalars(select(recommendations.c.key).order_by(recommendations.c.key)))


def test_a_title_is_joined_to_its_report_without_an_event(scene: Scene) -> None:
    """Known by title alone, then seen in the export: one recommendation, the old key an alias."""
    scene.take(pages.agency([Row()]), "agency")
    (provisional,) = keys(scene)
    intake = scene.take(pages.export([Row()]))
    assert intake.events == ()
    assert keys(scene) == ["GAO-31-900001#1@bureau-of-harbor-lights"]
    with scene.store.read() as connection:
        assert provisional in list(connection.scalars(select(aliases.c.key)))


def test_an_agency_page_finds_what_the_export_has_shown(scene: Scene) -> None:
    """The export first, then the title alone: still one, and its change is one event."""
    scene.take(pages.export([Row()]))
    assert scene.take(pages.agency([Row()]), "agency").events == ()
    assert len(keys(scene)) == 1
    assert len(scene.take(pages.agency([Row(narrative="Done.")]), "agency").events) == 1
    assert scene.take(pages.export([Row(narrative="Done.")])).events == ()


def test_a_reissued_title_is_the_same(scene: Scene) -> None:
    """A note of reissue and another case do not make another report."""
    scene.take(pages.agency([Row()]))
    other = Row(title=Row().title.upper() + " [Reissued with revisions on May 3, 2030]")
    assert scene.take(pages.agency([other])).events == ()
    assert len(keys(scene)) == 1


def test_a_title_that_two_reports_bear_is_not_guessed(scene: Scene) -> None:
    """Two reports of one title with like-numbered recommendations stay two."""
    twins = [
        Row(product="GAO-31-900001"),
        Row(product="GAO-32-900002", text="The Director should paint the piers."),
    ]
    scene.take(pages.export(twins))
    scene.take(pages.agency(twins), "agency")
    assert len(keys(scene)) == 2
    changed = [twins[0], twins[1].but(narrative="Painted.")]
    (event,) = scene.events(scene.take(pages.agency(changed), "agency"))
    assert event.subject.product == "GAO-32-900002"


def test_one_number_to_three_agencies_is_three(scene: Scene) -> None:
    """Each agency answers for itself."""
    three = [Row(agency=name) for name in ("Bureau of Lights", "Department of Piers", "Harbor Police")]
    scene.take(pages.report(three))
    assert len(keys(scene)) == 3
    (event,) = scene.events(scene.take(pages.report([three[0], three[1].but(narrative="Done."), three[2]])))
    assert event.subject.agency == "Department of Piers"


def test_an_agency_spelled_otherwise_is_the_same(scene: Scene) -> None:
    """With or without its parent, "U.S." or in full, or renamed in part: no event."""
    scene.take(pages.export([*rows(8), Row(agency="United States Bureau of Harbor Lights")]))
    for name in (
        "U.S. Bureau of Harbor Lights",
        "Department of Homeland Security: U.S. Bureau of Harbor Lights",
        "United States Office of Harbor Lights",
    ):
        assert scene.take(pages.export([*rows(8), Row(agency=name)])).events == ()
    assert len(keys(scene)) == 9


def test_an_edited_text_without_a_number_is_the_same(scene: Scene) -> None:
    """Where no number is stated the text is the key; a small edit of it is an edit, not another one."""
    text = "The Director of Harbor Lights should see to it that each and every lamp is replaced in time."
    scene.take(pages.export([*rows(8), Row(number="", text=text)]))
    (event,) = scene.events(
        scene.take(pages.export([*rows(8), Row(number="", text=text.replace("in time", "on time"))]))
    )
    assert event.changed == ("text",)


def test_another_text_without_a_number_is_another(scene: Scene) -> None:
    """Two that share neither number nor words are two."""
    page = [*rows(8), Row(number="", text="The Director should replace each lamp.")]
    scene.take(pages.export(page))
    extra = Row(number="", text="Somebody ought to paint all of the piers green before the winter.")
    (event,) = scene.events(scene.take(pages.export([*page, extra])))
    assert event.type == "recommendation.opened"


def test_an_edited_text_with_a_number_keeps_its_key(scene: Scene) -> None:
    """The stated number identifies; the words may change."""
    scene.take(pages.report([Row()]))
    (event,) = scene.events(scene.take(pages.report([Row(text="Entirely other words, said GAO.")])))
    assert event.changed == ("text",)
    assert len(keys(scene)) == 1


def test_the_order_of_equals_does_not_matter(scene: Scene) -> None:
    """Two rows of one key: whichever comes first, nothing flickers."""
    twins = [Row(narrative="One."), Row(narrative="Two.")]
    scene.take(pages.report(twins))
    assert scene.take(pages.report(twins[::-1])).events == ()


def test_an_edit_of_either_of_two_rows_that_disagree_is_told(scene: Scene) -> None:
    """Operators hear that they disagree; a change of one is a change, and so is it when they agree again."""
    twins = [Row(narrative="One."), Row(narrative="Two.", status="Open – Partially Addressed", priority=True)]
    taken = scene.take(pages.report(twins))
    assert any("with different words" in note for note in taken.notes)
    for n in range(8):
        edited = [*twins]
        edited[n % 2] = twins[n % 2].but(narrative=f"Then, {n}.")
        assert scene.take(pages.report(edited)).updated == 1
        assert scene.take(pages.report(edited[::-1])).events == ()
    assert scene.take(pages.report(twins[:1])).updated == 1
    assert len(keys(scene)) == 1


def test_boilerplate_beside_a_response_says_nothing(scene: Scene) -> None:
    """Of two rows that disagree, the one that was answered is read."""
    scene.take(pages.report([Row(narrative="One."), Row(narrative=pages.BOILERPLATE)]))
    assert scene.take(pages.report([Row(narrative="One.")])).events == ()


def test_two_departments_offices_of_one_name_are_two(scene: Scene) -> None:
    """On one page, and each alone on a page of its own."""
    names = [f"Department of {name}: Office for Civil Rights" for name in ("Education", "Labor")]
    page = [Row(agency=name, narrative=f"It is {name}.") for name in names]
    scene.take(pages.export([*rows(8), *page]))
    assert len(keys(scene)) == 10
    edited = [page[0], page[1].but(narrative="Labor is done.")]
    (event,) = scene.events(scene.take(pages.export([*rows(8), *edited])))
    assert event.subject.agency == names[1]
    for row in edited:
        assert scene.take(pages.report([row]), row.agency[14:19].strip(": O")).events == ()
    other = Scene(scene.store)
    lone = [row.but(product="GAO-31-900777", title="Rights") for row in page]
    for row in [*lone, *lone]:
        assert other.take(pages.agency([row]), row.agency[14:19].strip(": O")).events == ()
    assert len(keys(scene)) == 12


def test_an_agency_renamed_keeps_its_recommendations_and_shows_its_new_name(scene: Scene) -> None:
    """In the export; a report's page that lags shows the old name for a while, and nothing flickers."""
    old = [row.but(agency="Department of Defense") for row in rows(9)]
    scene.take(pages.export(old))
    new = [row.but(agency="Department of War") for row in old]
    assert scene.take(pages.export(new)).events == ()
    assert scene.take(pages.report(old[:1]), "report").events == ()
    assert scene.take(pages.report(new[:1]), "report").events == ()
    with scene.store.read() as connection:
        assert set(connection.scalars(select(recommendations.c.agency))) == {"Department of War"}
    (event,) = scene.events(scene.take(pages.export([new[0].but(narrative="Done."), *new[1:]])))
    assert event.subject.agency == "Department of War"
    assert len(keys(scene)) == 9


def test_a_text_rewritten_keeps_its_narratives(scene: Scene) -> None:
    """Without a number on the export, and with one on an agency's page: half of the words are others."""
    before = "The Director of Harbor Lights should see to it that each and every lamp is replaced in time."
    after = "The Director of Harbor Lights should, with the police, make sure that no lamp is ever dark."
    scene.take(pages.export([*rows(8), Row(number="", text=before)]))
    (event,) = scene.events(scene.take(pages.export([*rows(8), Row(number="", text=after)])))
    assert (event.type, event.changed) == ("recommendation.updated", ("text",))
    title = "Another Report's Title"
    scene.take(pages.agency([Row(title=title, text=before)]), "agency")
    (event,) = scene.events(scene.take(pages.agency([Row(title=title, text=after)]), "agency"))
    assert (event.type, event.changed) == ("recommendation.updated", ("text",))


def test_one_inserted_first_is_the_only_one_opened(scene: Scene) -> None:
    """All other numbers moved by one, and the page is the same for days."""
    texts = [f"The Director should see to pier {n} of the harbor." for n in range(1, 5)]
    page = [Row(number=str(n), text=text, narrative=f"On {text}") for n, text in enumerate(texts, 1)]
    scene.take(pages.report(page), "report")
    moved = [row.but(number=str(n)) for n, row in enumerate(page, 2)]
    inserted = [Row(number="1", text="The Director should count the gulls.", narrative="None yet."), *moved]
    (event,) = scene.events(scene.take(pages.report(inserted), "report"))
    assert (event.type, event.subject.text) == (
        "recommendation.opened",
        f"{inserted[0].text} (Recommendation 1)",
    )
    scene.take(pages.report([*inserted[:1], *inserted[:0:-1]]), "report")
    for place, row in enumerate(inserted):
        edited = [
            *inserted[:place],
            row.but(narrative=f"{row.narrative} It is done."),
            *inserted[place + 1 :],
        ]
        (event,) = scene.events(scene.take(pages.report(edited), "report"))
        assert event.new is not None
        assert event.new.narrative == f"{row.narrative} It is done."
        inserted = edited


def test_another_report_of_a_title_known_alone_is_another(scene: Scene) -> None:
    """The title's key is taken, and the text is another one: stored beside it, each with its own words."""
    first = Row(number="1")
    other = Row(number="1", text="Somebody ought to paint all of the piers green before the winter.")
    scene.take(pages.agency([first]), "agency")
    assert scene.take(pages.agency([other]), "agency").events == ()
    assert len(keys(scene)) == 2
    (event,) = scene.events(scene.take(pages.agency([first.but(narrative="It is done."), other]), "agency"))
    assert event.subject.text.startswith(first.text)


def test_an_agency_with_the_name_that_another_had_is_another(scene: Scene) -> None:
    """Renamed first, and then one more under the old name: two, in whatever order they are listed."""
    old, new = "Bureau of Harbor Lights", "Office of Harbor Lights"
    scene.take(pages.export([*rows(8), Row(agency=old)]))
    scene.take(pages.export([*rows(8), Row(agency=new)]))
    both = [Row(agency=old, narrative="Words for the old name."), Row(agency=new)]
    scene.take(pages.export([*rows(8), *both]))
    assert len(keys(scene)) == 10
    for page in (both[::-1], both):
        assert scene.take(pages.export([*rows(8), *page])).events == ()
