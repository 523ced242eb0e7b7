"""The real pages, taken in again in every look that means nothing: no event at all."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from monitor.formats import extract
from monitor.record.store.schema import recommendations, revisions
from monitor.record.values import Format, Kind, Outcome, Recommendation, Status
from tests.monitor.intake.conftest import Scene
from tests.rendering import page
from tests.soak.arena import arena
from tests.worlds import Item, Noise

FORMS = list(Format)
MARKED = [Format.AGENCY, Format.PRODUCT]
_ROWS = re.compile(r"(<tbody>)(.*?)(</tbody>)", re.DOTALL)
_ROW = re.compile(r"<tr>.*?</tr>", re.DOTALL)
_TOOLTIP = re.compile(r"<span class='usa-tooltip[^>]*?title=\"([^\"]*)\"[^>]*>\s*</span>")


@pytest.fixture
def scene() -> Scene:
    """In memory: where a store lies is not what these tests are about."""
    return arena()


def real(captures: Path, form: Format) -> bytes:
    """The real page of a format."""
    (path,) = captures.glob(f"*.{form}.*")
    return path.read_bytes()


def as_item(one: Recommendation) -> Item:
    """A recommendation of a real page as an item that can be rendered."""
    text = one.text
    if one.number:
        text = re.sub(r"\s*[(\[][^()\[\]]*[)\]]?\.?\s*\Z", "", text)
    product = one.product or "GAO-24-100001"
    status = Status(one.status)
    return Item(
        product, one.title, one.agency, one.number, text, status, one.priority, one.narrative, one.kind
    )


def laid_out(items: tuple[Item, ...], form: Format, noise: Noise) -> bytes:
    """The same page in another order and another layout."""
    return page(noise.shuffled(items), form, noise, total=25, heading=items[0].agency)


def rows_reversed(text: str) -> str:
    """Each table's rows from the last to the first."""
    return _ROWS.sub(lambda found: found[1] + "".join(_ROW.findall(found[2])[::-1]) + found[3], text)


def with_a_banner(text: str) -> str:
    """The site's own notices above the page, above its heading and below."""
    notice = "<div class='usa-alert'><p>This site is read only during the lapse in appropriations.</p></div>"
    text = re.sub(r"(<body[^>]*>)", rf"\1{notice}", text, count=1)
    return text.replace("</h1>", f"</h1>{notice}", 1).replace("</body>", f"{notice}</body>")


def of_the_older_template(text: str) -> str:
    """The definition of the status printed between it and the narrative, and no tooltip."""
    found = _TOOLTIP.search(text)
    assert found is not None
    bare = _TOOLTIP.sub("", text)
    return bare.replace('<div class="comment">', f'<div>{found[1]}</div><div class="comment">')


def without_marks_on_tables(text: str) -> str:
    """Nothing but its three headings shows what a table is, and they can be sorted by."""
    bare = re.sub(r"<(table|thead|tbody|section|div) class=\"(?:usa-table|views?|c-)[^>]*>", r"<\1>", text)
    return re.sub(r"(<th[^>]*>.*?)(</th>)", r"\1 <span>Sort descending</span>\2", bare, flags=re.DOTALL)


def with_other_assets(text: str) -> str:
    """Hashes and identifiers that differ in every response."""
    text = re.sub(r"js-view-dom-id-[0-9a-f]+", "js-view-dom-id-" + "0" * 64, text)
    return re.sub(r"table-column-\d+", "table-column-7", text).replace("?v=", "?v=9")


LOOKS: dict[str, Callable[[str], str]] = {
    "twice": lambda text: text,
    "reordered": rows_reversed,
    "a banner": with_a_banner,
    "the older template": of_the_older_template,
    "tables without marks": without_marks_on_tables,
    "other assets": with_other_assets,
    "all at once": lambda text: with_a_banner(
        of_the_older_template(without_marks_on_tables(rows_reversed(with_other_assets(text))))
    ),
}


