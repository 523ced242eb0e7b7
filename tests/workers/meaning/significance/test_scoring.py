"""What is weighed, how a claim follows from it, and how it is shown."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from monitor.record.values import Event
from tests.workers.meaning.significance.table import make_event
from workers.meaning.significance import assess
from workers.meaning.significance.claims.actions import ACTION
from workers.meaning.significance.claims.deadlines import SAME_DEED
from workers.meaning.significance.claims.expectations import DEADLINE
from workers.meaning.significance.claims.removal import REMOVAL
from workers.meaning.significance.comparison.rewriting import REWRITING
from workers.meaning.significance.scoring import Scorer, scorer
from workers.meaning.significance.why import reasons

_OLD = "CBP concurred. CBP expects to complete the scanner manual by May 2024."
_MOVED = "CBP concurred. CBP now expects to complete the scanner manual by June 2025."
_SEEN = datetime(2024, 6, 1, tzinfo=UTC)


def _event(old: str, new: str) -> Event:
    return replace(make_event(old, new), at=_SEEN)


def _kinds(old: str, new: str) -> list[tuple[str, str | None, str | None]]:
    return [(one.kind, one.old, one.new) for one in assess(_event(old, new)).signals]


def test_what_holds_is_added_up() -> None:
    """A feature without a weight counts nothing; the heaviest is named first."""
    weighed = Scorer({"a": 1.5, "b": -2.0}, {"claim": 0.0})
    features = {"a": 1.0, "b": 0.5, "c": 9.0}
    assert weighed.weigh(features) == 0.5
    assert weighed.parts(features) == [("a", 1.5), ("b", -1.0)]


@pytest.mark.parametrize("kind", [DEADLINE, SAME_DEED, ACTION, REMOVAL, REWRITING])
def test_each_kind_of_claim_has_weights_and_a_threshold(kind: str) -> None:
    """All of them stand in the package's file."""
    assert scorer(kind).weights
    assert scorer(kind).thresholds


def test_a_moved_deadline_is_one_claim() -> None:
    """The old date and the new one, and nothing beside it."""
    assert _kinds(_OLD, _MOVED) == [("deadline_moved", "2024-05", "2025-06")]


def test_each_old_date_is_replaced_once() -> None:
    """Of two new dates for much the same, the likelier one replaces the old; the other is none of it."""
    new = _MOVED + " CBP expects to issue the scanner posters by July 2025."
    moved = [one for one in _kinds(_OLD, new) if one[0] == "deadline_moved"]
    assert moved == [("deadline_moved", "2024-05", "2025-06")]


def test_a_date_that_is_past_is_no_deadline() -> None:
    """It was met, or went by, before the narrative was read: nothing is claimed of it."""
    assert _kinds(_OLD, _OLD + " CBP expects to hire ten analysts by March 2024.") == []


@pytest.mark.parametrize(
    "sentence",
    [
        "The Act requires all ports to report their losses by June 2026.",
        "Carriers have until June 2026 to comment on the rule.",
        "We plan to report on it in June 2026.",
    ],
)
def test_whose_date_it_is_not_sure_is_only_named(sentence: str) -> None:
    """A date by law, of others, of GAO: the fact is told, and no more."""
    assert _kinds(_OLD, f"{_OLD} {sentence}") == [("date_named", None, "2026-06")]


def test_a_date_that_stood_there_is_not_named() -> None:
    """In whatever form it stood."""
    assert _kinds(_OLD, _OLD.replace("May 2024", "May 31, 2024")) == []


def test_each_candidate_gives_its_reasons() -> None:
    """The claim, its sum and threshold, and the features that weighed most."""
    found = [line for reason in reasons(_event(_OLD, _MOVED)) for line in reason.lines()]
    assert any(line.startswith("2025-06 in “CBP now expects") and "deadline_moved" in line for line in found)
    assert any(line.startswith("2024-05, as the date before 2025-06: replaced") for line in found)
    assert any(line.endswith("  clause: expects") for line in found)


def test_what_did_not_change_has_no_reasons() -> None:
    """Nothing was weighed."""
    assert list(reasons(_event(_OLD, _OLD))) == []
