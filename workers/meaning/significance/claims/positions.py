"""What the agency thinks of the recommendation: a first position, or another than before."""

import re
from collections.abc import Iterable, Iterator, Sequence

from workers.meaning.significance.reading.actors import Actor
from workers.meaning.significance.reading.clauses import Clause, Sentence
from workers.meaning.significance.reading.prefilters import has_any
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
    rf"|\b{_AGREE}\swith\s(?:it|(?:this|the|our)\srecommendation)\s(?:only\s)?in\s(?:part|principle)\b"
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
    rf"(?:The\s)?[A-Z][\w.&'’/-]*(?:\s[\w.&'’/()-]+){{0,8}}?\s(?:(?:generally|fully|partially)\s)?(?:did\snot\s)?{_AGREE}"
    r"(?:\sin\spart)?\."
)
_FORMERLY = re.compile(
    rf"\b(?:had|originally|initially|at\sfirst|earlier)\s(?:did\snot\s)?{_AGREE}", re.IGNORECASE
)
_PROPER = re.compile(r"(?:The\s)?[A-Z][\w.&'’-]+(?:\s[A-Z][\w.&'’-]+)*$")
_NO_MORE = re.compile(r"\b(?:it|they)\sno\slonger\sdo(?:es)?(?:\sso)?\s*[.,;]")
# "changed its position to partial concurrence", "withdrew its disagreement and concurred"
_TURNS_TO = re.compile(
    r"\b(?:changed|revised)\s(?:its|their)\sposition\s(?:to|and)\s|\bit\s(?:now|no\slonger)\s(?:agrees|concurs)\sthat\b|\bwithdr[ae]wn?\s(?:its|their)\s(?:disagreement|objection|nonconcurrence)s?\sand\s"
)
# "CMS concurred and described two steps", "it told us that it does not concur, because …"
_BARELY = re.compile(
    r"(?:(?:[Tt]he\s)?[A-Z][\w.&'’/-]*(?:\s[\w.&'’/-]+){0,4}?|it|they)\s(?:partially\s|generally\s|fully\s)?"
    r"(?:(?:did|does|do)\snot\s)?(?:concur(?:s|red)?|disagree(?:s|d)?)(?:\sin\spart)?\.?"
)
# "it informed us that it agrees", where the recommendation was spoken of before
_IT_AGREES = re.compile(r"(?:it|they)\s(?:now\s)?(?:partially\s|fully\s)?agree(?:s|d)?(?:\sin\spart)?\.?")
# What an old narrative says of it in passing: "which concurred", "HHS concurred, stating", "in agreeing"
_IN_PASSING = re.compile(
    rf"\b(?:[Ww]hich|[Ww]ho|[A-Z][\w&'’)]*|[Ii]t|[Aa]gency|[Dd]epartment|[Bb]ureau|[Cc]ommission)\s(?:had\s|has\s|also\s)*"
    rf"(?:(?:partially|generally|fully)\s)?(?:did\snot\s)?{_AGREE}(?:\sin\spart)?"
    r"(?=\s*(?:[.,;]|$)|\s(?:and|but|that|on\s\S+\sbehalf|with\s(?:us|this|the|our)\b))"
    r"|\b[Ii]n\s(?:partially\s|generally\s)?(?:agreeing|concurring|disagreeing)\b"
    r"|['’]s?\s(?:concurrence|agreement)\b"
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
    if before is None and after and after[0] in _told_in_passing(stated, stating):
        return
    if after and (before is None or before[0] != after[0]):
        yield Signal("agency_position", after[1], before and before[0], after[0])


def _told_in_passing(old: Sequence[Sentence], new: Sequence[Sentence]) -> Iterator[str]:
    """The positions of which old sentences that were rewritten speak in passing."""
    stand = {sentence.text for sentence in new}
    for sentence in old:
        if sentence.text in stand or _NEITHER.search(sentence.text):
            continue
        if any(clause.actor in {Actor.GAO, Actor.OTHER} for clause in sentence.clauses):
            continue
        for clause in sentence.clauses:
            said = not clause.hypothetical and _IN_PASSING.search(clause.text)
            if said and (position := _kind_of(clause.text)):
                yield position


def is_only_position(sentence: Sentence) -> bool:
    """Whether a sentence states a position and nothing else."""
    return len(sentence.content) <= 1 and _of_sentence(sentence) is not None


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
    silent = _SILENT.search(sentence.text) if has_any(sentence.low, ("no", "without")) else None
    for clause in sentence.clauses:
        if silent and (clause.opener != "said" or _overlap(clause, silent)):
            continue  # "it told us that it agrees, having taken no position before"
        said = _of_clause(clause, sentence)
        if said and not (found and _FORMERLY.search(clause.text)):
            found = said
    withdrawn = _WITHDRAWN.search(sentence.text) or (found == AGREED and _NO_MORE.search(sentence.text))
    if withdrawn:
        return REFUSED
    return PARTLY if _TO_PARTIAL.search(sentence.text) else found


def _overlap(clause: Clause, found: re.Match[str]) -> bool:
    return clause.start < found.end() and found.start() < clause.start + len(clause.text)


def _is_agency(clause: Clause, sentence: Sentence) -> bool:
    """Whether the agency may speak; "it" is taken for the agency where nobody else does in the sentence."""
    if clause.actor is not Actor.THING:
        return clause.actor not in {Actor.GAO, Actor.OTHER}
    if clause.subject.lower() in {"it", "they"} and clause.opener in {"said", "that"}:
        return all(other.actor not in {Actor.GAO, Actor.OTHER} for other in sentence.clauses)
    return bool(_PROPER.match(clause.subject))


def _of_clause(clause: Clause, sentence: Sentence) -> str | None:
    if not _is_agency(clause, sentence) or clause.hypothetical:
        return None
    text = clause.text
    own = text[max(0, text.find(clause.subject)) :]
    about = (
        _WITH_IT.search(text)
        or _NOW.search(text)
        or (_ALONE.search(text) and _ABOUT_IT.search(sentence.text))
        or _ONLY.fullmatch(sentence.text)
        or _TURNS_TO.search(text)
        or (_BARELY.fullmatch(own) and (not clause.start or clause.opener == "said"))
        or (clause.opener == "said" and _IT_AGREES.fullmatch(own) and _ABOUT_IT.search(sentence.text))
    )
    if not about or _UNSETTLED.search(text.partition("recommendation")[0]):
        return None
    return _kind_of(text)


def _kind_of(text: str) -> str | None:
    for pattern, position in ((_PARTLY, PARTLY), (_REFUSED, REFUSED), (_AGREED, AGREED)):
        if pattern.search(text):
            return position
    return None
