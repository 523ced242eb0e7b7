"""Made-up worlds read back from all four formats: noise means nothing, edits mean what they are."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.formats import extract
from monitor.record import folding
from monitor.record.values import Format, Kind, Recommendation
from tests.rendering import covered, render
from tests.worlds import Edit, Item, Noise, World, edits, noises, worlds

few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
formats = pytest.mark.parametrize("form", list(Format))


def meaning(one: Recommendation, form: Format) -> tuple[object, ...]:
    """What a reading says, everything folded that may look different."""
    priority = one.priority and not (form is Format.PRODUCT and one.kind is Kind.MATTER)
    text = folding.text_fingerprint(one.text)
    return (
        one.key,
        one.kind,
        one.number,
        text,
        one.status,
        priority,
        one.fingerprint,
        folding.fold_title(one.title),
    )


def expected(item: Item, form: Format) -> tuple[object, ...]:
    """What a reading of an item has to say."""
    product = item.product if form in (Format.CSV, Format.PRODUCT) else None
    key = folding.key(
        product or folding.title_report(item.title), item.kind, item.number, item.agency, item.stated
    )
    priority = item.priority and not (form is Format.PRODUCT and item.kind is Kind.MATTER)
    text = folding.text_fingerprint(item.stated)
    fingerprint = folding.fingerprint(item.narrative)
    title = folding.fold_title(item.title)
    return key, item.kind, item.number, text, str(item.status), priority, fingerprint, title


def read(world: World, form: Format, noise: Noise) -> set[tuple[object, ...]]:
    """A world's page, read back."""
    return {meaning(one, form) for one in extract(render(world, form, noise)).recommendations}


@formats
@few
@given(world=worlds(closed=False), noise=noises())
def test_a_page_is_read_as_the_world_it_was_made_of(form: Format, world: World, noise: Noise) -> None:
    """Keys, texts, statuses, priorities and narratives come back, whatever the layout."""
    items = covered(world, form)
    if items:
        assert read(world, form, noise) == {expected(item, form) for item in items}


@few
@given(world=worlds(closed=True), noise=noises())
def test_a_report_shows_closed_ones_too(world: World, noise: Noise) -> None:
    """A report's page is complete: closed recommendations and matters are on it."""
    items = covered(world, Format.PRODUCT)
    assert read(world, Format.PRODUCT, noise) == {expected(item, Format.PRODUCT) for item in items}


@formats
@few
@given(data=st.data(), world=worlds(closed=False, matters=False), noises=st.tuples(noises(), noises()))
def test_an_edit_changes_what_it_says_and_nothing_else(
    form: Format, data: st.DataObject, world: World, noises: tuple[Noise, Noise]
) -> None:
    """Between two noisy captures exactly the edited recommendation differs."""
    edit: Edit = data.draw(edits(world))
    before, after = covered(world, form), covered(edit.after, form) if edit.after else ()
    if not before or not after or (form is Format.PRODUCT and before[0].product != after[0].product):
        return
    old, new = read(world, form, noises[0]), read(edit.after, form, noises[1])
    assert new - old == {expected(item, form) for item in after} - {expected(item, form) for item in before}
    assert old - new == {expected(item, form) for item in before} - {expected(item, form) for item in after}


@few
@given(world=worlds(closed=False, matters=False), noises=st.tuples(noises(), noises()))
def test_text_and_markup_of_an_agency_page_give_the_same_keys(
    world: World, noises: tuple[Noise, Noise]
) -> None:
    """Whether a page links its reports or not, and in which form it was saved, its keys are the same."""
    assert read(world, Format.AGENCY, noises[0]) == read(world, Format.TEXT, noises[1])
