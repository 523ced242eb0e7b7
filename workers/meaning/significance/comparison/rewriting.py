"""Whether what was written anew says the same: features of two passages that share few sentences."""

import re
from collections.abc import Iterator, Sequence

from workers.meaning.significance.reading.clauses import Sentence
from workers.meaning.significance.reading.dates import without_dates
from workers.meaning.significance.reading.wordforms import in_figures, lemma, unmatched
from workers.meaning.significance.scoring import scorer

_KINDS = {
    "denials": re.compile(
        r"\b(?:not|no|never|none|neither|nor|without|unable|cannot|lacks?|yet\sto|un(?:able|clear|known))\b|n['’]t\b",
        re.IGNORECASE,
    ),
    "plans": re.compile(
        r"\b(?:will|would|plan\w*|expect\w*|anticipat\w*|intend\w*|aim\w*|to\sbe|going\sto|hope\w*|mean\sto)\b",
        re.IGNORECASE,
    ),
    "possibilities": re.compile(r"\b(?:may|might|could|should|must|if|unless)\b", re.IGNORECASE),
    "done": re.compile(r"\b(?:has|have|had|was|were|been)\s(?:\w+ly\s)?\w+(?:ed|en)\b", re.IGNORECASE),
    "under way": re.compile(
        r"\b(?:is|are|was|were)\s\w+ing\b|\bunder\s?way\b|\bin\sprocess\b|\bongoing\b", re.IGNORECASE
    ),
    "quantities": re.compile(
        r"\b(?:all|most|some|half|each|every|few|many|several|only|both|any)\b", re.IGNORECASE
    ),
    "contrasts": re.compile(
        r"\b(?:but|although|however|while|though|because|since|due\sto)\b", re.IGNORECASE
    ),
    "order in time": re.compile(r"\b(?:before|after|until|once|when|since)\b", re.IGNORECASE),
}
_LEAST_SHARED = 0.5  # of the words of the longer side
_NAME = re.compile(r"\b[A-Z]{2,}\b")
_NUMBER = re.compile(
    r"\d[\d,.]*\d|\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b", re.IGNORECASE
)


REWRITING = "rewriting"


def is_rewritten(gone: Sequence[Sentence], came: Sequence[Sentence]) -> bool:
    """Whether all that came surely says again what is gone. Of a few words that cannot be told so."""
    if not _may_be(gone, came):
        return False
    return scorer(REWRITING).weigh(rewriting_features(gone, came)) >= scorer(REWRITING).thresholds.get(
        "claim", 0.0
    )


def _may_be(gone: Sequence[Sentence], came: Sequence[Sentence]) -> bool:
    """Whether there are words enough, and enough of them the same, that a closer look pays."""
    stems, stems_too = _stems(gone), _stems(came)
    if len(stems | stems_too) <= scorer(REWRITING).thresholds.get("words", 0.0):
        return False
    return len(stems & stems_too) >= _LEAST_SHARED * max(len(stems), len(stems_too))


def _stems(sentences: Sequence[Sentence]) -> frozenset[str]:
    return frozenset[str]().union(*(one.stems for one in sentences if not one.stock))


def rewriting_features(gone: Sequence[Sentence], came: Sequence[Sentence]) -> dict[str, float]:
    """What speaks for and against that the sentences that came say what those that are gone said."""
    gone, came = ([one for one in side if not one.stock] for side in (gone, came))
    return dict(_features(gone, came))


def _features(gone: Sequence[Sentence], came: Sequence[Sentence]) -> Iterator[tuple[str, float]]:
    yield "bias", 1.0
    before, after = (" ".join(one.text for one in side) for side in (gone, came))
    stems, stems_too = _stems(gone), _stems(came)
    lost, added = unmatched(stems, stems_too), unmatched(stems_too, stems)
    yield "share of new words", len(added) / len(stems_too) if stems_too else float(bool(stems))
    yield "share of lost words", len(lost) / len(stems) if stems else float(bool(stems_too))
    yield "new words", min(len(added), 12) / 4
    yield "lost words", min(len(lost), 12) / 4
    yield "words in all", min(len(stems | stems_too), 60) / 20
    if not stems or not stems_too:
        yield "one side says nothing", 1.0
    for name, mine, others in (
        ("figures", _numbers(before), _numbers(after)),
        ("dates", _dates(gone), _dates(came)),
        ("names", set(_NAME.findall(before)), set(_NAME.findall(after))),
    ):
        if others - mine:
            yield f"new {name}", 1.0
        if mine - others:
            yield f"lost {name}", 1.0
    for name, pattern in _KINDS.items():
        apart = abs(len(pattern.findall(before)) - len(pattern.findall(after)))
        if apart:
            yield f"other count of {name}", float(min(apart, 3))
    length = len(after) / len(before) if before else 9.0
    yield "length apart", min(abs(length - 1.0), 1.0)
    if len(gone) == len(came):
        yield "as many sentences", 1.0


def _numbers(text: str) -> set[str]:
    return {lemma(found) for found in _NUMBER.findall(in_figures(without_dates(text)))}


def _dates(sentences: Sequence[Sentence]) -> set[str]:
    return {m.last.isoformat() for one in sentences for m in one.dates if m not in one.reviews}
