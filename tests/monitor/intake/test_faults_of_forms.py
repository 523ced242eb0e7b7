"""Every fault in every format, between two good captures: nobody hears of a change, nothing is harmed."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from monitor import incidents
from monitor.intake import Intake
from monitor.record.values import Format, Outcome
from tests.fakes import pages
from tests.fakes.pages import Row
from tests.monitor.intake.conftest import Scene
from tests.soak.arena import arena

PAGES: dict[Format, Callable[[list[Row]], bytes]] = {
    Format.CSV: pages.export,
    Format.PRODUCT: pages.report,
    Format.AGENCY: pages.agency,
    Format.TEXT: pages.agency_text,
}
MARKED = (Format.PRODUCT, Format.AGENCY)
SIZES = (1, 2, 3, 4, 5, 12)
NOTICE = "The Director of Harbor Lights wrote: this site is unattended."


@pytest.fixture
def scene() -> Scene:
    """In memory: there are many of these tests, and where a store lies is not what they are about."""
    return arena()


def listed(count: int) -> list[Row]:
    """So many of one report, which every format can show; their narratives begin in different ways."""
    begin = ("The Bureau", "In March 2030, the Bureau", "The Director", "Officials")
    return [
        Row(
            number=str(n),
            text=f"The Director of Harbor Lights should see to pier {n}.",
            narrative=f"{begin[n % 4]} said that pier {n} is being looked at. It plans to end by May 2031.",
        )
        for n in range(1, count + 1)
    ]


GOOD = listed(12)
CHANGED = [*GOOD[:6], GOOD[6].but(narrative="It is done, said the Bureau in May 2030."), *GOOD[7:]]

STANDINS = {
    "empty": b"",
    "white space": b" \r\n\t\n",
    "blank": b"<!DOCTYPE html><html><head><title></title></head><body></body></html>",
    "denied": b"<html><head><title>Access Denied</title></head><body>Reference #18.2f</body></html>",
    "challenge": b"<html><head><script>var i=1;</script></head><body><iframe src='/bm-verify'></body></html>",
    "login": b"<html><body><form action='/login'><input type='password'></form></body></html>",
    "not found": b"<html><body><h1>Page not found</h1><p>The page is no longer available.</p></body></html>",
    "server error": b"<html><head><title>503</title></head><body>Temporarily unavailable</body></html>",
    "wants JavaScript": b"<html><body><noscript>Please enable JavaScript.</noscript></body></html>",
    "another page": b"<html><body><h1>About us</h1>"
    + b"<p>We watch the harbor lights.</p>" * 40
    + b"</body></html>",
    "JSON": b'{"recommendations": []}',
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
    "binary": bytes(range(256)) * 40,
    "cut compression": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\x4b\x4c",
}


def reshaped(text: str) -> str:
    """The page in a shape that is none of those known: its columns are called otherwise."""
    return text.replace("Status", "Standing").replace("Agency Affected", "Addressee")


def without_narratives(rows: list[Row]) -> list[Row]:
    """The comments did not load."""
    return [row.but(narrative="") for row in rows]


def harmless(scene: Scene, form: Format, body: bytes) -> Intake:
    """Take a fault in: no event, nothing written of any recommendation; give back what was said."""
    before = scene.state()
    intake = scene.take(body, format=form)
    assert intake.events == ()
    assert scene.state() == before
    assert scene.waiting() == 0
    return intake


def still_sees(scene: Scene, form: Format, good: list[Row], changed: list[Row]) -> None:
    """The good page again says nothing, and the next real change is found."""
    assert scene.take(PAGES[form](good), format=form).events == ()
    assert len(scene.take(PAGES[form](changed), format=form).events) == 1
    assert scene.waiting() == 1


@pytest.mark.parametrize("fault", STANDINS)
@pytest.mark.parametrize("form", PAGES)
def test_what_stands_in_a_pages_place_changes_nothing(scene: Scene, form: Format, fault: str) -> None:
    """With status 200, for what it is held back, and operators hear once."""
    scene.take(PAGES[form](GOOD), format=form)
    for _ in range(3):
        assert harmless(scene, form, STANDINS[fault]).outcome is Outcome.QUARANTINED
    assert scene.told() == ["source.quarantined"]
    still_sees(scene, form, GOOD, CHANGED)
    assert scene.told() == ["source.quarantined", "source.recovered"]


@pytest.mark.parametrize("form", PAGES)
def test_another_format_or_shape_changes_nothing(scene: Scene, form: Format) -> None:
    """A page of another kind, one whose columns are called otherwise, one without any row."""
    scene.take(PAGES[form](GOOD), format=form)
    others = [make(GOOD) for other, make in PAGES.items() if other is not form]
    others += [reshaped(PAGES[form](GOOD).decode()).encode()]
    if form in MARKED:
        text = PAGES[form](GOOD).decode()
        others += [re.sub(r"</?(?:table|thead|tbody|tr|th|td)\b[^>]*>", "<div>", text).encode()]
        others += [re.sub(r"<tbody>.*?</tbody>", "<tbody></tbody>", text, flags=re.DOTALL).encode()]
        others += [re.sub(r"(<td[^>]*name\">)[^<]*", r"\1", text).encode()]
    for body in others:
        assert harmless(scene, form, body).outcome is Outcome.QUARANTINED
    still_sees(scene, form, GOOD, CHANGED)


@pytest.mark.parametrize("form", PAGES)
def test_a_page_cut_off_anywhere_changes_nothing(scene: Scene, form: Format) -> None:
    """At sixty places; where nothing shows the cut, what is missing is not taken for gone or changed."""
    body = PAGES[form](GOOD)
    scene.take(body, format=form)
    whole = len(body.rstrip())
    for step in range(1, 61):
        intake = harmless(scene, form, body[: whole * step // 61])
        assert form not in MARKED or intake.outcome is Outcome.QUARANTINED
    still_sees(scene, form, GOOD, CHANGED)


@pytest.mark.parametrize("form", PAGES)
def test_a_page_without_its_last_rows_changes_nothing(scene: Scene, form: Format) -> None:
    """Whole rows are missing from the end, however many; each time the whole page comes next."""
    scene.take(PAGES[form](GOOD), format=form)
    for kept in range(1, len(GOOD)):
        harmless(scene, form, PAGES[form](GOOD[:kept]))
        harmless(scene, form, PAGES[form](GOOD))
    still_sees(scene, form, GOOD, CHANGED)


@pytest.mark.parametrize("form", [Format.AGENCY, Format.TEXT])
def test_a_page_that_shows_far_less_than_it_announces_is_held(scene: Scene, form: Format) -> None:
    """Twenty-five announced, and four listed where ten should be."""
    make = pages.agency if form is Format.AGENCY else pages.agency_text
    scene.take(make(GOOD[:10], total=25), format=form)
    assert harmless(scene, form, make(GOOD[:4], total=25)).outcome is Outcome.QUARANTINED


PLACES = {"in front": f"{NOTICE} {{}}", "at the end": f"{{}} {NOTICE}"}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", PAGES)
def test_the_same_words_in_all_or_out_of_all_are_held(form: Format, place: str) -> None:
    """The site's notice, put into every narrative and taken out of every one, on pages of any size."""
    for size in SIZES[1:]:
        plain = listed(size)
        noticed = [row.but(narrative=PLACES[place].format(row.narrative)) for row in plain]
        for good, bad in ((plain, noticed), (noticed, plain)):
            scene = arena()
            scene.take(PAGES[form](good), format=form)
            assert harmless(scene, form, PAGES[form](bad)).outcome is Outcome.QUARANTINED
            changed = [good[0].but(narrative="It is done, said the Bureau in May 2030."), *good[1:]]
            still_sees(scene, form, good, changed)


