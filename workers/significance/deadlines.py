"""Dates by which the agency expects to complete something, read out of sentences.

Not a deadline: a start, a date by law, GAO's own date, one due from others, one already met, the date of
a statement or of a document. Each of these is a rule below.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from workers.sentences import words
from workers.significance.actors import Actor
from workers.significance.clauses import Clause, Sentence
from workers.significance.dates import Mention, without_dates
from workers.significance.wordforms import content

_EXPECTS = re.compile(
    r"""\b(?:expect(?:s|ed|ing)?|anticipat(?:es?|ed|ing)|plan(?:s|ned|ning)?\s(?:to|on|for)|intend(?:s|ed|ing)?|intention\sto|
        estimat(?:es?|ed|ing)|project(?:s|ed)\s(?:to|that|for|completion)|aim(?:s|ed|ing)?\sto|
          hope[sd]?\sto|target(?:s|ed|ing)?|goal|
        schedul(?:ed|es?)|slated|on\strack|due|will|would|committed\sto|
        to\sbe\s\w+ed|is\sto|are\sto|completion|milestone|deadline|planned\s(?:for|by|in|completion|
          issuance|release)|\bECD)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_BEFORE = re.compile(
    r"""(?:(?P<by>(?P<due>\b(?:expected|anticipated|planned|scheduled|due)\s)?\b(?:by|before|no\slater\sthan|not\slater\sthan|on\sor\sbefore|until|till)\s(?:the\s)?)
      |(?P<in>\b(?:in|during|within|for|on|around|sometime\sin|as\searly\sas|to)\s(?:the\s)?)
      |(?P<range>\b(?:and|or)\s)
      |(?P<is>\b(?:date|dates|completion|milestone|deadline|target|goal|ECD|issuance|release)\b[^.;,]{0,40}?
              (?:\bis\s(?:now\s)?|\bwas\s|\bof\s|:\s?|\bfor\s(?:the\s)?)(?:the\s)?)|(?P<bare>[:(]\s?)
      |(?P<at>\b(?:expected|anticipated|planned|scheduled|targeted|estimated)\s(?:in\s|for\s|by\s)?))$""",
    re.IGNORECASE | re.VERBOSE,
)
_NEAR = 120  # characters before a date in which what joins it stands
_AFTER_OK = re.compile(
    r"^(?:\s*$|[\s]*[.,;:)\]—–-]|['’]?\)|\s(?:and|but|or|nor|to|for|with|as|at|once|when|while|after|"
    r"because|if|pending|although|"
    r"though|which|that|so|depending|due|subject|unless|based|using|through|in|on|according|is|was|will|"
    r"has|followed|"
    r"rather|instead|from|given|since|following|by|than|\([^)]*\)|[A-Z(])\b|\s\()"
)
_STARTS = re.compile(
    r"\b(?:begin\w*|start\w*|commenc\w*|initiat\w*|kick\w*|resum\w*|effective|onset|"
    r"launch\s(?:of\s)?an?\s(?:study|review|effort))\b",
    re.IGNORECASE,
)
# What happens by itself, or is got from others, is nothing that the agency completes.
_HAPPENS = re.compile(
    r"\b(?:expires?|takes?\seffect|go(?:es)?\sinto\seffect|becom\w+\s(?:effective|available\sfrom)|"
    r"lapses?|sunsets?|remains?|continues?)\b(?!\sof)"
    r"|\b(?:will|would|to|which|that|it|they)\s(?:\w+ly\s|also\s|not\s)*(?:ends?|runs?|lasts?|receives?|"
    r"needs?|costs?|reach(?:es)?|appl(?:y|ies)|covers?|serves?|lose|use)\b(?!\sof)"
    r"|\bopens?\b|\b(?:ends|runs|lasts|costs|applies|covers|receiving)\b(?!\sof)"
    # Talking with us is not the work.
    r"|\b(?:meet|speak|talk)\swith\b|\bvote\son\b|\b(?:update|brief)\s(?:us|GAO)\b|\brespond\sto\s(?:us|GAO)\b"
    r"|\bprovide\s(?:(?:us|GAO)\s(?:with\s)?)?(?:an?\s)?(?:\w+\s)?(?:update|status)\b",
    re.IGNORECASE,
)
# A meeting takes place on its day; it is no work to be completed.
_MEETING = re.compile(r"\b(?:meeting|hearing|conference|summit|session|workshop)s?\b", re.IGNORECASE)
_IS_HELD = re.compile(r"\b(?:held|hold|take\splace|occur|convened?|meet|vote|attend)\b", re.IGNORECASE)
_MEETING_SET = re.compile(
    r"\b(?:meeting|hearing|conference|summit|session|workshop)s?\b[^,;]{0,60}$", re.IGNORECASE
)
_PARTICIPLE = re.compile(
    r"(?P<aux>\b(?:be|been|is|are|get|being)\s(?:\w+ly\s)?)?\b(?:\w{3,}ed|held|made|written|sent|begun|"
    r"built)\s$",
    re.IGNORECASE,
)
_LAW = re.compile(
    r"\b(?:consent\sdecree|court\sorder|by\s(?:law|statute)|statutor\w+|statute|mandat\w+|(?:Act|law|legislation|order|bill|rule|"
    r"regulations?|memorandum|decree|settlement|"
    r"Congress)\s(?:requires?|required|directs?|directed|calls\sfor|sets?|establishe[sd])|(?:is|are|was|"
    r"were)\srequired\s(?:by|to|under)|"
    r"required\sby|legally|executive\sorder)\b",
    re.IGNORECASE,
)
_MET = re.compile(
    r"\b(?:ahead\sof|met\s(?:its|the|their)|in\sadvance\sof|earlier\sthan|missed|as\splanned|"
    r"as\sexpected|as\sscheduled|on\sschedule)\b",
    re.IGNORECASE,
)
_PAST_PLAN = re.compile(
    r"\b(?:would\shave|had\s(?:\w+\s)?(?:planned|expected|anticipated|intended|estimated|hoped|scheduled)|originally|"
    r"initially|previously|"
    r"no\slonger|(?:was|were)\s(?:originally|initially|previously)|prior\s(?:target|deadline|date))\b",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"\b(?:not|never|unable|cannot|no\slonger|without|(?<!that\s)(?<!which\s)(?<!who\s)lacks?|no)\b|n['’]t\b",
    re.IGNORECASE,
)
_WISHED = re.compile(
    r"\b(?:could|(?-i:may)|might|should|must|if\b|consider\w*|recommend\w*|needs?\sto|"
    r"propos(?:e|es|ed|ing)\s(?:to|that)|asked|urged)\b",
    re.IGNORECASE,
)
_MOVED = re.compile(
    r"\b(?:delay(?:s|ed)?|postpon\w+|extend(?:s|ed)?|push(?:es|ed)?|mov(?:e|es|ed)|slip(?:s|ped)?|"
    r"shift(?:s|ed)?|revis(?:es|ed)|"
    r"chang(?:es|ed)|deferr?(?:s|ed)?|reschedul\w+|accelerat\w+|advanc(?:es?|ed)|adjust(?:s|ed)?)\b(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SCHEDULE = re.compile(
    r"\b(?:complet\w+|date|deadline|milestone|target|issuance|release|publication|schedule|timeline|"
    r"delivery|deployment|finish\w*|estimate)\b",
    re.IGNORECASE,
)
_GENERIC = re.compile(
    r"\b(?:these|this|those|it|them|the|its|all)\s(?:\w+\s)?(?:actions?|efforts?|steps?|work|"
    r"recommendations?|activities|"
    r"effort|process|task|initiatives?|project)\b",
    re.IGNORECASE,
)


