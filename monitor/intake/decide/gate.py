"""Decides whether to believe a capture, before anything of it is stored. Pure.

The extractors refuse what a page itself gives away: a refusal, an unknown shape, a table that is cut off.
Here a capture is compared with the stored state: a change that affects all rows alike is the site's, not
GAO's.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from monitor.record import folding
from monitor.record.settings import Gate
from monitor.record.values import Capture, Status

_LEAST_KNOWN = 5  # with fewer known, any share may leave
_LEAST_COMPARED = 20  # with fewer compared, any share may be rewritten
_LEAST_LABELS = 3  # rows of one status or priority that are all relabelled, from which it is the site's doing
_LEAST_CUT = 3
_SHARE_CUT = 0.05
_SMALL_REPORT = 4  # recommendations; GAO may append one sentence to all of so few
_CANDIDATES = 5  # phrases examined, the most frequent first
_SHIFTS = 20  # places tried for one phrase
_NO_ACCIDENT = 4  # words that two edits do not have in common by chance
_LISTED = 10  # an agency page lists the first ten
_STATUSES = frozenset(str(status) for status in Status)


@dataclass(frozen=True, slots=True)
class Version:
    """The compared fields of a recommendation, as words."""

    narrative: str
    text: str = ""
    status: str = str(Status.OPEN)
    priority: bool = False


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that would be reported as a change: the stored version, the capture's, and the fields changed."""

    old: Version
    new: Version
    changed: tuple[str, ...] = ("narrative",)


@dataclass(frozen=True, slots=True)
class GateInput:
    """What a capture would change.

    `known_open`, `gone`: open recommendations that the source showed last time, and those missing now.
    `compared`: known recommendations on the capture. `labels`: how many of them have a status, or a priority.
    `renamed`: old and new folded agency, where they differ. `cut`: rows that were passed over because a text
    on them is cut off. `last`: the change of the last row.
    """

    known_open: int
    gone: int
    compared: int
    changes: Sequence[RowChange] = ()
    last: RowChange | None = None
    labels: Mapping[str | bool, int] = field(default_factory=dict)
    renamed: Sequence[tuple[str, str]] = ()
    cut: int = 0


def objection(capture: Capture, given: GateInput, limits: Gate) -> str | None:
    """Why the capture is not believed, in a sentence for operators; None where it is."""
    checks: Sequence[str | None] = (
        _announced(capture),
        _blank(capture, given),
        _vanished(given, limits),
        _cut(given),
        _emptied(given),
        _unknown_status(given),
        _rewritten(given, limits),
        _relabelled(given, limits),
        _same_words(given),
        _agencies(given),
        _cut_short(capture, given),
    )
    return next((reason for reason in checks if reason), None)


def _announced(capture: Capture) -> str | None:
    """An agency page lists the first ten of its total; totals disagree a little between pages.

    Absence from it means nothing, so a few rows less do no harm; if most of them are missing, the page is cut
    off or its shape has changed.
    """
    if capture.announced is None:
        return None
    parsed = len(capture.recommendations)
    if parsed * 2 >= min(capture.announced, _LISTED):
        return None
    return f"the page announces {capture.announced} open recommendations and shows {parsed}"


def _blank(capture: Capture, given: GateInput) -> str | None:
    if capture.recommendations or given.compared or not capture.complete or not given.known_open:
        return None
    return f"none of the {given.known_open} known recommendations is on it"


def _vanished(given: GateInput, limits: Gate) -> str | None:
    if given.known_open < _LEAST_KNOWN or given.gone / given.known_open <= limits.max_vanished:
        return None
    return (
        f"{given.gone} of {given.known_open} open recommendations are gone at once "
        f"(more than {limits.max_vanished:.0%})"
    )


# Rows -----------------------------------------------------------------------------------------------------


def _cut(given: GateInput) -> str | None:
    """One cut text is passed over by itself; several, or most of a small page, are the page's fault."""
    several = given.cut >= _LEAST_CUT and given.cut >= given.compared * _SHARE_CUT
    if not given.cut or not (several or given.cut * 2 >= given.compared):
        return None
    return f"texts of {given.cut} of {given.compared} recommendations are cut off"