@pytest.mark.parametrize("form", PAGES)
def test_a_sentence_added_to_a_pages_only_narrative_is_a_change(scene: Scene, form: Format) -> None:
    """Of one alone nobody can tell whose words they are, and this is what the page is watched for."""
    (row,) = listed(1)
    scene.take(PAGES[form]([row]), format=form)
    assert (
        len(scene.take(PAGES[form]([row.but(narrative=f"{row.narrative} {NOTICE}")]), format=form).events)
        == 1
    )


@pytest.mark.parametrize("form", PAGES)
def test_a_page_whose_narratives_did_not_load_is_held(form: Format) -> None:
    """Every narrative is empty: what was there is not taken for struck out, on pages of any size."""
    for size in SIZES:
        scene, good = arena(), listed(size)
        scene.take(PAGES[form](good), format=form)
        empty = PAGES[form](without_narratives(good))
        assert harmless(scene, form, empty).outcome is Outcome.QUARANTINED


@pytest.mark.parametrize("form", PAGES)
def test_operators_hear_once_are_reminded_daily_and_hear_of_the_recovery(scene: Scene, form: Format) -> None:
    """Of a page held for three days, tried every hour: one notice, one a day, one at its end."""
    scene.take(PAGES[form](GOOD), format=form)
    told = []
    for _ in range(72):
        told += [one.type for one in scene.take(STANDINS["blank"], format=form).notices]
        with scene.store.write() as connection:
            told += [one.type for one in incidents.remind_held(connection, "export", scene.now)]
    assert told == ["source.quarantined"] * 3
    scene.now += timedelta(minutes=1)
    told = [one.type for one in scene.take(PAGES[form](GOOD), format=form).notices]
    assert told == ["source.recovered"]
