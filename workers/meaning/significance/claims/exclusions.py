"""Why a date that a sentence names is no deadline: each rule is a reason to refuse it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from workers.meaning.significance.reading.actors import Actor
from workers.meaning.significance.reading.clauses import Clause, Sentence
from workers.meaning.significance.reading.dates import Mention, without_dates
from workers.meaning.significance.reading.prefilters import has_any, lowered

EXPECTS = re.compile(
    r"""\b(?:expect(?:s|ed|ing)?|anticipat(?:es?|ed|ing)|plan(?:s|ned|ning)?\s(?:to|on|for)|intend(?:s|ed|ing)?|intention\sto|
        (?<!the\s)(?<!an\s)(?<!its\s)(?<!this\s)estimate|estimat(?:es|ed|ing)|project(?:s|ed)\s(?:to|that|for|completion)|aim(?:s|ed|ing)?\sto|
          hope[sd]?\sto|target(?:s|ed|ing)?|goal|
        should\sbe\s(?:\w+ed|complete|done|ready|final|in\splace|available)|schedul(?:ed|es?)|slated|on\strack|due|will|would|committed\sto|
        to\sbe\s(?:\w+ed|complete|done|ready|final|in\splace|available)|(?:is|are|was|were)\s(?:(?:now|still|also|nevertheless|instead|then|currently)\s)?to|foresee[sn]?|forecasts?|completion|milestone|deadline|planned\s(?:for|by|in|completion|
          issuance|release)|\bECD)\b""",
    re.IGNORECASE | re.VERBOSE,
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
    r"|\b(?:will|would|to|which|that|it|they)\s(?:\w+ly\s|also\s|not\s)*(?:ends?|runs?|lasts?|receives?(?!\s(?:[\w'’-]+\s){0,6}?(?:approval|clearance|authorization))|"
    r"needs?|costs?|reach(?:es)?|appl(?:y|ies)|covers?|serves?|lose|use)\b(?!\sof)"
    r"|\b(?:takes?\splace|arrives?|recurs?|(?:will|would)\shave\sto)\b"
    r"|\bopens?\b|\b(?:ends|runs|lasts|costs|applies|covers|receiving)\b(?!\sof)"
    # Talking with us is not the work.
    r"|\b(?:meet|speak|talk)\swith\b|\bvote\son\b|\b(?:update|brief)\s(?:us|GAO)\b|\brespond\sto\s(?:us|GAO)\b"
    r"|\bprovide\s(?:(?:us|GAO)\s(?:with\s)?)?(?:an?\s)?(?:\w+\s)?(?:update|status)\b"
    r"|\b(?:provide|send|give|submit\sto|report\sto)\s(?:us|GAO)\b|\breport\son\s(?:its|their|the)\s(?:progress|status)\b"
    r"|\b(?:revisit|reconsider|re-?examine|reassess\sthe\sneed|consider)\b|\bcomments?\s(?:\w+\s){0,5}?(?:due|close)\b"
    r"|\bcomment\speriod\b"
    # Figures grow by themselves.
    r"|\b(?:will|would|to)\s(?:\w+ly\s)?(?:rise|double|triple|quadruple|grow|decline|fall|exceed|total|average|age)\b",
    re.IGNORECASE,
)
# A meeting takes place on its day; it is no work to be completed.
_MEETING = re.compile(r"\b(?:meeting|hearing|conference|summit|session|workshop)s?\b", re.IGNORECASE)
_IS_HELD = re.compile(
    r"\b(?:held|hold|scheduled\s(?:an?|the|its)|take\splace|occur|convened?|meet|vote|attend)\b",
    re.IGNORECASE,
)
_MEETING_SET = re.compile(
    r"\b(?:meeting|hearing|conference|summit|session|workshop)s?\b[^,;]{0,60}$", re.IGNORECASE
)
_COMMENTS = re.compile(r"\bcomments?\b[^,;]{0,60}\b(?:is|are|was|were)\s$|\bcomment\speriod\b", re.IGNORECASE)
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
    r"required\sby|legally|executive\sorder"
    r"|(?:guidance|policy|policies|directives?|instructions?|manual|standards?)\s(?:states?|requires?|calls?\sfor|says?|sets?))\b",
    re.IGNORECASE,
)
_MET = re.compile(
    r"\b(?:ahead\sof\s(?:schedule|its|their|time|the\s(?:\w+\s)?(?:target|date|deadline|schedule|goal|plan))|met\s(?:its|the|their)|in\sadvance\sof|earlier\sthan|missed|as\splanned|"
    r"as\sexpected|as\sscheduled|on\sschedule)\b",
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a date stands: its clause, the words that say what it is of, and how it is joined to them.

    `leads`: nothing precedes it ("By May 2025, CBP plans …"); `words` then follow it. `named`: the words
    call it the date of completion, or expected. `low`: `words` in lower case.
    """

    sentence: Sentence
    clause: Clause
    mention: Mention
    preposition: re.Match[str]
    ahead: str
    words: str
    leads: bool
    named: bool
    low: str


