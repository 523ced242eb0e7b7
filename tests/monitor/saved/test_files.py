"""Large files are held and read as large pages from a site are: packed, a block at a time."""

import zlib
from pathlib import Path

import pytest
from sqlalchemy import update

from monitor import formats
from monitor.captures.importing import in_order
from monitor.formats import extract
from monitor.formats.phones import blank_phones
from monitor.intake import load_evidence
from monitor.record import bodies
from monitor.record.bodies import Body, Packed
from monitor.record.store.schema import evidence
from monitor.record.store.store import Store
from monitor.saved.files import body_of
from tests.fakes.pages import export, rows
from tests.monitor.intake.conftest import START, Scene

EXPORT = export(rows(400), START)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up export is a large one."""
    monkeypatch.setattr(bodies, "STEP", 16_384)
    monkeypatch.setattr(bodies, "PLAIN", 32_768)


@pytest.fixture
def never_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody puts a page together."""

    def refuse(body: Body) -> bytes:
        raise AssertionError(f"{len(body)} bytes were put together")

    monkeypatch.setattr(formats, "whole", refuse)


def test_a_large_export_is_read_in_blocks_and_says_the_same(
    tmp_path: Path, never_whole: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when it is read whole, to the letter."""
    (tmp_path / "export.csv").write_bytes(EXPORT)
    body = body_of(tmp_path / "export.csv")
    assert isinstance(body, Packed)
    found = extract(body)
    monkeypatch.undo()
    assert found == extract(EXPORT)


def test_files_to_import_are_looked_at_in_blocks(tmp_path: Path, never_whole: None) -> None:
    """When each was taken and what it shows, without any of them in memory whole."""
    (tmp_path / "export.csv").write_bytes(EXPORT)
    [saved] = in_order([tmp_path / "export.csv"], None)
    assert (saved.captured_at, saved.format, saved.subject) == (START, "gao-csv", "")


def test_kept_bytes_come_back_packed(any_store: Store) -> None:
    """Evidence of a large page is unpacked piece by piece; bytes that are cut off are no page."""
    intake = Scene(any_store).take(EXPORT)
    assert intake.capture_id is not None
    with any_store.write() as connection:
        page = load_evidence(connection, intake.capture_id)
        assert page is not None
        assert isinstance(page.body, Packed)
        assert page.body[:] == blank_phones(EXPORT)
        cut = zlib.compress(EXPORT)[:-10]
        connection.execute(update(evidence).values(body=cut))
        with pytest.raises(zlib.error):
            load_evidence(connection, intake.capture_id)