def _emptied(given: GateInput) -> str | None:
    """Narratives are rewritten, and hardly ever removed: where most are empty, they did not load.

    So are several that are all back to the boilerplate; of one, GAO may have withdrawn what it had said.
    """
    changed = _changed(given, "narrative")
    blank = sum(
        not folding.fold(one.new.narrative) and bool(folding.fold(one.old.narrative)) for one in changed
    )
    unsaid = sum(
        folding.is_boilerplate(one.new.narrative) and not _says_nothing(one.old.narrative) for one in changed
    )
    count = blank + (unsaid if blank or unsaid > 1 else 0)
    if count * 2 <= given.compared:
        return None
    return f"{count} of {given.compared} narratives are empty that were not"


def _says_nothing(narrative: str) -> bool:
    return not folding.fold(narrative) or folding.is_boilerplate(narrative)


# Labels ---------------------------------------------------------------------------------------------------


def _unknown_status(given: GateInput) -> str | None:
    """One row may have a status of its own; where most rows of one status have, the label was renamed."""
    moved = [
        (one.old.status, one.new.status)
        for one in given.changes
        if one.old.status in _STATUSES and one.new.status not in _STATUSES
    ]
    for old, count in Counter(old for old, _ in moved).most_common():
        if count * 2 >= given.labels.get(old, count):
            words = sorted({new for before, new in moved if before == old})
            return f"{count} recommendations have a status that GAO does not use: {_excerpt(words[0])}"
    return None


def _relabelled(given: GateInput, limits: Gate) -> str | None:
    """GAO says why a status moves: where many move alike and no narrative changes, a label did."""
    for name in ("status", "priority"):
        moves = Counter(
            (getattr(one.old, name), getattr(one.new, name))
            for one in given.changes
            if name in one.changed and "narrative" not in one.changed
        )
        for (old, _), count in moves.most_common():
            total = max(given.labels.get(old, count), count)
            many = total >= _LEAST_COMPARED and count / total > limits.max_changed
            if many or count == total >= _LEAST_LABELS:
                return (
                    f"the {name} of {count} of {total} recommendations changed at once and nothing says why"
                )
    return None


# Words ----------------------------------------------------------------------------------------------------


def _rewritten(given: GateInput, limits: Gate) -> str | None:
    if given.compared < _LEAST_COMPARED:
        return None
    # First responses are what a source is watched for, however many come at once.
    narratives = [
        one for one in _changed(given, "narrative") if not folding.is_boilerplate(one.old.narrative)
    ]
    for name, changed in (("narratives", narratives), ("texts", _changed(given, "text"))):
        if len(changed) / given.compared > limits.max_changed:
            return (
                f"{len(changed)} of {given.compared} {name} changed at once "
                f"(more than {limits.max_changed:.0%})"
            )
    return None


def _changed(given: GateInput, name: str) -> list[RowChange]:
    return [one for one in given.changes if name in one.changed]


def _same_words(given: GateInput) -> str | None:
    """The same words added to all, cut from all, or in place of all are the site's and not GAO's.

    One recommendation alone proves nothing: a sentence added to it is what it is watched for.
    """
    return (
        _same_in(given, "narrative", "narrative")
        or _same_in(given, "text", "recommendation's text")
        or _replaced(given)
    )


def _same_in(given: GateInput, name: str, what: str) -> str | None:
    changed = _changed(given, name)
    if given.compared < 2 or len(changed) < given.compared:
        return None
    pairs = [(_words(getattr(one.old, name)), _words(getattr(one.new, name))) for one in changed]
    words = _in_common(pairs)
    if words and not (name == "narrative" and _is_gaos(words, pairs)):
        return f"the same words were added to every {what}: {_excerpt(words)}"
    if words := _in_common([(new, old) for old, new in pairs]):
        return f"the same words were cut from every {what}: {_excerpt(words)}"
    return None


