"""Bodies as they are held: whatever their size and the pieces they came in, the same bytes come out."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.record import bodies
from monitor.record.bodies import Filling, Packed, filled, parts, pieces, whole


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    """Blocks so small that made-up bodies have many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bodies, "STEP", 16)
        patch.setattr(bodies, "PLAIN", 48)
        yield


@given(given=st.lists(st.binary(max_size=40), max_size=20), cuts=st.lists(st.integers(0, 800), max_size=9))
def test_what_went_in_comes_out(given: list[bytes], cuts: list[int]) -> None:
    """Whole, from anywhere to its end, and in parts: packed or not."""
    plain = b"".join(given)
    body = filled(given)
    assert isinstance(body, Packed) == (len(plain) > bodies.PLAIN)
    assert (whole(body), len(body)) == (plain, len(plain))
    assert all(b"".join(pieces(body, at)) == plain[at:] for at in (0, *cuts))
    ordered = sorted(min(cut, len(plain)) for cut in cuts)
    spans = list(pairwise(ordered))
    assert list(parts(body, spans)) == [plain[start:end] for start, end in spans]
    assert all(body[start:end] == plain[start:end] for start, end in spans)


def test_a_large_body_is_held_packed_while_it_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the first blocks next to nothing of it is held plain, and what is held is known."""
    monkeypatch.setattr(bodies, "STEP", 1000)
    monkeypatch.setattr(bodies, "PLAIN", 3000)
    filling, most = Filling(), 0
    for _ in range(1000):
        filling.add(b"a" * 77)
        most = max(most, filling.held)
    body = filling.body()
    assert isinstance(body, Packed)
    assert filling.held == sum(map(len, body.blocks)) < 6000
    assert most < 6000


def test_bodies_that_differ_anywhere_differ_in_what_is_known_of_them() -> None:
    """The hash of what comes after the first block is of every byte of it."""
    plain = bytes(range(200))
    for at in range(16, 200):
        other = filled([plain[:at], b"\xff", plain[at + 1 :]])
        assert isinstance(other, Packed)
        assert other.rest != filled([plain]).rest  # type: ignore[union-attr]