def _is_due_from_others(place: Place) -> bool:
    actors = {place.clause.actor}
    if place.clause.opener == "relative" and _THAT_ONE.search(place.clause.text):
        actors |= {other.actor for other in place.sentence.clauses if other.start < place.clause.start}
    if (
        " to " in place.ahead
        and (found := _EXPECTS_OF.search(place.ahead))
        and place.clause.actor is not Actor.GAO
    ):
        actors.add(place.sentence.actor_of(found["whom"]))
    if place.clause.opener == "relative" and _receives(place):
        return True  # "once it receives the data, which are due in May"
    if has_any(place.words, (" from ", "ed by ")) and (source := _GOT_FROM.search(place.words)):
        actors.add(place.sentence.actor_of(source["whom"]))
    if place.leads and (main := _main_after(place)):
        actors.add(main.actor)
    return bool(actors & {Actor.GAO, Actor.OTHER, Actor.CONGRESS})


# "expects the contractor to deliver it"
_EXPECTS_OF = re.compile(
    r"\b(?:expect|anticipate|require|want|ask|direct|instruct)(?:s|ed)?\s(?P<whom>(?!to\b|that\b)[^,;]{2,60}?)\sto\s(?!be\b)[a-z]+\b"
)
_GOT_FROM = re.compile(
    r"\b(?:(?:decision|approval|response|reply|answer|comments|data|report|information|guidance|results?)\sfrom|be\s\w+ed\sby)\s"
    r"(?P<whom>(?:the\s)?[\w&.'’-]+(?:\s[A-Z][\w&'’-]*)*)\s$"
)


def _receives(place: Place) -> bool:
    before = [other for other in place.sentence.clauses if other.start < place.clause.start]
    return bool(before) and bool(re.search(r"\b(?:receiv\w+|obtain\w*|await\w*)\b", before[-1].text))


_THAT_ONE = re.compile(r"^which\s(?:that|the\slatter)\s(?:agency|department|bureau|office|service)\b")


def _main_after(place: Place) -> Clause | None:
    """The clause after one that is only "By May 2025,"."""
    if re.search(r"[a-z]{3,}", without_dates(place.clause.text).replace("By", "")):
        return None
    return next((other for other in place.sentence.clauses if other.start > place.clause.start), None)


def _is_only_imagined(place: Place) -> bool:
    depends = place.clause.hypothetical or place.clause.opener == "subordinate"
    if depends and not place.clause.hypothetical and _CONCEDES.match(place.clause.text):
        depends = not EXPECTS.search(place.words)
    if depends and not place.preposition["at"] and not _IS_EXPECTED.search(place.words):
        return True
    if not has_any(place.low, _WISHES) or not (wished := _WISHED.search(place.words)):
        return False
    return wished[0].lower() != "should" or not _is_told_to_us(place)


def _is_told_to_us(place: Place) -> bool:
    """Whether officials say that something should be ready by a date: they expect it, and nobody asks it."""
    if not _SHOULD_BE.search(place.words) or place.clause.actor not in {Actor.THING, Actor.AGENCY}:
        return False
    before = [other for other in place.sentence.clauses if other.start < place.clause.start]
    return any(other.actor is Actor.AGENCY and _SAID_IT.search(other.text) for other in before)


# "will be decided after a test that is now expected to be complete by"
_IS_EXPECTED = re.compile(
    r"\b(?:that|which)\s(?:is|are)\snow\s(?:expected|anticipated|scheduled|planned)\sto\sbe\s\w+\s$"
)
_SHOULD_BE = re.compile(r"\bshould\sbe\s(?:\w+ed|complete|done|ready|final|in\splace|available)\b")
_SAID_IT = re.compile(r"\b(?:said|stated|told|informed|added|reported|estimated|wrote|noted|explained)\b")


_CONCEDES = re.compile(r"\W*(?:although|though|while|whereas|because)\b", re.IGNORECASE)
_WISHES = (
    "could",
    "may",
    "might",
    "should",
    "must",
    "if",
    "consider",
    "recommend",
    "need",
    "propos",
    "asked",
    "urged",
)


def _is_by_law(place: Place) -> bool:
    return has_any(place.sentence.low, _OF_LAW) and bool(_LAW.search(place.sentence.text))


_OF_LAW = (
    "law", "statut", "mandat", "required", "order", "decree", "legally", "act ", "legislation", "bill",
    "rule", "regulation", "memorandum", "settlement", "congress", "guidance", "polic",
    "directive", "instruction", "manual", "standard",
)  # fmt: skip


