"""What taking in a page asks of the store costs the same however much is known."""

from collections.abc import Callable

import pytest

from monitor.poller import leases
from tests.fakes import pages
from tests.fakes.pages import rows
from tests.monitor.intake.conftest import Scene
from tests.workers.test_plans import GROWING, heard

KNOWN = {"recommendations", "aliases", "coverage"}


@pytest.mark.parametrize("form", [pages.agency, pages.report])
def test_a_page_reads_through_no_table(scene: Scene, form: Callable[..., bytes]) -> None:
    """Of all that is known, what its rows may be is found by an index: first reading, change, nothing new."""
    changed = [rows(6)[0].but(narrative="The Bureau has bought lamps."), *rows(6)[1:]]
    with heard() as ears:
        for page in (rows(6), changed, changed):
            assert leases.claim(scene.store, "export", "poller_1", scene.now)
            scene.take(form(page))
    assert len(ears.statements) > 20
    assert ears.scans(scene.store, GROWING | KNOWN) == {}
