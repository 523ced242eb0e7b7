"""What the agency thinks of the recommendation: a first position, or another than before."""

import re
from collections.abc import Iterable, Iterator, Sequence

from workers.significance.actors import Actor
from workers.significance.clauses import Clause, Sentence
from workers.significance.gates import has_any
from workers.values import Signal

AGREED, PARTLY, REFUSED, NEUTRAL = (
    "concurred",
    "partially concurred",
    "did not concur",
    "neither agreed nor disagreed",
)

_TO_US = (
    r"(?:(?:this|that|the|our|GAO['’]s|these|both|all|its|each)\s(?:(?!other\b)\w+\s){0,3}?"
    r"recommendations?\b(?!\saddressed\sto\b)|us\b|"
    r"it\b)"
)
_AGREE = r"(?:non[-\s]?)?(?:concur(?:s|red|ring)?|agree(?:s|d|ing)?)"
_NEITHER = re.compile(r"neither\s(?:agree\w*|concur\w*)\snor\s(?:disagree\w*|nonconcur\w*)", re.IGNORECASE)
# Silence is no position.
_SILENT = re.compile(
    r"(?:not\s(?:state|say|indicate|specify|comment)|without\sstating)\b.{0,40}?\b(?:whether|"
    r"if)\b.{0,30}?\b(?:agree|concur)"
    r"|(?:took|take[sn]?|has|have|had|expressed)\sno\s(?:formal\s)?position\b"
    r"|(?:did|does|do)\snot\s(?:take|express)\sa\sposition\b|no\sposition\son\b",
    re.IGNORECASE,
)
_PARTLY = re.compile(
    rf"\b(?:partially|partly|in\spart)\s{_AGREE}|\b{_AGREE}\s(?:only\s)?(?:in\spart|in\sprinciple|partially|partly|"
    rf"with\s(?:the\s)?(?:first\s|second\s|one\s)?parts?)\b"
    rf"|\b{_AGREE}\swith\s(?:this|the|our)\srecommendation\s(?:only\s)?in\s(?:part|principle)\b"
    r"|\bposition\sto\s(?:partial|one\sof\spartial)\s(?:concurrence|agreement)\b",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    rf"\b(?:did|does|do)\snot\s(?:fully\s)?(?:concur|agree|accept)\b|\bno\slonger\s(?:{_AGREE}|accepts?)"
    rf"|\bdisagree(?:s|d|ing)?\b|\bnon-?concur\w*|\breject(?:s|ed)\b|\bdo(?:es)?n['’]t\s(?:concur|agree)"
    rf"|\bdidn['’]t\s(?:concur|agree)",
    re.IGNORECASE,
)
_AGREED = re.compile(
    rf"\b{_AGREE}\b|\baccept(?:s|ed)\b|\b(?:its|their)\s(?:concurrence|agreement)\b", re.IGNORECASE
)
_WITH_IT = re.compile(
    rf"\b(?:{_AGREE}|disagree(?:s|d|ing)?|accept(?:s|ed)?|reject(?:s|ed)?|nor\sdisagree\w*|position|"
    rf"concurrence"
    rf"|agreement|part|principle|nonconcur\w*)(?:\sin\spart|\sin\sprinciple|\sfully)?"
    rf"(?:\s(?:with|on|to))?\s(?:the\sintent\sof\s|implement\s|(?:the\s)?(?:first\s|second\s|one\s|any\s)?parts?\sof\s)?{_TO_US}",
    re.IGNORECASE,
)
_ALONE = re.compile(rf"\b(?:{_AGREE}|disagree[sd]?)(?:\sin\sfull)?\s*[.,]?$", re.IGNORECASE)
_NOW = re.compile(
    rf"\b(?:(?:it|they|(?-i:[A-Z][\w&]+))\s(?:now\s(?:fully\s|partially\s)?|no\slonger\s){_AGREE}|it\s(?:(?:dis)?agrees|concurs))"
    r"(?:\s(?:only\s)?in\s(?:full|part))?\s*(?:[.,;]|$)",
    re.IGNORECASE,
)
_ABOUT_IT = re.compile(r"(?<!similar\s)(?<!other\s)\brecommendations?\b", re.IGNORECASE)
_UNSETTLED = re.compile(
    r"\b(?:will|would|to|may|might|could)\b[^,]{0,30}\b(?:determine|decide)\b", re.IGNORECASE
)


