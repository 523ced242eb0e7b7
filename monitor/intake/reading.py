"""The second step of an intake: what a page says, read by its format's extractor."""

from collections.abc import Iterable, Sequence

from monitor.formats import extract, extract_apart
from monitor.formats.export_rows import Blanked, RawRows
from monitor.intake.values import Arrival, Lasting, ReadCapture
from monitor.record.values import Capture, Recommendation


def read_page(arrival: Arrival, raw: RawRows | None = None) -> ReadCapture:
    """Read a whole page; NotAPage where it cannot be. `raw`: its rows, where they were split already."""
    page, wanted = arrival.page, arrival.options.format
    if raw is None:
        capture = extract(page.body, format=wanted, content_type=page.content_type, url=page.origin)
        return ReadCapture(capture, once_each(capture.recommendations), page.body)
    capture = extract_apart(page.body, raw, format=wanted, content_type=page.content_type, url=page.origin)
    hashes = row_hashes(capture, raw, range(len(raw.hashes)))
    return ReadCapture(capture, once_each(capture.recommendations), lasting(arrival, raw), hashes)


def lasting(arrival: Arrival, raw: RawRows | None) -> Lasting:
    """The bytes to keep of a page: one whose rows were split still has its telephone numbers."""
    return Blanked(arrival.page.body, raw) if raw else arrival.page.body


def once_each(rows: Iterable[Recommendation]) -> list[Recommendation]:
    """Rows without repeats of one key: the page's order of equals may change, so the choice must not."""
    chosen: dict[str, Recommendation] = {}
    for row in rows:
        rival = chosen.get(row.key)
        if rival is None or row.fingerprint < rival.fingerprint:
            chosen[row.key] = row
    return list(chosen.values())


def row_hashes(capture: Capture, raw: RawRows, places: Sequence[int]) -> dict[str, bytes]:
    """The hashes of rows that can be recognised the next time, by key. `places`: where the rows were."""
    if not capture.places:
        return {}
    return {
        row.key: raw.hashes[places[at]]
        for row, at in zip(capture.recommendations, capture.places, strict=True)
        if at >= 0 and row.product
    }
