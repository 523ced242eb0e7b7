"""Several sources of one world in one store, in any order: each change once, no laggard turns it back."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.record.values import Format, Kind, Outcome
from tests.monitor.intake.conftest import Scene
from tests.rendering import page as rendered
from tests.soak.arena import arena, as_known, standing
from tests.soak.histories import History, Tracked, look
from tests.soak.model import compare, facts, told
from tests.soak.running import CAPTURES, PARTS, Tally, pairs
from tests.soak.several import Reader, Together
from tests.worlds import Noise

KINDS = ("appended", "prepended", "rewritten", "first response", "deadline moved", "lightly edited")
KINDS += ("shortened", "status", "closed", "reopened", "priority", "text", "opened")
READERS = 4


def begun(seed: int, size: int) -> tuple[History, list[Reader]]:
    """A world without marks on matters, an export, a report's page and an agency's in both its forms."""
    history = History.of(Format.CSV, seed, size)
    for number, item in history.world.items():
        plain = replace(item, priority=item.priority and item.kind is Kind.RECOMMENDATION)
        history.world[number], history.past[number] = plain, [plain]
    report = history.dice.choice(list(history.world.values())).product
    readers = [
        Reader("export", Format.CSV),
        Reader("reports", Format.PRODUCT, report),
        Reader("agency", Format.AGENCY),
        Reader("agency", Format.TEXT),
    ]
    return history, history.dice.sample(readers, len(readers))


def edit_onward(history: History, count: int) -> None:
    """Some edits, none of which goes back to what was said before."""
    for _ in range(count):
        world, past = dict(history.world), {number: list(one) for number, one in history.past.items()}
        history.edit(history.dice.choice(KINDS), history.dice.randrange(100))
        for number, item in history.world.items():
            before = past.get(number, [])
            again = item != world.get(number) and look(item) in map(look, before)
            marked = item.kind is Kind.MATTER and item.priority
            if again or marked or len({one.text for one in [*before, item]}) > 3:
                history.world, history.past = world, past
                break


def show(scene: Scene, reader: Reader, page: Tracked, noise: Noise) -> tuple[bytes, object]:
    """Take a reader's page in."""
    body = rendered(tuple(page.values()), reader.form, noise)
    return body, scene.take(body, reader.source, format=reader.form)


@pytest.mark.timeout(0)  # so many pairs take as long as the machine takes
@pytest.mark.parametrize("part", range(PARTS))
def test_each_change_is_reported_once_whoever_shows_it_first(part: int, tally: Tally) -> None:
    """Provisional keys are joined without an event, changes are told once, and what lags is not news."""

    @pairs(0.2)
    @given(seed=st.integers(0, 2**32), size=st.integers(1, 8), edits=st.integers(0, 3), loud=st.booleans())
    def run(seed: int, size: int, edits: int, loud: bool) -> None:
        history, readers = begun(seed, size)
        scene, together, dice = arena(), Together(history, readers), random.Random(seed)
        before: Counter[str] = Counter()
        for number in range(2 * CAPTURES):
            edit_onward(history, edits if number else 0)
            together.versions.append(dict(history.world))
            reader = dice.choice(readers)
            page = together.next_page(reader, dice)
            if not page:
                continue
            expected = together.take(reader, page)
            body, intake = show(scene, reader, page, Noise(seed + number, loud))
            if expected is None:
                assert intake.outcome is Outcome.QUARANTINED
            else:
                assert intake.outcome is not Outcome.QUARANTINED, intake.message
                compare([told(event) for event in scene.events(intake)], expected, body)
            assert standing(scene) == as_known(together.known)
            kinds, before = history.kinds - before, Counter(history.kinds)
            tally.add("several sources", kinds, held=expected is None)

    run()


@pytest.mark.timeout(0)  # so many pairs take as long as the machine takes
@pytest.mark.parametrize("part", range(PARTS))
def test_in_the_end_all_agree(part: int, tally: Tally) -> None:
    """There and back, lag and all: when every source shows the world as it is, so does the store."""

    @pairs(0.1)
    @given(seed=st.integers(0, 2**32), size=st.integers(1, 8), edits=st.integers(0, 3), loud=st.booleans())
    def run(seed: int, size: int, edits: int, loud: bool) -> None:
        history, readers = begun(seed, size)
        scene, together, dice = arena(), Together(history, readers), random.Random(seed)
        for number in range(CAPTURES + 2 * READERS):
            ending = number >= CAPTURES
            for _ in range(0 if ending else edits):
                history.edit(dice.choice((*KINDS, "reverted", "reverted")), dice.randrange(100))
            together.versions.append(dict(history.world))
            reader = readers[number % READERS] if ending else dice.choice(readers)
            at = dice.randint(reader.at, number) if not ending else number
            page = reader.covers(together.versions[at])
            reader.at = at
            if page:
                _, intake = show(scene, reader, page, Noise(seed + number, loud))
                if intake.outcome is Outcome.QUARANTINED:
                    return
            tally.add("several sources", history.kinds if number == CAPTURES else {})
        wanted = {facts(item) for item in Reader("", Format.AGENCY).covers(history.world).values()}
        assert wanted <= {known[:4] for known in standing(scene).values()}

    run()