def is_by_law_or_others(sentence: Sentence) -> bool:
    """Whether all that a sentence dates is a law's, others', GAO's, a start, or was already done."""
    if has_any(sentence.low, _OF_LAW) and _LAW.search(sentence.text):
        return True
    if _STARTS.search(sentence.text) or _DROPPED.search(sentence.text):
        return True
    theirs = {Actor.GAO, Actor.OTHER, Actor.CONGRESS}
    return all(clause.actor in theirs or clause.negated for clause in sentence.clauses)


def _is_met(place: Place) -> bool:
    if not has_any(lowered(place.clause.text), _MEETS) or not (met := _MET.search(place.clause.text)):
        return False
    # "expects to finish by May 2026, earlier than it had thought"
    expected = _NOW_EXPECTS.search(place.ahead)
    return not (expected and place.clause.text.find(met[0]) > len(place.ahead))


_NOW_EXPECTS = re.compile(r"\b(?:expects?|anticipates?|plans?|estimates?|will)\b")
_MEETS = ("ahead of", "met ", "advance of", "earlier than", "missed", "as ", "schedule")


def _is_of_a_statement(place: Place) -> bool:
    """Whether it dates what was said: "In May 2024, officials said", "officials said in May 2024"."""
    after = place.sentence.text[place.mention.stop : place.mention.stop + 1]
    opens = place.leads and not (place.preposition["by"] and after in {",", " "})
    return opens or (place.words.endswith(_SAYING) and bool(_SAID.search(place.words)))


def _is_not_expected(place: Place) -> bool:
    if place.named:
        return False
    planned = place.clause.inherits and _PLANS_TOO.match(place.clause.text)
    if place.preposition["in"] and _SET_GOALS.search(place.words):
        return True  # "it set targets for satisfaction in May 2025"
    if place.preposition["bare"] and not re.search(r"completion|date|target|ECD", place.words):
        return True
    return not EXPECTS.search(place.words) and not planned and not _shares_its_will(place)


_SET_GOALS = re.compile(
    r"^(?!.*\b(?:will|would|expects?|plans?|to)\b).*\b(?:set|established|adopted|approved|reached|met)\s(?:\w+\s){0,3}?(?:targets|goals)\b"
)


def _shares_its_will(place: Place) -> bool:
    """Whether "will be" is said of it with another: "the talks will be concluded and the memo signed by"."""
    if place.clause.opener != "and" or not _BARE.search(place.words):
        return False
    before = [other for other in place.sentence.clauses if other.start < place.clause.start]
    return bool(before and _WILL_BE.search(before[-1].text))


_BARE = re.compile(r"^(?!.*\b(?:is|are|was|were|has|have|had|did)\b).*\w(?:ed|sent|built|held|made)\s$")
_WILL_BE = re.compile(r"\b(?:will|to)\sbe\s\w+ed\b")


def _happens_by_itself(place: Place) -> bool:
    if place.named:
        return bool(_MEETING_SET.search(place.words) or _COMMENTS.search(place.words))
    if (
        has_any(place.sentence.low, _MEETINGS)
        and _IS_HELD.search(place.words)
        and _MEETING.search(place.sentence.text)
    ):
        return True
    if not has_any(place.low, _HAPPENING):
        return False
    *_, last = (None, *_HAPPENS.finditer(place.words))
    return last is not None and not _IS_DONE.search(place.words, last.end())


# "a system to receive reports will be finished"
_IS_DONE = re.compile(r"\b(?:will|would|to)\sbe\s(?:\w+ed|complete|done|ready)\b")


_HAPPENING = (
    "end", "use", "open", "continue", "remain", "effect", "becom", "expire", "lapse", "sunset", "run", "last",
    "receiv", "need", "cost", "reach", "appl", "cover", "serve", "lose", "meet", "speak", "talk", "vote",
    "update", "brief", "respond", "provide", "send", "give", "submit to", "report ", "revisit",
    "consider", "examine", "reassess", "comment", "take", "arrive", "recur",
    "have to", "rise", "double", "triple", "quadruple", "grow", "decline",
    "fall", "exceed", "total", "average", "age",
)  # fmt: skip


_MEETINGS = ("meeting", "hearing", "conference", "summit", "session", "workshop")


def _is_denied(place: Place) -> bool:
    """Whether it is no promise: "not complete until May" is one; "in use until May", "not by May" are not."""
    until = "until" in place.preposition[0].lower()
    if until and _TAKES.search(place.words):
        return False  # "would take until May" promises it for May
    return (has_any(place.low, _DENIALS) and bool(_DENIED.search(_ASKED.sub(" ", place.words)))) != until


