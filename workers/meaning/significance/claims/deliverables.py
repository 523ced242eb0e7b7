"""What it is that a deadline is for, in stems: how two dates are told to be of the same deed."""

import re

from workers.meaning.sentences import words
from workers.meaning.significance.reading.clauses import Clause, Sentence
from workers.meaning.significance.reading.dates import Mention, without_dates
from workers.meaning.significance.reading.prefilters import has_any, lowered
from workers.meaning.significance.reading.wordforms import content

_GENERIC = re.compile(
    r"\b(?:these|this|those|it|them|the|its|all)\s(?:\w+\s)?(?:actions?|efforts?|steps?|work|"
    r"recommendations?|activities|"
    r"effort|process|task|initiatives?|project)\b",
    re.IGNORECASE,
)
_NAMED_SO = (
    "action", "effort", "step", "work", "recommendation", "activities", "process", "task", "initiative",
    "project",
)  # fmt: skip
_POINTING = words(
    "schedul target expect delay postpon slip shift push track due slat back forward instead ahead late "
    "later sooner brought bring now current call therefor thus hence accordingly consequent"
)
_IT = re.compile(
    r"[a-z]\s(?:it|them)\b(?!\s(?:now\s|also\s|still\s)?(?:plans?|expects?|will|has|is|was|intends?|anticipates?)\b)"
)
# "to have its guidance final by May" is to finish it; "the final guidance" is another than the draft.
_FINAL = re.compile(r"\bfinal(?=\s+(?:by|in|before|no\slater)\b|[\s.]*$)")
_THIS = re.compile(r"(?:that\s)?(?:[Tt]his|[Tt]hat|[Tt]hese|[Bb]oth)\s(?:will|would|should|is|are)\b")


def _deed_between(sentence: Sentence, clause: Clause, mention: Mention) -> frozenset[str]:
    """Of one of several dates in a clause, what is told since the date before; empty for one alone."""
    stop = min((other.start for other in sentence.clauses if other.start > clause.start), default=None)
    inside = [
        date for date in sentence.dates if date.start >= clause.start and (not stop or date.start < stop)
    ]
    if len(inside) < 2:
        return frozenset()
    start = max((date.stop for date in inside if date.stop <= mention.start), default=clause.start)
    return content(_specific(sentence.text[start : mention.start])) - _POINTING


def _deed_in(sentence: Sentence, clause: Clause) -> frozenset[str]:
    """What is to be done; "publishing it" is the publishing of what the clauses before speak of."""
    deed = deed_in_clause(clause)
    if clause.resumes or (clause.inherits and (clause.opener == "comma" or not deed)):
        deed |= content(_specific(clause.subject))
    if clause.opener != "relative" and not _points(clause.text):
        return deed
    before = (other for other in sentence.clauses if other.start < clause.start and not other.background)
    return deed.union(*(deed_in_clause(other) for other in before))


def _points(text: str) -> bool:
    if (" it" in text or " them" in text) and _IT.search(without_dates(text)):
        return True
    return bool(_THIS.match(text))


def deed_in_clause(clause: Clause) -> frozenset[str]:
    """What is to be done; empty where the words only point at it."""
    deed = content(_specific(_FINAL.sub(" ", without_dates(_without_reason(clause.text))))) - _POINTING
    return deed if deed != {"don"} else frozenset()


# "will be defined by May 2025, after data have been obtained": what comes first is no part of the deed.
_REASON = re.compile(
    r"(?<=\d),?\s(?:after|because|once|when|pending|following|owing\sto|due\sto|as\ssoon\sas|so\sthat|in\sorder\sto)\s.*"
)


def _without_reason(text: str) -> str:
    return _REASON.sub("", text)


def _specific(text: str) -> str:
    """The text without such words as "these efforts"."""
    return _GENERIC.sub(" ", text) if has_any(lowered(text), _NAMED_SO) else text


def deed_of(sentence: Sentence, clause: Clause, mention: Mention) -> frozenset[str]:
    """What a clause says is to be done by a date; empty where it only points at something."""
    return _deed_between(sentence, clause, mention) or _deed_in(sentence, clause)