_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_DATED = re.compile(
    r"\b(?:as of|in|since|by|during)\s(?:(?:early|mid|late)[- ])?"
    rf"(?:(?:{_MONTHS})\b|(?:fiscal year|fy) ?\d|(?:20|19)\d\d)",
    re.IGNORECASE,
)
_REPORTED = re.compile(
    r"\b(?:officials?|agency|department|bureau|service|office|congress|recommendation|We|GAO|[A-Z]{2,6})\b.{0,60}?\b"
    r"(?:provided|said|stated|told|reported|responded|implemented|completed|issued|taken|continue[sd]?|plann?e?[sd]?"
    r"|agree[sd]?|concur(?:s|red)?|expects?|anticipates?|will|ha[sd]|have)\b"
)
_OF_A_SITE = re.compile(
    r"\b(?:web ?site|site|page|browser|javascript|cookies?|click|log ?in|subscribe|maintenance|unavailable"
    r"|shutdown|lapse in|not be updated|https?|www)\b",
    re.IGNORECASE,
)


def _is_gaos(words: str, pairs: Sequence[tuple[list[str], list[str]]]) -> bool:
    """Whether words added to all of a small report are a progress sentence that GAO appended."""
    appended = all(" ".join(new).endswith(words) for _, new in pairs)
    return appended and len(pairs) <= _SMALL_REPORT and _is_progress(words)


def _is_progress(words: str) -> bool:
    """Whether words report an agency's progress: dated, or what somebody did, and not about a web site."""
    return not _OF_A_SITE.search(words) and bool(_DATED.search(words) or _REPORTED.search(words))


def _replaced(given: GateInput) -> str | None:
    """Different narratives that all became one and the same."""
    changed = [one for one in _changed(given, "narrative") if not folding.is_boilerplate(one.old.narrative)]
    olds = {folding.fold(one.old.narrative) for one in changed}
    news = Counter(folding.fold(one.new.narrative) for one in changed)
    if given.compared < 2 or len(changed) < given.compared or len(olds) < 2 or len(news) > 1:
        return None
    words = next(iter(news))
    if len(changed) <= _SMALL_REPORT and _is_progress(words):
        return None
    return f"every narrative became the same: {_excerpt(words)}"


def _agencies(given: GateInput) -> str | None:
    """An agency may be renamed; where all are at once, it is the column."""
    olds = {old for old, _ in given.renamed}
    if len(olds) < 2 or len(given.renamed) < given.compared:
        return None
    pairs = [(old.split(), new.split()) for old, new in set(given.renamed)]
    words = _in_common(pairs) or _in_common([(new, old) for old, new in pairs])
    if not words and given.compared < _LEAST_COMPARED:
        return None
    return f"the agencies of all {given.compared} recommendations are called otherwise"


def _words(text: str) -> list[str]:
    return folding.fold(text).split()


def _in_common(pairs: Sequence[tuple[list[str], list[str]]]) -> str:
    """The phrase that each of the second texts has in addition to the first.

    A few may have been edited besides: then it has to be too long for an accident.
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
    """The phrase that `new` has in addition to `old`; empty when they differ otherwise.

    "The site. The pier." has gained "The site." or "site. The" before "The pier.": nothing tells which.
    """
    extra = len(new) - len(old)
    if extra <= 0:
        return set()
    same_first, same_last = _alike(old, new), _alike(old[::-1], new[::-1])
    first = max(0, len(old) - same_last)
    # Bounded: of a text that repeats itself there are as many possibilities as words.
    return {" ".join(new[at : at + extra]) for at in range(first, min(same_first, first + _SHIFTS) + 1)}


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two texts have in common at their beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (first, second) in pairs if first != second), min(len(one), len(other)))


def _has_more(words: str, old: list[str], new: list[str]) -> bool:
    return f" {' '.join(new)} ".count(f" {words} ") > f" {' '.join(old)} ".count(f" {words} ")


def _cut_short(capture: Capture, given: GateInput) -> str | None:
    """A text without an end mark may have been cut after any sentence of its last narrative."""
    if not capture.open_ended or given.last is None or "narrative" not in given.last.changed:
        return None
    old, new = _words(given.last.old.narrative), _words(given.last.new.narrative)
    if old[: len(new)] != new:
        return None
    return "the text may be cut off: nothing follows its last narrative, whose end is missing"


def _excerpt(words: str) -> str:
    return f"“{words[:80]}…”" if len(words) > 80 else f"“{words}”"