# "an analysis of why recipients do not serve will be completed"
_ASKED = re.compile(r"\b(?:of|on)\s(?:why|how|whether|what)\s.*(?=\b(?:will|would)\sbe\s\w+\s$)")
_DENIALS = ("no", "n't", "n’t", "never", "unable", "without", "lack")


_TAKES = re.compile(r"\btakes?\s?$")


def _is_start(place: Place) -> bool:
    """Whether the last verb before the date is one of beginning."""
    if not has_any(place.low, _BEGINNING):
        return False
    *_, last = (None, *_STARTS.finditer(place.words))
    return last is not None and not _THEN_COMPLETES.search(place.words[last.end() :])


_BEGINNING = ("begin", "start", "commenc", "initiat", "kick", "resum", "effective", "onset", "launch")


def _belongs_elsewhere(place: Place) -> bool:
    """Whether the date is of something named on the way: "the guide issued in May 2019"."""
    if place.preposition["by"] or place.named:
        return False
    low = place.low
    if (expected := EXPECTS.search(place.words)) and _THEN_WENT.search(place.words, expected.end()):
        return True
    if "ed by " in low and _MADE_BY.search(place.words):
        return True
    participle = low.endswith(_PARTICIPLES) and _PARTICIPLE.search(place.words)
    if participle and not participle["aux"] and not _SCHEDULED.search(place.words):
        return True
    if _FOR.search(place.preposition[0]):
        return not _DUE_FOR.search(place.words)
    return has_any(low, _SUMS) and bool(_MONEY.search(place.words))


# "the staff who were to do so left in 2025"
_THEN_WENT = re.compile(r"\b(?:left|retired|resigned|departed|died|ended|expired|lapsed|was|were)\b")
_PARTICIPLES = ("ed ", "held ", "made ", "written ", "sent ", "begun ", "built ")
_SUMS = ("fund", "million", "billion", "budget")
_FOR = re.compile(r"\b(?:for|to)\s(?:the\s)?$", re.IGNORECASE)
_MADE_BY = re.compile(r"(?<!be\s)\b\w{3,}ed\sby\s[^,]*$")


def _is_former(place: Place) -> bool:
    """Whether it is only named as what no longer holds: "rather than in October 2024"."""
    if has_any(place.low, ("plan", "goal", "target", "commitment", "intention")) and _DROPPED.search(
        place.words
    ):
        return True
    return has_any(place.ahead, ("than", "of", "earlier", "formerly")) and bool(_FORMER.search(place.ahead))


# "has dropped its plan to do so by"
_DROPPED = re.compile(
    r"\b(?:dropped|drops|abandon(?:ed|s)|withdr[ae]wn?|withdraws|cancel(?:s|ed|led)|shelved|scrapped|gave\sup|given\sup|rescinded)\s"
    r"(?:its|the|their|this|that|any)\s(?:\w+\s){0,3}?(?:plans?|goals?|targets?|commitment|intention)\b"
)
_FORMER = re.compile(r"\b(?:rather\sthan|instead\sof|earlier|formerly)\s*(?:\w+ed\s*)?$")
_PLANS_TOO = re.compile(r"\W*(?:and\s|then\s|to\s|also\s)*(?:plan|expect|hope|aim)\b")
_SAYING = (
    "said ", "stated ", "us ", "reported ", "noted ", "indicated ", "met ", "requested ", "responded ",
    "letter ", "email ", "meeting ", "memo ", "interview ",
)  # fmt: skip
_SAID = re.compile(
    r"\b(?:said|stated|told\sus|reported|noted|indicated|informed\sus|met|requested|responded|letter|"
    r"email|meeting|memo|interview)\s$"
)
_THEN_COMPLETES = re.compile(
    r"\b(?:and|then)\s(?:\w+\s)?(?:to\s)?(?:complet|finish|finaliz|issu|publish|releas)\w*"
)
_SCHEDULED = re.compile(r"\b(?:scheduled|planned|targeted|slated|expected|anticipated)\s$")
_DUE_FOR = re.compile(
    r"\b(?:scheduled|planned|targeted|slated|due|expected|set|completion|target(?:ed)?|foresee[sn]?)\b[^,;]{0,60}$",
    re.IGNORECASE,
)
_MONEY = re.compile(r"\b(?:funds?|funding|million|billion|budget)\b[^,;]{0,40}$", re.IGNORECASE)
_REFUSALS: tuple[Callable[[Place], bool], ...] = (
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


def is_refused(place: Place) -> bool:
    """Whether any rule says that the date is not one by which the agency expects to be done."""
    for refuses in _REFUSALS:  # noqa: SIM110 (see gates.has_any)
        if refuses(place):
            return True
    return False
