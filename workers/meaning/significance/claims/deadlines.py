"""Dates by which the agency expects to complete something, read out of sentences.

Not a deadline: a start, a date by law, GAO's own date, one due from others, one already met, the date of
a statement or of a document. Each of these is a rule in refusals.py.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from workers.meaning.significance.claims.deliverables import deed_in_clause, deed_of
from workers.meaning.significance.claims.exclusions import EXPECTS, Place, is_by_law_or_others, is_refused
from workers.meaning.significance.reading.actors import Actor
from workers.meaning.significance.reading.clauses import Clause, Sentence
from workers.meaning.significance.reading.dates import Mention, without_dates
from workers.meaning.significance.reading.prefilters import has_any, lowered
from workers.meaning.significance.reading.review_dates import is_review
from workers.meaning.significance.reading.wordforms import content

_BEFORE = re.compile(
    r"""(?:(?P<by>(?P<due>\b(?:expected|anticipated|planned|scheduled|due)\s)?\b(?:by|before|no\slater\sthan|not\slater\sthan|on\sor\sbefore|until|till)\s(?:the\s)?)
      |(?P<in>\b(?:in|during|within|for|on|around|sometime\sin|as\searly\sas|to)\s(?:the\s)?)
      |(?P<range>\b(?:and|or)\s)
      |(?P<is>\b(?:date|dates|completion|milestone|deadline|target|goal|ECD|issuance|release)\b[^.;,]{0,40}?
              (?:\bis\s(?:now\s)?|\bwas\s|\bof\s|:\s?|\bfor\s(?:the\s)?)(?:the\s)?
              |\bestimate\sfor\s[^.;,]{3,90}?\bis\snow\s)|(?P<bare>[:(]\s?)
      |(?P<at>\b(?:expected|anticipated|planned|scheduled|targeted|estimated)\s(?:in\s|for\s|by\s)?))$""",
    re.IGNORECASE | re.VERBOSE,
)
_NEAR = 120  # characters before a date in which what joins it stands
_AT_ONCE = 40  # the same, where it is no "completion date … is": "anticipated no later than the"
_PLAIN = frozenset(
    ("by", "By", "in", "In", "until", "during", "within", "before")
)  # mostly it is one of these
_WITH_IT = (
    "expected",
    "anticipated",
    "planned",
    "scheduled",
    "due",
    "targeted",
    "estimated",
    "or",
    "sometime",
)
_IS_ENDS = ("is ", "now ", "was ", "of ", ":", ": ", "for ", "the ")
_AFTER_OK = re.compile(
    r"^(?:\s*$|[\s]*[.,;:)\]—–-]|['’]?\)|\s(?:and|but|or|nor|to|for|with|as|at|once|when|while|after|"
    r"because|if|pending|although|"
    r"though|which|that|so|depending|due|subject|unless|based|using|through|in|on|according|is|was|will|"
    r"has|followed|"
    r"rather|instead|from|given|since|following|by|than|\([^)]*\)|[A-Z(])\b|\s\()"
)
_PAST_PLAN = re.compile(
    r"\b(?:(?:was|were)\sto\shave\b|would\shave\s(?:\w+ed|been|done|made|had|sent|held|built)\b|had\s(?:\w+\s)?(?:planned|called\sfor|aimed|projected|expected|anticipated|intended|estimated|hoped|scheduled)|originally|"
    r"initially|previously|"
    r"no\slonger|(?:was|were)\s(?:originally|initially|previously)|prior\s(?:target|deadline|date)|(?:first|once)\s(?:expected|planned|scheduled|anticipated))\b",
    re.IGNORECASE,
)
_MOVED = re.compile(
    r"\b(?:delay(?:s|ed)?|postpon\w+|extend(?:s|ed)?|push(?:es|ed)?|mov(?:e|es|ed)|slip(?:s|ped)?|"
    r"shift(?:s|ed)?|revis(?:es|ed)|"
    r"chang(?:es|ed)|deferr?(?:s|ed)?|reschedul\w+|accelerat\w+|advanc(?:es?|ed)|adjust(?:s|ed)?|(?:brought|brings)\s(?:[\w-]+\s){0,8}?forward|put(?:s)?\s(?:[\w-]+\s){1,4}off|put\soff|set\s(?:[\w-]+\s){1,4}back)\b(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SCHEDULE = re.compile(
    r"\b(?:complet\w+|date|deadline|milestone|target|issuance|release|publication|schedule|timeline|"
    r"delivery|deployment|finish\w*|estimate)\b",
    re.IGNORECASE,
)
# Most sentences have none of these words, and need no closer reading.
_MAY_PROMISE = (
    "expect", "anticipat", "plan", "inten", "estimat", "project", "aim", "hop", "target", "goal", "schedul",
    "slated", "track", "due", "will", "would", "commit", "to be", "is to", "are to", "complet", "milestone",
    "deadline", "ecd", "date", "issuance", "release", "delay", "postpon", "exten", "push", "mov", "slip",
    "shift", "revis", "chang", "advanc", "defer", "reschedul", "accelerat", "adjust", " off", "back",
    "was to", "were to", "now to", "foresee", "forecast",
)  # fmt: skip
_MAY_MEAN_MOVED = (
    "delay", "postpon", "exten", "push", "mov", "slip", "shift", "revis", "chang", "defer", "reschedul",
    "accelerat", "advanc", "adjust", " off", "back", "forward",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Deadline:
    """A date by which the agency expects to complete `deed` (stems; empty where it is only pointed at).

    `first`: equals `last` where only the end of the period is meant. `was`: the form of the date that the
    same words say it had before. `past`: told as a plan of the past. `moves`: its words speak of another
    date before. `still`: they speak of the same one.
    """

    name: str
    first: date
    last: date
    deed: frozenset[str]
    sentence: str
    was: str | None = None
    past: bool = False
    moves: bool = False
    still: bool = False


def find_deadlines(sentence: Sentence) -> Iterator[Deadline]:
    """Read the deadlines of one sentence."""
    if not sentence.dates or not has_any(sentence.low, _MAY_PROMISE):
        return
    moved = _moved(sentence) if has_any(sentence.low, _MAY_MEAN_MOVED) else None
    if moved:
        yield moved
        return
    for index, mention in enumerate(sentence.dates):
        clause = _clause_of(sentence, mention)
        following = sentence.dates[index + 1] if index + 1 < len(sentence.dates) else None
        if clause and (deadline := _of_mention(sentence, clause, mention, following)):
            yield deadline


# "the study, which was to be finished by May 2024, is now to be finished by May 2025"
_WAS_TO = re.compile(r"\W*(?:which|that)\s(?:was|were|had\sbeen)\b")
_NOW = re.compile(r"\b(?:now|instead|but|however)\b")
_DONE = re.compile(r"\b(?:was|were|had|has|have|is|are)\b|\b\w+ed\b")
_LATE_IN = re.compile(r"(?:early|later?)\sin\b")


# "and said that they plan to complete it by": what was spoken of before
_POINTS = re.compile(
    r"\b(?:complet\w+|finish\w*|finaliz\w+|accomplish\w*|implement\w*|do|done|address\w*)\s(?:it|this|them|these|that|all\sof\s(?:it|this|them))\s(?:by|in|before|no\slater|not\slater|at|on|during|within)\s",
    re.IGNORECASE,
)


def _clause_of(sentence: Sentence, mention: Mention) -> Clause | None:
    """The clause that the date stands in; a date before all verbs belongs to the clause that follows."""
    found = None
    for clause in sentence.clauses:
        if clause.start <= mention.start:
            found = clause
    return found


def _of_mention(
    sentence: Sentence, clause: Clause, mention: Mention, following: Mention | None
) -> Deadline | None:
    before = sentence.text[_from(sentence, clause, mention) : mention.start]
    preposition = _preposition(before) or (
        _preposition(before + "in ") if _LATE_IN.match(sentence.text, mention.start) else None
    )
    if not preposition and (
        given := _is_now(sentence, mention) or _given_as_target(sentence, clause, mention)
    ):
        return given
    if not preposition or not _AFTER_OK.match(sentence.text[mention.stop : mention.stop + 24]):
        return None
    if following and sentence.text[mention.stop : following.start] in {" and ", " or ", " to "}:
        return None  # "between May and June 2024" counts to its end
    if following and sentence.text[mention.stop : following.start] == " by " and before.endswith("before "):
        return None  # "fill in the field for grants made before 2025 by"
    within = preposition["in"] and not clause.past and not _DONE.search(clause.text)
    if (preposition["by"] or within) and (told := _told_before(sentence, clause)):
        # "replace the pipes at the sites that we visited by 2025": it is the replacing that has the date.
        before = f"{sentence.text[told.start : clause.start].strip(' ,')} {preposition[0].lstrip()}"
        clause = told
        preposition = _preposition(before) or preposition
    place = _place(sentence, clause, mention, before, preposition)
    if is_refused(place):
        return None
    by = bool(preposition["by"] or mention.is_end)
    first = mention.last if by else mention.first
    spoken = _since_date(sentence, clause, mention, place)
    past = has_any(lowered(spoken), _OF_THE_PAST) and bool(_PAST_PLAN.search(spoken))
    past = past or bool(following and _WAS_TO.match(clause.text) and _NOW.search(sentence.text, mention.stop))
    low = sentence.low
    return Deadline(
        mention.name,
        first,
        mention.last,
        frozenset()
        if clause.opener != "stop" and _POINTS.search(spoken)
        else deed_of(sentence, clause, mention),
        sentence.text,
        past=past,
        moves=has_any(low, _OTHERWISE) and bool(_INSTEAD.search(low)),
        still=has_any(low, _AS_BEFORE) and bool(_STILL.search(low)),
    )


# "gave June 2025 as its target", "set September 2026 as the new goal"
_GIVES = re.compile(r"\b(?:gave|gives|set|sets|named|cited|offered|listed|chose)\s(?:the\send\sof\s)?$")
_AS_TARGET = re.compile(
    r"\sas\s(?:its|the|a|their)\s(?:\w+\s){0,2}?(?:target|goal|date|deadline|estimate|milestone)s?\b(?!\son\swhich\sit\sbeg)"
)


def _given_as_target(sentence: Sentence, clause: Clause, mention: Mention) -> Deadline | None:
    text = sentence.text
    after = mention.stop + text.startswith(",", mention.stop)
    if not text.startswith(" as ", after):
        return None
    if clause.hypothetical or clause.negated or clause.actor in {Actor.GAO, Actor.OTHER, Actor.CONGRESS}:
        return None
    if not (_GIVES.search(text, 0, mention.start) and _AS_TARGET.match(text, after)):
        return None
    deed = deed_in_clause(clause) - {"gav", "set", "nam", "cit", "goal", "estimat"}
    moves = bool(re.match(r"\sas\s\w+\s(?:new|revised|current)\b", text[after:]))
    return Deadline(mention.name, mention.first, mention.last, deed, text, moves=moves)


# "The estimated completion date, which was December 31, 2023, is now June 30, 2025"
_WHICH_WAS = re.compile(
    r"\b(?:date|target|deadline|milestone|estimate|goal)\b[^.;,]{0,60},\swhich\s(?:was|had\sbeen)\s$"
)
_NOW_IS = re.compile(r",?\sis\snow\s(?:the\send\sof\s)?")


def _is_now(sentence: Sentence, mention: Mention) -> Deadline | None:
    before = next((one for one in reversed(sentence.dates) if one.stop <= mention.start), None)
    text = sentence.text
    if not before or not _NOW_IS.fullmatch(text, before.stop, mention.start):
        return None
    if not _WHICH_WAS.search(text, 0, before.start):
        return None
    deed = content(text[: before.start]) - _POINTING_DATE
    return Deadline(mention.name, mention.last, mention.last, deed, text, before.name, moves=True)


_POINTING_DATE = content("estimated completion date target deadline milestone goal which")


def _since_date(sentence: Sentence, clause: Clause, mention: Mention, place: Place) -> str:
    """What leads to a date; since the date before, where a plan of its own begins there."""
    spoken = place.ahead + place.preposition[0]
    if len(sentence.dates) == 1:
        return spoken
    earlier = [date.stop for date in sentence.dates if clause.start <= date.start < mention.start]
    since = sentence.text[earlier[-1] : mention.start] if earlier else ""
    return since if EXPECTS.search(since) else spoken


def _preposition(before: str) -> re.Match[str] | None:
    """What joins a date to the words before it, which end with it."""
    head, _, last = before.removesuffix(" ").rpartition(" ")
    if last in _PLAIN and before.endswith(" ") and not lowered(head[-12:]).endswith(_WITH_IT):
        return _BEFORE.match(before, len(before) - len(last) - 1)
    near = _NEAR if lowered(before[-8:]).endswith(_IS_ENDS) else _AT_ONCE
    return _BEFORE.search(before, max(0, len(before) - near))


def _told_before(sentence: Sentence, clause: Clause) -> Clause | None:
    """The clause that one which only names something belongs to; None for one that tells by itself."""
    if clause.opener not in {"that", "relative"} or EXPECTS.search(clause.text):
        return None
    before = [other for other in sentence.clauses if other.start < clause.start and not other.background]
    return before[-1] if before and (clause.background or clause.opener == "relative") else None


def _from(sentence: Sentence, clause: Clause, mention: Mention) -> int:
    """Where the words begin that say what a date is; after a colon, before the colon: "ECD: May 2025"."""
    if clause.opener == "stop" and not sentence.text[clause.start : mention.start].strip():
        return max(other.start for other in sentence.clauses if other.start < clause.start)
    return clause.start


def _place(
    sentence: Sentence, clause: Clause, mention: Mention, before: str, preposition: re.Match[str]
) -> Place:
    ahead = before[: preposition.start()]
    named = bool(preposition["is"] or preposition["at"] or preposition["due"])
    leads = not named and len(ahead.split()) <= 1
    words = without_dates(sentence.text[mention.stop :] if leads and preposition["by"] else ahead)
    return Place(sentence, clause, mention, preposition, ahead, words, leads, named, lowered(words))


def _moved(sentence: Sentence) -> Deadline | None:
    """Read "moved the completion date from June 2025 to June 2027" or "delayed completion until March"."""
    for clause in sentence.clauses:
        match = _MOVED.search(clause.text)
        if not match or clause.actor in {Actor.GAO, Actor.OTHER, Actor.CONGRESS} or clause.hypothetical:
            continue
        if not (_SCHEDULE.search(clause.text) or _PUT_OFF.search(clause.text)) or _MAY_MOVE.search(
            clause.text[: match.start()]
        ):
            continue
        offset = sentence.text.find(clause.text, clause.start)
        span = range(offset + match.start(), offset + len(clause.text) + 2)
        inside = [mention for mention in sentence.dates if mention.start in span and mention.stop in span]
        to = [mention for mention in inside if _TO.search(sentence.text[: mention.start])]
        old = [mention for mention in inside if _FROM.search(sentence.text[: mention.start])]
        if to:
            was = old[0].name if old else None
            day = to[-1].last
            return Deadline(to[-1].name, day, day, deed_in_clause(clause), sentence.text, was, moves=True)
    return None


_PUT_OFF = re.compile(r"\b(?:put|set|moved|pushed)\s(?:this|it|that|these|them)\s(?:off|back)\b")
_TO = re.compile(r"\b(?:to|until|till)\s(?:the\s)?$")
_FROM = re.compile(r"\bfrom\s(?:the\s)?$")
_MAY_MOVE = re.compile(r"\b(?:will|may|might|could|plans?|would)\s(?:not\s)?$")
_INSTEAD = re.compile(
    r"\b(?:instead|delay\w*|postpon\w+|push(?:ed|es)?|slip(?:s|ped)?|later\sthan\s(?:planned|expected)|"
    r"now\s(?:plans?|expects?|anticipates?|estimates?|intends?|aims?|hopes?)|"
    r"(?:ahead\sof|behind)\sschedule|rescheduled|extended|new\s(?:date|target|deadline|estimate))\b"
)
_OF_THE_PAST = (
    "would have", " to have", "had ", "originally", "initially", "previously", "no longer", "prior ",
    "first ", "once ",
)  # fmt: skip
_OTHERWISE = (
    "instead", "delay", "postpon", "push", "slip", "later than", "now ", "schedule", "extended", "new "
)  # fmt: skip
_AS_BEFORE = ("still", "continue", "remain", "schedule", "unchanged")
_STILL = re.compile(
    r"\b(?:still|continues?\sto|remains?\son)\s(?:\w+\s)?(?:expect\w*|plan\w*|anticipat\w*|"
    r"intend\w*|track|estimat\w*|target\w*|schedule)\b|\bon\sschedule\b|\bunchanged\b"
)


_LIMIT = re.compile(
    r"\b(?:by|before|until|(?:no|not)\slater\sthan|on\sor\sbefore)\s(?:the\s)?$"
    r"|\b(?:expect|anticipat|estimat|project)\w*\s[^.;]{3,80}\b(?:in|during|within)\s(?:the\s)?$",
    re.IGNORECASE,
)


def has_unread_promise(sentence: Sentence, read: Iterable[Deadline]) -> bool:
    """Whether a date stands in it that looks like a promise's and was read as nobody's.

    Not one that the sentence says was met or is a law's, others' or GAO's: those were understood.
    """
    known = {deadline.name for deadline in read}
    low = sentence.low
    if not has_any(low, _MAY_PROMISE) or is_by_law_or_others(sentence):
        return False
    for mention in sentence.dates:
        ahead = sentence.text[: mention.start]
        looked = is_review(sentence.text, mention)
        if mention.name not in known and not looked and (mention.is_end or _LIMIT.search(ahead)):
            return True
    return False


def all_deadlines(sentences: Iterable[Sentence]) -> list[Deadline]:
    """Read the deadlines of a whole narrative."""
    return in_context(deadline for sentence in sentences for deadline in find_deadlines(sentence))


# "For the training, the letter gave no date, but it is now to be completed by"
_TOPIC = re.compile(r"(?:As\s)?[Ff]or\s(?:the|its)\s(?P<of>[^,]{3,60}),\s")


def in_context(found: Iterable[Deadline]) -> list[Deadline]:
    """The deadlines of a narrative, in order; one that only points at a deed means that of the one before."""
    told: list[Deadline] = []
    for deadline in found:
        before = told[-1].deed if told else frozenset[str]()
        if topic := _TOPIC.match(deadline.sentence):
            before = content(topic["of"])
        told.append(deadline if deadline.deed else replace(deadline, deed=before))
    return told