# A whole sentence: "The Navy concurred."
_ONLY = re.compile(
    rf"(?:The\s)?[A-Z][\w.&'’/-]*(?:\s[\w.&'’/-]+){{0,8}}?\s(?:(?:generally|fully|partially)\s)?(?:did\snot\s)?{_AGREE}"
    r"(?:\sin\spart)?\."
)
_FORMERLY = re.compile(
    rf"\b(?:had|originally|initially|at\sfirst|earlier)\s(?:did\snot\s)?{_AGREE}", re.IGNORECASE
)
_PROPER = re.compile(r"(?:The\s)?[A-Z][\w.&'’-]+(?:\s[A-Z][\w.&'’-]+)*$")
_NO_MORE = re.compile(r"\b(?:it|they)\sno\slonger\sdo(?:es)?(?:\sso)?\s*[.,;]")
# "changed its position to partial concurrence", "withdrew its disagreement and concurred"
_TURNS_TO = re.compile(
    r"\b(?:changed|revised)\s(?:its|their)\sposition\s(?:to|and)\s|\bit\snow\s(?:agrees|concurs)\sthat\b|\bwithdr[ae]wn?\s(?:its|their)\s(?:disagreement|objection|nonconcurrence)s?\sand\s"
)
# "CMS concurred and described two steps", "it told us that it does not concur, because …"
_BARELY = re.compile(
    r"(?:(?:[Tt]he\s)?[A-Z][\w.&'’/-]*(?:\s[\w.&'’/-]+){0,4}?|it|they)\s(?:partially\s|generally\s|fully\s)?"
    r"(?:(?:did|does|do)\snot\s)?(?:concur(?:s|red)?|disagree(?:s|d)?)(?:\sin\spart)?"
)
# "withdraws the concurrence which it had given", "its concurrence was changed to a partial one"
_WITHDRAWN = re.compile(
    r"\b(?:it|they|[A-Z]{2,})\s(?:withdr[ae]ws?|(?:has|had)\swithdrawn)\s(?:the|its|their)\s(?:\w+\s)?(?:concurrence|agreement)\b"
    r"(?=.*\brecommendation)"
)
_TO_PARTIAL = re.compile(
    r"\b(?:concurrence|agreement)\swith\s(?:this|the|our)\srecommendation\s(?:was|has\sbeen)\schanged\s[^,.]{0,30}?to\s(?:a\s)?partial\b"
)
# Most sentences have none of these, and need no closer reading.
_MAY_STATE = ("concur", "agree", "accept", "reject", "position", "neither")


def position_signals(old: Sequence[Sentence], new: Sequence[Sentence]) -> Iterator[Signal]:
    """At most one: where the last position of the new narrative is another than the last of the old."""
    stating, stated = _that_may_state(new), _that_may_state(old)
    if [sentence.text for sentence in stating] == [sentence.text for sentence in stated]:
        return  # mostly: then nothing of it need be read closely
    before = _last(stated)
    after = _last(stating)
    if after and (before is None or before[0] != after[0]):
        yield Signal("agency_position", after[1], before and before[0], after[0])


def is_only_position(sentence: Sentence) -> bool:
    """Whether a sentence states a position and nothing else."""
    return len(sentence.content) <= 1 and _of_sentence(sentence) is not None


def is_position(sentence: Sentence) -> bool:
    """Whether a sentence states a position, whatever else it says."""
    return _of_sentence(sentence) is not None


def _that_may_state(sentences: Iterable[Sentence]) -> list[Sentence]:
    return [sentence for sentence in sentences if has_any(sentence.low, _MAY_STATE)]


def _last(sentences: Sequence[Sentence]) -> tuple[str, str] | None:
    for sentence in reversed(sentences):
        if position := _of_sentence(sentence):
            return position, sentence.text
    return None


def _of_sentence(sentence: Sentence) -> str | None:
    found = None
    if not has_any(sentence.low, _MAY_STATE):
        return None
    if (
        "neither" in sentence.low
        and not _NOW.search(sentence.text)
        and _NEITHER.search(sentence.text)
        and (about := _ABOUT_IT.search(sentence.text))
        and about
    ):
        return None if sentence.clauses[0].actor in {Actor.GAO, Actor.OTHER} else NEUTRAL
    if has_any(sentence.low, ("no", "without")) and _SILENT.search(sentence.text):
        return None
    for clause in sentence.clauses:
        said = _of_clause(clause, sentence)
        if said and not (found and _FORMERLY.search(clause.text)):
            found = said
    withdrawn = _WITHDRAWN.search(sentence.text) or (found == AGREED and _NO_MORE.search(sentence.text))
    if withdrawn:
        return REFUSED
    return PARTLY if _TO_PARTIAL.search(sentence.text) else found


def _of_clause(clause: Clause, sentence: Sentence) -> str | None:
    named = clause.actor is Actor.THING and bool(_PROPER.match(clause.subject))
    if (clause.actor in {Actor.GAO, Actor.OTHER, Actor.THING} and not named) or clause.hypothetical:
        return None
    text = clause.text
    about = (
        _WITH_IT.search(text)
        or _NOW.search(text)
        or (_ALONE.search(text) and _ABOUT_IT.search(sentence.text))
        or _ONLY.fullmatch(sentence.text)
        or _TURNS_TO.search(text)
        or (
            clause.actor is Actor.AGENCY
            and _BARELY.fullmatch(text[max(0, text.find(clause.subject)) :])
            and (not clause.start or clause.opener == "said")
        )
    )
    if not about or _UNSETTLED.search(text):
        return None
    for pattern, position in ((_PARTLY, PARTLY), (_REFUSED, REFUSED), (_AGREED, AGREED)):
        if pattern.search(text):
            return position
    return None
