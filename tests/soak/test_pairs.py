"""Pairs of captures of one source: exactly the edits between them are reported, whatever else differs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.record.settings import Source
from monitor.record.values import Format, Outcome
from tests.monitor.intake.conftest import Scene
from tests.rendering import page
from tests.soak.arena import arena, as_known, standing
from tests.soak.histories import History, Tracked, in_order
from tests.soak.model import Model, compare, told
from tests.soak.running import CAPTURES, PARTS, Tally, pairs
from tests.worlds import Noise

seeds = st.integers(0, 2**32)


def listing(history: History, model: Model) -> tuple[Tracked, int]:
    """What the next page lists, in its order, and the total that it announces."""
    world, dice = history.shown(), history.dice
    order = in_order(world, dice, set(world) - set(model.known))
    if model.complete:
        return {number: world[number] for number in order}, len(order)
    total = len(order) + (dice.choice((0, 15)) if len(order) >= 5 else 0)
    enough = -(-min(total, 10) // 2)  # fewer rows than this are a page cut off
    listed = order[: dice.randint(enough, 10)]
    return {number: world[number] for number in listed}, total


def shown(listed: Tracked, form: Format, noise: Noise, total: int) -> bytes:
    """The page."""
    return page(tuple(listed.values()), form, noise, total=total)


def check(scene: Scene, model: Model, body: bytes, listed: Tracked, form: Format) -> Outcome:
    """Take a page in and hold what came of it against the model."""
    was_first, expected = model.first, model.take(listed)
    intake = scene.take(body, format=form)
    if expected is None:
        assert (intake.outcome, intake.events) == (Outcome.QUARANTINED, ())
    else:
        assert intake.outcome is not Outcome.QUARANTINED, intake.message
        compare([told(event) for event in scene.events(intake)], expected, body)
        assert intake.outcome is not Outcome.BASELINE or was_first
    assert standing(scene) == as_known(model.known)
    return intake.outcome


CASES = [(Format.CSV, "in vain"), (Format.CSV, "unanswered"), (Format.CSV, "nobody")]
CASES += [(form, "nobody") for form in (Format.PRODUCT, Format.AGENCY, Format.TEXT)]


@pytest.mark.timeout(0)  # so many pairs take as long as the machine takes
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(("form", "how"), CASES)
def test_exactly_the_edits_are_reported(form: Format, how: str, part: int, tally: Tally) -> None:
    """Type and fields right, none missed, none invented, keys stable, old and new words right."""

    @pairs(0.1 if form is Format.CSV else 0.2)
    @given(seed=seeds, size=st.integers(1, 14), edits=st.integers(0, 5), loud=st.booleans())
    def run(seed: int, size: int, edits: int, loud: bool) -> None:
        history = History.of(form, seed, size)
        if not history.shown():
            return
        scene = arena()
        asking = how != "nobody"
        scene.sources["export"] = Source(id="export", format=Format.CSV, path="x/", confirm_closures=asking)
        model = Model(form, vanishing=0 if how == "unanswered" else 2)
        for number in range(CAPTURES):
            kinds = history.edit_some(edits if number else 0)
            listed, total = listing(history, model)
            if model.may_be_cut(listed):
                continue
            body = shown(listed, form, Noise(seed + number, loud), total)
            held = check(scene, model, body, listed, form) is Outcome.QUARANTINED
            if how == "in vain":
                ask_in_vain(scene)
            if number:
                tally.add(form, kinds, held=held)
            if history.dice.random() < 0.2:
                check(scene, model, body, listed, form)
                tally.add(form, {"the same bytes": 1})

    run()


def ask_in_vain(scene: Scene) -> None:
    """Nobody's report page could be read."""
    from sqlalchemy import update

    from monitor.record.store.schema import lookups

    with scene.store.write() as connection:
        connection.execute(update(lookups).values(attempts=1))