def written(scene: Scene) -> tuple[list[str], int]:
    """The keys known, and how many revisions there are of all of them."""
    with scene.store.read() as connection:
        keys = list(connection.scalars(select(recommendations.c.key)))
    return keys, scene.count(revisions)


def nothing_is_new(scene: Scene, body: bytes, form: Format) -> None:
    """A page in another look leaves everything as it was."""
    before = written(scene)
    intake = scene.take(body, format=form)
    assert (intake.outcome, intake.events, intake.message) == (Outcome.UNCHANGED, (), "")
    assert written(scene) == before


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("form", MARKED)
def test_a_real_page_in_another_look_says_nothing_new(
    scene: Scene, captures: Path, form: Format, look: str
) -> None:
    """Polled twice, its rows reordered, with the site's banner, from the older template, without marks."""
    body = real(captures, form)
    scene.take(body, format=form)
    other = LOOKS[look](body.decode()).encode()
    assert look == "twice" or other != body
    nothing_is_new(scene, other, form)
    nothing_is_new(scene, body, form)


@pytest.mark.parametrize("form", FORMS)
def test_a_real_pages_words_laid_out_anew_say_nothing_new(scene: Scene, captures: Path, form: Format) -> None:
    """Reordered, regrouped, in other wrappers, dashes, quotes and encodings: eight layouts."""
    body = real(captures, form)
    scene.take(body, format=form)
    items = tuple(map(as_item, extract(body).recommendations))
    for seed in range(8):
        noise = Noise(seed)
        nothing_is_new(scene, laid_out(items, form, noise), form)


def test_a_real_page_as_markup_and_as_text_is_one(scene: Scene, captures: Path) -> None:
    """In whichever form an agency's page comes, it is the same ten recommendations."""
    scene.take(real(captures, Format.AGENCY), format=Format.AGENCY)
    nothing_is_new(scene, real(captures, Format.TEXT), Format.TEXT)
    nothing_is_new(scene, real(captures, Format.AGENCY), Format.AGENCY)
    assert len(written(scene)[0]) == 10


@pytest.mark.parametrize(("first", "changes"), [(Format.CSV, 0), (Format.PRODUCT, 1)])
def test_the_export_and_a_reports_page_agree(
    scene: Scene, captures: Path, first: Format, changes: int
) -> None:
    """The recommendation that both show is one; the page is a year older, so only the export has news."""
    second = Format.PRODUCT if first is Format.CSV else Format.CSV
    events = []
    for form in (first, second, first, second):
        taken = scene.now - timedelta(days=365 if form is Format.PRODUCT else 0)
        intake = scene.take(real(captures, form), str(form), format=form, captured_at=taken)
        events.append(len(intake.events))
    assert events == [0, changes, 0, 0]
    shown = {one.key for form in (first, second) for one in extract(real(captures, form)).recommendations}
    assert set(written(scene)[0]) == shown


@pytest.mark.parametrize("form", FORMS)
def test_one_real_edit_among_all_that_is_the_one_event(scene: Scene, captures: Path, form: Format) -> None:
    """In a layout that differs everywhere, one figure of one narrative differs, too."""
    body = real(captures, form)
    scene.take(body, format=form)
    items = list(map(as_item, extract(body).recommendations))
    place = next(at for at, one in enumerate(items) if re.search(r"\d", one.narrative))
    words = re.sub(r"\d", "7", items[place].narrative, count=1)
    words = words if words != items[place].narrative else re.sub(r"\d", "8", words, count=1)
    changed = Item(**{**vars(items[place]), "narrative": words})
    items[place] = changed
    intake = scene.take(laid_out(tuple(items), form, Noise(3)), format=form)
    (event,) = scene.events(intake)
    assert (event.changed, event.subject.number) == (("narrative",), changed.number)
    assert changed.kind is Kind.RECOMMENDATION
