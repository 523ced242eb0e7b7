"""Decides whether to believe a capture, before anything of it is written down. Pure.

What the page itself gives away (a refusal, a shape that is none of ours, a table cut off) the extractors
refuse. Here a capture is held against what its source has shown so far.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from monitor.record import folding
from monitor.record.settings import Gate
from monitor.record.values import Capture

_LEAST_KNOWN = 5  # fewer known than this can all be gone: no share is judged
_LEAST_COMPARED = 20
_CANDIDATES = 5  # stretches of words looked for in all, the most frequent first
_NO_ACCIDENT = 4  # words in common that two edits do not have by chance
_LISTED = 10  # an agency page lists the first ten


@dataclass(frozen=True, slots=True)
class Rewording:
    """A narrative of one recommendation, as the source showed it last and as it shows it now."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class GateInput:
    """A capture held against what is known: open ones shown last time, gone now; narratives compared.

    `last`: the page's last row, where it is reworded.
    """

    known_open: int
    gone: int
    compared: int
    rewordings: Sequence[Rewording] = ()
    last: Rewording | None = None


def objection(capture: Capture, draft: GateInput, limits: Gate) -> str | None:
    """Why the capture is not believed, in a sentence for operators; None where it is."""
    checks = (
        _announced(capture),
        _blank(capture, draft),
        _vanished(draft, limits),
        _reworded(draft, limits),
        _emptied(draft),
        _same_words(draft),
        _cut_short(capture, draft),
    )
    return next((reason for reason in checks if reason), None)


def _announced(capture: Capture) -> str | None:
    """An agency page lists the first ten of its total; totals disagree a little between pages.

    What is missing from it means nothing, so a few rows less do no harm; most of them missing is a page cut
    off or a shape that is no longer read.
    """
    if capture.announced is None:
        return None
    parsed = len(capture.recommendations)
    if parsed * 2 >= min(capture.announced, _LISTED):
        return None
    return f"the page announces {capture.announced} open recommendations and shows {parsed}"


def _blank(capture: Capture, draft: GateInput) -> str | None:
    if capture.recommendations or draft.compared or not capture.complete or not draft.known_open:
        return None
    return f"none of the {draft.known_open} known recommendations is on it"


def _vanished(draft: GateInput, limits: Gate) -> str | None:
    if draft.known_open < _LEAST_KNOWN or draft.gone / draft.known_open <= limits.max_vanished:
        return None
    return (
        f"{draft.gone} of {draft.known_open} open recommendations are gone at once "
        f"(more than {limits.max_vanished:.0%})"
    )


def _reworded(draft: GateInput, limits: Gate) -> str | None:
    if draft.compared < _LEAST_COMPARED:
        return None
    # A first response is what the source is watched for, however many come in a week.
    count = sum(not folding.is_boilerplate(one.old) for one in draft.rewordings)
    if count / draft.compared <= limits.max_changed:
        return None
    return f"{count} of {draft.compared} narratives changed at once (more than {limits.max_changed:.0%})"


def _emptied(draft: GateInput) -> str | None:
    """Narratives are rewritten, and hardly ever struck out: where most are empty, they did not load."""
    count = sum(not folding.fold(one.new) and bool(folding.fold(one.old)) for one in draft.rewordings)
    if count * 2 <= draft.compared:
        return None
    return f"{count} of {draft.compared} narratives are empty that were not"


def _same_words(draft: GateInput) -> str | None:
    """The same words added to all, or cut from all, are the site's and not GAO's.

    Of one narrative alone nobody can tell: a sentence added to it is what it is watched for.
    """
    if draft.compared < 2 or len(draft.rewordings) < draft.compared:
        return None
    pairs = [(_words(one.old), _words(one.new)) for one in draft.rewordings]
    if words := _in_common(pairs):
        return f"the same words were added to every narrative: {_excerpt(words)}"
    if words := _in_common([(new, old) for old, new in pairs]):
        return f"the same words were cut from every narrative: {_excerpt(words)}"
    return None


def _words(narrative: str) -> list[str]:
    return folding.fold(narrative).split()


def _in_common(pairs: Sequence[tuple[list[str], list[str]]]) -> str:
    """The stretch of words that each of the second texts has more than the first.

    A few may have been edited besides: then it has to be long enough to be no accident.
    """
    added = [_added(old, new) for old, new in pairs]
    often = Counter(words for own in added for words in own)
    for words, count in often.most_common(_CANDIDATES):
        if count == len(pairs):
            return words
        most = count * 2 > len(pairs) and len(words.split()) >= _NO_ACCIDENT
        if most and all(_has_more(words, *pair) for pair in pairs):
            return words
    return ""


def _added(old: list[str], new: list[str]) -> set[str]:
    """The one stretch of words that `new` has more than `old`; empty when they differ otherwise.

    "The site. The pier." has gained "The site." or "site. The" before "The pier.": nothing tells which.
    """
    extra = len(new) - len(old)
    if extra <= 0:
        return set()
    same_first, same_last = _alike(old, new), _alike(old[::-1], new[::-1])
    return {" ".join(new[at : at + extra]) for at in range(max(0, len(old) - same_last), same_first + 1)}


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two texts have in common from their beginning on."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (first, second) in pairs if first != second), min(len(one), len(other)))


def _has_more(words: str, old: list[str], new: list[str]) -> bool:
    return f" {' '.join(new)} ".count(f" {words} ") > f" {' '.join(old)} ".count(f" {words} ")


def _cut_short(capture: Capture, draft: GateInput) -> str | None:
    """A text without an end mark may have been cut after any sentence of its last narrative."""
    if not capture.open_ended or draft.last is None:
        return None
    old, new = _words(draft.last.old), _words(draft.last.new)
    if old[: len(new)] != new:
        return None
    return "the text may be cut off: nothing follows its last narrative, whose end is missing"


def _excerpt(words: str) -> str:
    return f"“{words[:80]}…”" if len(words) > 80 else f"“{words}”"
