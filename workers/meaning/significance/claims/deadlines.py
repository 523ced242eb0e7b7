"""What is claimed of the dates of a new narrative: a deadline set, one moved, or only a date named."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from workers.meaning.significance.claims.expectations import DEADLINE, Expectation, find_expectations
from workers.meaning.significance.claims.same_deed import Setting, pair_features
from workers.meaning.significance.reading.clauses import Sentence
from workers.meaning.significance.scoring import Features, scorer
from workers.values import Signal

SAME_DEED = "same deed"
_NOTHING: Features = {}


@dataclass(frozen=True, slots=True)
class DateClaim:
    """A date and what is claimed of it; `old` is the date that it replaces.

    `match`: how much speaks for its being of the deed of `nearest`, the old date likeliest to be replaced.
    """

    kind: str
    new: Expectation
    old: Expectation | None = None
    nearest: Expectation | None = None
    match: float = 0.0
    pair: Features | None = None


def date_claims(setting: Setting) -> Iterator[DateClaim]:
    """One for each date that is ahead and that the old narrative does not have."""
    fresh = _fresh(setting)
    pairs = _assigned(fresh, setting)
    rules = scorer(SAME_DEED).thresholds
    for new in fresh:
        old, match, features = pairs.get(id(new), (None, float("-inf"), _NOTHING))
        if not new.is_sure:
            yield DateClaim("date_named", new, None, old, match, features)
        elif old is not None and match >= rules.get("moved", 0.0):
            yield DateClaim("deadline_moved", new, old, old, match, features)
        elif match < rules.get("set", 0.0) and new.score >= scorer(DEADLINE).thresholds.get("set", 0.0):
            yield DateClaim("deadline_set", new, None, old, match, features)
        else:
            yield DateClaim("date_named", new, None, old, match, features)


def _fresh(setting: Setting) -> list[Expectation]:
    """The dates ahead, of sentences that came, which the old narrative lacks; each once, the surest."""
    names = {mention.name for one in setting.old for mention in one.dates}
    ends = {mention.last for one in setting.old for mention in one.dates}
    found: dict[str, Expectation] = {}
    for one in setting.after:
        if one.sentence.text in setting.stood or one.mention.last <= setting.seen:
            continue
        if one.name in names or one.mention.last in ends:
            continue
        best = found.get(one.name)
        if best is None or one.score > best.score:
            found[one.name] = one
    return list(found.values())


Match = tuple[Expectation, float, Features]


def _assigned(fresh: Sequence[Expectation], setting: Setting) -> dict[int, Match]:
    """Which old date each new one replaces: the best pairs of all first, each old date at most once.

    What is no expectation itself takes no old date away from another.
    """
    scores = scorer(SAME_DEED)
    edges: list[tuple[float, Expectation, Expectation, Features]] = []
    for new in fresh:
        for old in setting.before:
            speaks = pair_features(new, old, setting)
            edges.append((scores.weigh(speaks), new, old, speaks))
    edges.sort(key=lambda edge: -edge[0])
    found: dict[int, Match] = {}
    taken: set[int] = set()
    for match, new, old, features in edges:
        if id(new) in found or id(old) in taken:
            continue
        found[id(new)] = (old, match, features)
        if new.is_sure and match >= scores.thresholds.get("moved", 0.0):
            taken.add(id(old))
    return found


def deadline_signals(
    claims: Iterable[DateClaim], setting: Setting, history: Sequence[Sequence[Sentence]]
) -> Iterator[Signal]:
    """The signals of claims; `history`: earlier narratives, oldest first, without the event's own."""
    for claim in claims:
        old = claim.old.name if claim.old else None
        slips = _slips(claim, setting, history) if claim.old else None
        yield Signal(claim.kind, claim.new.sentence.text, old, claim.new.name, slips)


def _slips(claim: DateClaim, setting: Setting, history: Sequence[Sequence[Sentence]]) -> int:
    """Follow a deadline back through earlier narratives and count the moves to a later date."""
    assert claim.old
    count = int(claim.new.mention.last > claim.old.mention.last)
    current, newer = claim.old, setting.before
    texts = setting.old
    for sentences in reversed(history):
        older = find_expectations(sentences)
        stood = frozenset(one.text for one in sentences)
        fresh = [one for one in newer if one.sentence.text not in stood]
        step = Setting(sentences, texts, older, fresh, date.min)
        moved = next((one for one in date_claims(step) if one.old and one.new.name == current.name), None)
        if moved and moved.old:
            count += moved.new.mention.last > moved.old.mention.last
            current = moved.old
        newer, texts = older, sentences
    return count
