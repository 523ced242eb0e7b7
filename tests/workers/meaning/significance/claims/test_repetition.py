"""What a rewritten narrative tells again, in other words, and what it tells anew beside it."""

from pathlib import Path

import pytest

from tests.workers.meaning.significance.table import Pair, as_labelled, read_pairs, run, signs_of

_RETOLD = read_pairs(str(Path(__file__).parent / "repetition.toml"))


@pytest.mark.parametrize("pair", _RETOLD, ids=lambda pair: pair.rule)
def test_only_what_the_old_narrative_did_not_tell_is_told(pair: Pair) -> None:
    """Deeds, positions and dates are new unless the old words had them in whatever grammar."""
    assert as_labelled(signs_of(run(pair)), pair) == pair.signals


def test_each_kind_is_told_again_and_anew() -> None:
    """No rule is held by examples of one direction alone."""
    for kind in ("action_reported", "agency_position", "deadline_set", "deadline_moved"):
        assert sum(any(sign[0] == kind for sign in pair.signals) for pair in _RETOLD) >= 4
    assert sum(not pair.signals for pair in _RETOLD) >= 10
