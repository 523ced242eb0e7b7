"""What a site may answer between two good pages: nothing is harmed, and the next real change is found."""

from pathlib import Path

import pytest

from monitor.record.store.schema import outbox, recommendations
from monitor.record.store.store import Store
from monitor.record.values import Outcome
from tests.fakes.pages import export
from tests.fakes.site import Answer
from tests.monitor.poller.world import CHANGED, CSV, FIVE, PATH, World, in_world

GOOD = export(FIVE)
HTML = {"Content-Type": "text/html"}
FAULTS = {
    "refused": Answer(403, b"<html><title>Access Denied</title></html>"),
    "not found": Answer(404, b"<html>Not found</html>"),
    "gone": Answer(410, b""),
    "too many": Answer(429, b"", {"Retry-After": "60"}),
    "broken": Answer(500, b"<html>Internal server error</html>"),
    "bad gateway": Answer(502, b""),
    "unavailable": Answer(503, b"<html>Down for maintenance</html>", {"Retry-After": "60"}),
    "moved away": Answer(302, b"", {"Location": "https://example.org/elsewhere.csv"}),
    "moved round": Answer(302, b"", {"Location": PATH}),
    "nothing": Answer(200, b"", CSV),
    "no content": Answer(204, b""),
    "interstitial": Answer(
        200, b"<html><iframe src='/bm-verify'></iframe></html>", {"Content-Type": "text/html"}
    ),
    "login page": Answer(
        200, b"<html><form><input type='password'></form></html>", {"Content-Type": "text/html"}
    ),
    "half an answer": Answer(200, GOOD, CSV, cut=len(GOOD) // 2),
    "half a file": Answer(200, GOOD[: len(GOOD) // 2], CSV),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_bad_answer_between_two_good_ones_changes_nothing(store: Store, tmp_path: Path, fault: str) -> None:
    """Whatever comes, however often: no event, nothing written of any recommendation."""

    async def check(world: World) -> None:
        world.serve(FIVE)
        assert await world.outcome() == Outcome.BASELINE
        before = world.all(recommendations)
        world.site.answers(PATH, FAULTS[fault])
        for _ in range(3):
            world.clock.forward(hours=2)
            (reading,) = await world.poll()
            assert (reading.failed, reading.events) == (True, ())
        assert world.all(recommendations) == before
        assert world.all(outbox) == []
        assert len(world.told()) == 1
        world.clock.forward(hours=2)
        world.serve(CHANGED)
        (reading,) = await world.poll()
        assert (reading.outcome, len(reading.events)) == (Outcome.CHANGED, 1)
        assert world.told()[1:] == ["source.recovered"]

    in_world(store, tmp_path, check)