# Most sentences have none of these words, and need no closer reading.
_MAY_PROMISE = (
    "expect", "anticipat", "plan", "inten", "estimat", "project", "aim", "hop", "target", "goal", "schedul",
    "slated", "track", "due", "will", "would", "commit", "to be", "is to", "are to", "complet", "milestone",
    "deadline", "ecd", "date", "issuance", "release", "delay", "postpon", "exten", "push", "mov", "slip",
    "shift", "revis", "chang", "advanc", "defer", "reschedul", "accelerat", "adjust",
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
    if not sentence.dates or not any(word in sentence.low for word in _MAY_PROMISE):
        return
    moved = _moved(sentence)
    if moved:
        yield moved
        return
    for index, mention in enumerate(sentence.dates):
        clause = _clause_of(sentence, mention)
        following = sentence.dates[index + 1] if index + 1 < len(sentence.dates) else None
        if clause and (deadline := _of_mention(sentence, clause, mention, following)):
            yield deadline


def _clause_of(sentence: Sentence, mention: Mention) -> Clause | None:
    """The clause that the date stands in; a date before all verbs belongs to the clause that follows."""
    found = None
    for clause in sentence.clauses:
        if clause.start <= mention.start:
            found = clause
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a date stands: its clause, the words that say what it is of, and how it is joined to them.

    `leads`: nothing precedes it ("By May 2025, CBP plans …"); `words` then follow it. `named`: the words
    call it the date of completion, or expected.
    """

    sentence: Sentence
    clause: Clause
    mention: Mention
    preposition: re.Match[str]
    ahead: str
    words: str
    leads: bool
    named: bool


def _of_mention(
    sentence: Sentence, clause: Clause, mention: Mention, following: Mention | None
) -> Deadline | None:
    before = sentence.text[_from(sentence, clause, mention) : mention.start]
    preposition = _BEFORE.search(before, max(0, len(before) - _NEAR))
    if not preposition or not _AFTER_OK.match(sentence.text[mention.stop : mention.stop + 24]):
        return None
    if following and re.fullmatch(r"\s(?:and|or|to)\s", sentence.text[mention.stop : following.start]):
        return None  # "between May and June 2024" counts to its end
    if preposition["by"] and (told := _told_before(sentence, clause)):
        # "replace the pipes at the sites that we visited by 2025": it is the replacing that has the date.
        clause, before = told, sentence.text[told.start : mention.start]
        preposition = _BEFORE.search(before, max(0, len(before) - _NEAR)) or preposition
    place = _place(sentence, clause, mention, before, preposition)
    if any(refuses(place) for refuses in _REFUSALS):
        return None
    by = bool(preposition["by"] or mention.is_end)
    first = mention.last if by else mention.first
    past = bool(_PAST_PLAN.search(place.ahead))
    return Deadline(
        mention.name,
        first,
        mention.last,
        _deed_between(sentence, clause, mention) or _deed_in(sentence, clause),
        sentence.text,
        past=past,
        moves=bool(_INSTEAD.search(sentence.low)),
        still=bool(_STILL.search(sentence.low)),
    )


def _told_before(sentence: Sentence, clause: Clause) -> Clause | None:
    """The clause that one which only names something belongs to; None for one that tells by itself."""
    if clause.opener not in {"that", "relative"} or _EXPECTS.search(clause.text):
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
) -> _Place:
    ahead = before[: preposition.start()]
    named = bool(preposition["is"] or preposition["at"] or preposition["due"])
    leads = not named and len(ahead.split()) <= 1
    words = without_dates(sentence.text[mention.stop :] if leads and preposition["by"] else ahead)
    return _Place(sentence, clause, mention, preposition, ahead, words, leads, named)


def _is_due_from_others(place: _Place) -> bool:
    actors = {place.clause.actor}
    if place.clause.opener == "relative" and _THAT_ONE.search(place.clause.text):
        actors |= {other.actor for other in place.sentence.clauses if other.start < place.clause.start}
    if place.leads and (main := _main_after(place)):
        actors.add(main.actor)
    return bool(actors & {Actor.GAO, Actor.OTHER, Actor.CONGRESS})


_THAT_ONE = re.compile(r"^which\s(?:that|the\slatter)\s(?:agency|department|bureau|office|service)\b")


def _main_after(place: _Place) -> Clause | None:
    """The clause after one that is only "By May 2025,"."""
    if re.search(r"[a-z]{3,}", without_dates(place.clause.text).replace("By", "")):
        return None
    return next((other for other in place.sentence.clauses if other.start > place.clause.start), None)


def _is_only_imagined(place: _Place) -> bool:
    depends = place.clause.hypothetical or place.clause.opener == "subordinate"
    return (depends and not place.preposition["at"]) or bool(_WISHED.search(place.words))


def _is_by_law(place: _Place) -> bool:
    return bool(_LAW.search(place.sentence.text))


def _is_met(place: _Place) -> bool:
    return bool(_MET.search(place.clause.text))


def _is_of_a_statement(place: _Place) -> bool:
    """Whether it dates what was said: "In May 2024, officials said", "officials said in May 2024"."""
    after = place.sentence.text[place.mention.stop : place.mention.stop + 1]
    opens = place.leads and not (place.preposition["by"] and after in {",", " "})
    return opens or bool(_SAID.search(place.words))


def _is_not_expected(place: _Place) -> bool:
    if place.named:
        return False
    planned = place.clause.inherits and _PLANS_TOO.match(place.clause.text)
    if place.preposition["bare"] and not re.search(r"completion|date|target|ECD", place.words):
        return True
    return not _EXPECTS.search(place.words) and not planned


def _happens_by_itself(place: _Place) -> bool:
    if place.named:
        return bool(_MEETING_SET.search(place.words))
    held = _IS_HELD.search(place.words) and _MEETING.search(place.sentence.text)
    return bool(held or _HAPPENS.search(place.words))


def _is_denied(place: _Place) -> bool:
    """Whether it is no promise: "not complete until May" is one; "in use until May", "not by May" are not."""
    until = "until" in place.preposition[0].lower()
    if until and _TAKES.search(place.words):
        return False  # "would take until May" promises it for May
    return bool(_DENIED.search(place.words)) != until


_TAKES = re.compile(r"\btakes?\s?$")


def _is_start(place: _Place) -> bool:
    """Whether the last verb before the date is one of beginning."""
    *_, last = (None, *_STARTS.finditer(place.words))
    return last is not None and not _THEN_COMPLETES.search(place.words[last.end() :])


def _belongs_elsewhere(place: _Place) -> bool:
    """Whether the date is of something named on the way: "the guide issued in May 2019"."""
    if place.preposition["by"] or place.named:
        return False
    if _MADE_BY.search(place.words):
        return True
    participle = _PARTICIPLE.search(place.words)
    if participle and not participle["aux"] and not _SCHEDULED.search(place.words):
        return True
    if re.search(r"\b(?:for|to)\s(?:the\s)?$", place.preposition[0], re.IGNORECASE):
        return not _DUE_FOR.search(place.words)
    return bool(_MONEY.search(place.words))


_MADE_BY = re.compile(r"(?<!be\s)\b\w{3,}ed\sby\s[^,]*$")


def _is_former(place: _Place) -> bool:
    """Whether it is only named as what no longer holds: "rather than in October 2024"."""
    return bool(_FORMER.search(place.ahead))


_FORMER = re.compile(r"\b(?:rather\sthan|instead\sof|earlier|formerly)\s*(?:\w+ed\s*)?$")
_PLANS_TOO = re.compile(r"\W*(?:and\s|then\s|to\s|also\s)*(?:plan|expect|hope|aim)\b")
_SAID = re.compile(
    r"\b(?:said|stated|told\sus|reported|noted|indicated|informed\sus|met|requested|responded|letter|"
    r"email|meeting|memo|interview)\s$"
)
_THEN_COMPLETES = re.compile(
    r"\b(?:and|then)\s(?:\w+\s)?(?:to\s)?(?:complet|finish|finaliz|issu|publish|releas)\w*"
)
_SCHEDULED = re.compile(r"\b(?:scheduled|planned|targeted|slated|expected|anticipated)\s$")
_DUE_FOR = re.compile(
    r"\b(?:scheduled|planned|targeted|slated|due|expected|set|completion|target(?:ed)?)\b[^,;]{0,60}$",
    re.IGNORECASE,
)
_MONEY = re.compile(r"\b(?:funds?|funding|million|billion|budget)\b[^,;]{0,40}$", re.IGNORECASE)
_REFUSALS: tuple[Callable[[_Place], bool], ...] = (
    _is_due_from_others,
    _is_only_imagined,
    _is_by_law,
    _is_met,
    _is_of_a_statement,
    _is_not_expected,
    _happens_by_itself,
    _is_denied,
    _is_start,
    _belongs_elsewhere,
    _is_former,
)


def _moved(sentence: Sentence) -> Deadline | None:
    """Read "moved the completion date from June 2025 to June 2027" or "delayed completion until March"."""
    for clause in sentence.clauses:
        match = _MOVED.search(clause.text)
        if not match or clause.actor in {Actor.GAO, Actor.OTHER, Actor.CONGRESS} or clause.hypothetical:
            continue
        if not _SCHEDULE.search(clause.text) or _MAY_MOVE.search(clause.text[: match.start()]):
            continue
        offset = sentence.text.find(clause.text, clause.start)
        span = range(offset + match.start(), offset + len(clause.text) + 2)
        inside = [mention for mention in sentence.dates if mention.start in span and mention.stop in span]
        to = [mention for mention in inside if _TO.search(sentence.text[: mention.start])]
        old = [mention for mention in inside if _FROM.search(sentence.text[: mention.start])]
        if to:
            was = old[0].name if old else None
            day = to[-1].last
            return Deadline(to[-1].name, day, day, _deed(clause), sentence.text, was, moves=True)
    return None


_TO = re.compile(r"\b(?:to|until|till)\s(?:the\s)?$")
_FROM = re.compile(r"\bfrom\s(?:the\s)?$")
_MAY_MOVE = re.compile(r"\b(?:will|may|might|could|plans?|would)\s(?:not\s)?$")
_POINTING = words(
    "schedul target expect delay postpon slip shift push track due slat back forward instead ahead late "
    "later now"
)


_INSTEAD = re.compile(
    r"\b(?:instead|delay\w*|postpon\w+|push(?:ed|es)?|slip(?:s|ped)?|later\sthan\s(?:planned|expected)|"
    r"now\s(?:plans?|expects?|anticipates?|estimates?|intends?|aims?|hopes?)|"
    r"(?:ahead\sof|behind)\sschedule|rescheduled|extended|new\s(?:date|target|deadline|estimate))\b"
)
_STILL = re.compile(
    r"\b(?:still|continues?\sto|remains?\son)\s(?:\w+\s)?(?:expect\w*|plan\w*|anticipat\w*|"
    r"intend\w*|track|estimat\w*|target\w*|schedule)\b|\bon\sschedule\b|\bunchanged\b"
)


def _deed_between(sentence: Sentence, clause: Clause, mention: Mention) -> frozenset[str]:
    """Of one of several dates in a clause, what is told since the date before; empty for one alone."""
    stop = min((other.start for other in sentence.clauses if other.start > clause.start), default=None)
    inside = [
        date for date in sentence.dates if date.start >= clause.start and (not stop or date.start < stop)
    ]
    if len(inside) < 2:
        return frozenset()
    start = max((date.stop for date in inside if date.stop <= mention.start), default=clause.start)
    return content(_GENERIC.sub(" ", sentence.text[start : mention.start])) - _POINTING


def _deed_in(sentence: Sentence, clause: Clause) -> frozenset[str]:
    """What is to be done; "publishing it" is the publishing of what the clauses before speak of."""
    deed = _deed(clause)
    if clause.opener != "relative" and not _IT.search(without_dates(clause.text)):
        return deed
    before = (other for other in sentence.clauses if other.start < clause.start and not other.background)
    return deed.union(*(_deed(other) for other in before))


_IT = re.compile(r"[a-z]\s(?:it|them)\b(?!\s(?:plans?|expects?|will|has|is|was|intends?|anticipates?)\b)")


def _deed(clause: Clause) -> frozenset[str]:
    """What is to be done; empty where the words only point at it."""
    return content(_GENERIC.sub(" ", without_dates(clause.text))) - _POINTING


def all_deadlines(sentences: Iterable[Sentence]) -> list[Deadline]:
    """Read the deadlines of a whole narrative."""
    return in_context(deadline for sentence in sentences for deadline in find_deadlines(sentence))


def in_context(found: Iterable[Deadline]) -> list[Deadline]:
    """The deadlines of a narrative, in order; one that only points at a deed means that of the one before."""
    told: list[Deadline] = []
    for deadline in found:
        before = told[-1].deed if told else frozenset[str]()
        told.append(deadline if deadline.deed else replace(deadline, deed=before))
    return told
