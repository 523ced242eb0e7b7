"""Why an event is said to mean what it does: each candidate, its claim, and what weighed how much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from monitor.record.values import Event
from workers.meaning.significance.claims.actions import ACTION, Known, find_reports
from workers.meaning.significance.claims.deadlines import SAME_DEED, DateClaim
from workers.meaning.significance.claims.expectations import DEADLINE
from workers.meaning.significance.claims.removal import REMOVAL, find_removals
from workers.meaning.significance.comparison.rewriting import REWRITING, rewriting_features
from workers.meaning.significance.levels import level_of
from workers.meaning.significance.pair import Pair
from workers.meaning.significance.scoring import Features, scorer
from workers.values import Level

_MOST = 8  # features that are named of a candidate: the heaviest


@dataclass(frozen=True, slots=True)
class Reason:
    """A candidate in words, what is claimed of it (empty: nothing), and its features with their weights.

    `score`: their sum. `threshold`: from which on it would be claimed.
    """

    candidate: str
    claim: str
    score: float
    threshold: float
    features: Sequence[tuple[str, float]]

    def lines(self) -> Iterator[str]:
        """As a terminal shows it."""
        claim = self.claim or "not claimed"
        yield f"{self.candidate}: {claim} ({self.score:+.1f}, needs {self.threshold:+.1f})"
        for name, weight in self.features[:_MOST]:
            yield f"  {weight:+.1f}  {name}"


def reasons(event: Event) -> Iterator[Reason]:
    """All candidates of an event's narrative; none where it has no old or no new one."""
    if event.old is None or event.new is None or event.old.narrative == event.new.narrative:
        return
    pair = Pair(event, event.old.narrative, event.new.narrative)
    level = level_of(pair)
    if pair.gone and pair.came:
        says = "the same in other words" if level is not Level.SUBSTANTIVE else ""
        yield _reason("All that changed", says, REWRITING, rewriting_features(pair.gone, pair.came))
    if level is not Level.SUBSTANTIVE:
        return
    for claim in pair.dates:
        yield from _of_date(claim)
    known = Known(pair.old, pair.seen)
    for sentence in pair.came:
        best = max(find_reports(sentence, known), key=lambda one: one.score, default=None)
        if best and not sentence.stock:
            said = "action_reported" if best.is_sure else ""
            yield _reason(f"“{best.verb}” in “{sentence.text}”", said, ACTION, best.features)
    for removal in find_removals(pair.old, pair.remaining):
        said = "text_removed" if removal.is_sure else ""
        yield _reason(f"Gone: “{removal.sentence.text}”", said, REMOVAL, removal.features)


def _of_date(claim: DateClaim) -> Iterator[Reason]:
    new = claim.new
    where = f"{new.name} in “{new.sentence.text}”"
    yield _reason(where, claim.kind, DEADLINE, new.features)
    if claim.nearest and claim.pair:
        moved = "replaced" if claim.old else ""
        yield _reason(
            f"{claim.nearest.name}, as the date before {new.name}", moved, SAME_DEED, claim.pair, "moved"
        )


def _reason(candidate: str, claim: str, kind: str, features: Features, threshold: str = "claim") -> Reason:
    scores = scorer(kind)
    return Reason(
        candidate,
        claim,
        scores.weigh(features),
        scores.thresholds.get(threshold, 0.0),
        scores.parts(features),
    )
