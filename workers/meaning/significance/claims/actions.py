"""Deeds of the agency or of Congress that a sentence tells of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from workers.meaning.sentences import words
from workers.meaning.significance.reading.action_verbs import DEEDS
from workers.meaning.significance.reading.actors import Actor
from workers.meaning.significance.reading.clauses import Clause, Sentence
from workers.meaning.significance.reading.dates import without_dates
from workers.meaning.significance.reading.prefilters import has_any
from workers.meaning.significance.reading.synonyms import canonical, merged
from workers.meaning.significance.reading.wordforms import content, lemma

_PHRASES = re.compile(
    r"\b(?:took|taken)\s(?:\w+\s){0,2}?(?:steps?|actions?|measures)\b|\b(?:put|"
    r"set)\s(?:[\w'’-]+\s){0,5}?(?:in(?:to)?\s(?:place|effect|use|operation|service|practice)|up|to\s(?:\w+\s)?use)\b"
    r"|\bput\s(?:in(?:to)?|to)\s(?:(?!an?\b|the\b)\w+\s)?(?:use|place|effect|operation|service)\b|\bput\sout\sa"
    r"|\bset\s(?:an?|the|its|new|minimum)\s(?:[\w-]+\s){0,2}?(?:standards?|limits?|criteria|requirements?|thresholds?|rules?)\b"
    r"|\brolled\sout\b|\bcarried\sout\b|\bstood\sup\b|\bmade\s(?:\w+\s){0,4}?(?:changes|revisions|"
    r"updates|available|improvements)\b"
    r"|\bheld\s(?:\w+\s){0,3}?(?:training|trainings|workshops?|courses?|exercises?)\b"
    r"|\b(?:began|begun|started)\sto\s(?!consider|review|discuss|explor|develop|draft|plan|look|examin|assess|"
    r"stud|analy|evaluat|work|prepar|think|identif|determin|revis|updat|writ|design|see\b|ha[vd]|be\b|address|"
    r"seek|prioriti|meet|do\b|take\b|tak|make\b|gather|coordinat)[a-z]+"
    r"|\bbeen\s(?:collecting|requiring|using|posting|publishing|tracking|issuing|sending|reporting|enforcing|"
    r"inspecting|training|sharing|screening|monitoring|conducting|charging|recording)\b"
    r"|\b(?:began|begun|started)\s(?:using|requiring|implementing|training|tracking|collecting|deploying|"
    r"posting|"
    r"publishing|issuing|sending|conducting|reporting|providing|enforcing|monitoring)\b",
    re.IGNORECASE,
)
_PHRASE_VERBS = words("took taken put set rolled carried stood made held began begun started been")
# What is handed over or done in these words is talk about work, not work.
_TALK = re.compile(
    r"\b(?:provided|submitted|sent|shared|conducted|issued|prepared)\s(?:(?:us|GAO|with|an?|the|its|"
    r"their|some|further|"
    r"additional|written|technical|formal|brief|recent|verbal|oral)\s)*(?:updates?\s(?:on|about|"
    r"regarding)|updates?(?!\s\w)|"
    r"(?:(?:estimated|expected|anticipated|targeted?|planned|projected|new|revised|updated)\s)+(?:completion\s|implementation\s)?dates?|"
    r"comments|outlines?|response|responses|information|status|timelines?|time\s?frames?|schedules?|milestones?|estimates?\sof\swhen|"
    r"discussions?|"
    r"meetings?|views|explanations?|letter(?!\sto\s(?!us|GAO))|requests?|feedback|no\s)\b|\bprovided\sthat\b|\bupdated\s(?:us|GAO)\b|"
    r"\bentered\s(?!into)"
    r"|\b(?:required|directed|included|provided)\s(?:by|in|for)\s|\bclosed\s(?:this|the)\srecommendation|\bmoved\s(?:forward|ahead|toward|closer|on|to|from|into|up|back|its\s\w+\sto)\b"
    r"|\b(?:developed|established|defined|approved|formed|set|issued|released|adopted|created)\s(?:an?|its|the|several|some)\s(?:\w+\s)?"
    r"(?:goals?|targets?|timelines?|milestones?|time\s?frames?|deadlines?)\b"
    r"|\bassigned\s(?:an?|this|the|it)\s(?:\w+\s){0,2}?priority\b"
    r"|\b(?:scheduled|canceled|cancelled|convened|conducted)\s(?:an?|the|its)\s(?:\w+\s)?(?:meeting|call|briefing)\b"
    r"|\bsubmitted\s(?:its|the|an?)\s(?:\w+\s)?(?:statement\sof\s|180-day\s)"
    r"|\bprovided\s(?:(?:us|GAO|with|the|its)\s)*(?:documents?|documentation|information|evidence|records|data)\s"
    r"(?:that|which)\s(?:did|does|do)\snot\b"
    r"|\b(?:concluded|completed|finished|held|resumed)\s(?:an?\s|the\s|its\s|their\s|internal\s|initial\s)*"
    r"(?:discussions?|deliberations?|talks|meetings?|consultations?)\b"
    r"|\bintroduced\b(?=.*\bbill)|\bissued\s(?:its|a|our)\s(?:\w+\s)?(?:report\son\srelated)",
    re.IGNORECASE,
)
_SCHEDULE = re.compile(
    r"(?:revised|changed|adjusted|updated|extended|modified|moved)\s(?:its|the|their)\s(?:\w+\s)?(?:target|goal)\s(?:for|of|to|date)\b|(?:revised|changed|adjusted|updated|extended|modified|moved)\s(?:[\w'’]+\s){0,4}?(?:date|dates|deadline|"
    r"schedule|timeline|timeframe|"
    r"milestones?|estimate)\b|(?:changed|revised|moved|extended|adjusted|updated)\s(?:this|that|it|these|them)\sto\b",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"(?:wrote|written|prepared|developed)\s(?:an?\s|the\s|two\s|three\s|some\s|several\s)?(?:parts?|sections?|portions?|outlines?)\sof\b|"
    r"addressed\s(?:a\s|one\s|only\s)?part\sof\s(?:this|the|our)\srecommendation\b"
    r"|added(?:\sthat\b.*)?$|stopped\sshort\b|notified\s(?:us|GAO)\b|wrote,?\s(?:to\s)?(?:us|GAO|that|in|on)\b|\w+\s(?:no|none|neither|few|nothing|little)\b"
    r"|(?:changed|revised|reversed|clarified|withdrew|withdrawn)\s(?:its|their)\s(?:\w+\s)?(?:position|mind|views?|stance|"
    r"objections?|(?:dis)?agreement|(?:non)?concurrence|opposition)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z'’&-]+")
_ADVERBS = words(
    "also then later subsequently recently formally successfully fully partially already since now "
    "previously officially both jointly initially further finally first largely substantially not"
)
_PASSIVE_UNSURE = words(
    "required directed included provided increased reduced changed entered designed introduced built"
)
_RESULTS = words(
    "issued published finalized implemented completed released adopted approved established signed enacted "
    "deployed updated revised rescinded launched posted added installed inserted incorporated distributed "
    "put concluded finished trained tested surveyed conducted compiled sent"
)
_SET_UP = words("established formed created appointed hired trained staffed designated reorganized")
_MODALS = words("will would could may might should must can cannot to be being")
_OWN_AGENT = re.compile(r"(?:the\s)?(?:agency|department|bureau|[A-Z]{2,6}\b(?!['’]s))")
_BY = re.compile(
    r"^(?:(?!pending|awaiting|until|after|for|because)[^,;])*?\bby\s((?:the\s|an?\s)?[A-Za-z][^,.;]*)"
)
_PAST_REPORT = re.compile(
    r"\b(?:our|the)\s(?:\w+\s){0,3}?(?:19|20)\d\d\s(?:\w+\s)?report\b|\b(?:we|"
    r"GAO)\s(?:previously\s)?(?:found|reported|(?<!as\swe\s)recommended)\b"
    r"|\b(?:at\sthe\stime\sof|during|prior\sto|before)\sour\s(?:report|review|audit|work)\b|"
    r"\bin\sour\s(?:prior\s|previous\s)?report\b",
    re.IGNORECASE,
)
_AS_WE_SAID = re.compile(r",?\sas\swe\s\w+(?:\sin\sour\s(?:\w+\s)?report)?\b")
# An Act is named with its enactment in passing: "The Act, which was enacted in January, gives …".
_ENACTED = re.compile(r"\b(?:enacted|signed\sinto\slaw|became\slaw|President\ssigned)\b", re.IGNORECASE)
# Nothing enacted is told of: an order is the President's own, a law is only cited.
_IN_PASSING = re.compile(
    r"\b(?:executive\sorder|memorandum|proclamation)\b"
    r"|\b(?:law|laws|legislation|statutes?|Act|provisions?)\senacted\s(?:in|on|since|after)\s[^,;]{3,24}?\s(?:requires?|directs?|"
    r"gives?|allows?|prohibits?|does|do|has|have|is|are)\b",
    re.IGNORECASE,
)
_FEDERAL = re.compile(
    r"\bCongress\b|\bAct\b|Public Law|[Aa]ppropriat|\bHouse\b|\bSenate\b|conferees|lawmakers"
)
_ONE_CHAMBER = re.compile(r"\b(?:House|Senate|[Cc]ommittees?|[Ss]ubcommittee)\b")
# What was only drafted is not yet done, whoever was shown it.
_DRAFT = re.compile(r"\bdraft(?:s|ed)?\b", re.IGNORECASE)
_GIVEN_OUT = words("issued published released")


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing done: its verb's stem, what it was about, and when and how many, where the sentence says.

    `clause` is the piece of the sentence that tells it.
    """

    verb: str
    about: frozenset[str]
    when: date | None
    sentence: str
    clause: str
    count: int | None = None


def find_deeds(sentence: Sentence) -> Iterator[Deed]:
    """Read what was done by the agency or Congress, as a fact of its own."""
    if not _may_tell(sentence):
        return
    if has_any(sentence.low, ("report", "found", "recommended", "our ")) and _PAST_REPORT.search(
        _AS_WE_SAID.sub("", sentence.text)
    ):
        return
    when = sentence.dates[0].last if sentence.dates else None
    first = sentence.clauses[0]
    by_congress = first.actor is Actor.CONGRESS or first.subject.endswith("President")
    if (
        by_congress
        and not _IN_PASSING.search(sentence.text)
        and _ENACTED.search(sentence.text)
        and not _is_unreal(sentence)
    ):
        yield Deed(canonical("enacted"), sentence.content, when, sentence.text, sentence.text)
        return
    was_deed = False
    for clause in sentence.clauses:
        verb = _deed_verb(sentence, clause, was_deed)
        if verb == "been" and "since " not in sentence.low:
            verb = None  # "has been collecting" tells no beginning
        was_deed = verb is not None
        if verb:
            about = content(without_dates(clause.text))
            named = frozenset(merged(word) for word in about if not word[0].isdigit())
            count = _OF_ALL.search(_numbered(clause.text))
            day = next(_days_in(sentence, clause), when)
            yield Deed(verb, named, day, sentence.text, clause.text, int(count[1]) if count else None)


def _days_in(sentence: Sentence, clause: Clause) -> Iterator[date]:
    """The dates that a clause names."""
    stop = clause.start + len(clause.text)
    return (one.last for one in sentence.dates if clause.start <= one.start <= stop)


_COUNTED = re.compile(r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b(?=\s(?:of|out))")


def _numbered(text: str) -> str:
    return _COUNTED.sub(lambda found: lemma(found[0]), text)


_OF_ALL = re.compile(r"\b(\d{1,6})\s(?:of|out of)\s(?:the|its|their|all|\d+)\b")


def _may_tell(sentence: Sentence) -> bool:
    """Whether there is a word of doing at all: most sentences need no closer reading."""
    low, text = sentence.low, sentence.text
    if not DEEDS.isdisjoint(_WORD.findall(low)):
        return True
    if has_any(low, _PHRASE_VERBS) and _PHRASES.search(text):
        return True
    return has_any(low, ("enacted", "signed", "became")) and bool(_ENACTED.search(text))


def _is_unreal(sentence: Sentence) -> bool:
    if _IN_PASSING.search(sentence.text):
        return True
    return any(clause.negated or clause.hypothetical for clause in sentence.clauses) or bool(
        re.search(
            r"\b(?:if|would|could|were|when)\s(?:\w+\s)?enacted\b|\bto\sbe\senacted\b|^Had\s",
            sentence.text,
            re.IGNORECASE,
        )
    )


def _may_act(clause: Clause) -> bool:
    """Whether what a clause tells can be a deed of the agency or of Congress."""
    if clause.background or clause.hypothetical or clause.actor in {Actor.GAO, Actor.OTHER}:
        return False
    if clause.text.startswith(("Were ", "Had ")):
        return False  # "Were they documented, BIS could show it"
    if clause.subject.startswith(_ASKING) or _NAMES_BY_DEED.search(clause.subject):
        return False  # "How many were submitted late is not tracked", "the rule CBP issued in 2016 lacks it"
    if clause.actor is not Actor.CONGRESS:
        return True
    # "a law passed in Arizona"; where one chamber acted, the other, and the President, may never follow.
    return bool(_FEDERAL.search(clause.text)) and not _ONE_CHAMBER.search(clause.subject)


def _deed_verb(sentence: Sentence, clause: Clause, follows_deed: bool) -> str | None:
    if not _may_act(clause):
        return None
    # "In May 2025, issued": the month is no modal verb.
    found = _WORD.finditer(clause.text)
    tokens = [("" if at[0] == "May" else at[0].lower(), at.start(), at.end()) for at in found]
    for index, (token, start, _) in enumerate(tokens):
        doing = token in DEEDS or (token in _PHRASE_VERBS and _PHRASES.match(clause.text, start))
        if doing and _is_done(sentence, clause, tokens, index, follows_deed):
            empty = any(pattern.match(clause.text, start) for pattern in (_TALK, _SCHEDULE, _NOTHING))
            empty = empty or (bool(_DRAFT.search(clause.text)) and token not in _GIVEN_OUT)
            return None if empty else canonical(token)
    return None


_NAMES_BY_DEED = re.compile(
    r"\s(?:that|which|who)(?:\s|$)"
    r"|^(?:[Tt]he|[Aa]n?|[Ii]ts|[Tt]heir|[Tt]hese|[Tt]hose)\s(?:(?!and\b|of\b)[a-z][a-z-]*\s)+(?:it|they|(?-i:[A-Z]{2,}))$"
    r"|^Had\s"
)


def _is_done(
    sentence: Sentence, clause: Clause, tokens: list[tuple[str, int, int]], index: int, follows_deed: bool
) -> bool:
    """Whether the verb at `index` is the clause's own, in the past, and not denied."""
    chain: list[str] = []
    at = index - 1
    while at >= 0 and (tokens[at][0] in _ADVERBS or tokens[at][0] in _MODALS or tokens[at][0] in _HAVE_BE):
        chain.append(tokens[at][0])
        at -= 1
    along = not chain and at >= 0 and tokens[at][0] in _ALONG
    if along or any(word in _MODALS or word == "not" for word in chain):
        return False
    if clause.negated and _denied_before(clause.text, tokens[index][1]):
        return False
    if any(word in _BE for word in chain):
        return _is_passive_deed(sentence, clause, tokens, index)
    if any(word in _HAVE for word in chain):
        if _OF_ANOTHER.search(clause.text[: tokens[index][1]]):
            return False  # "options for verifying that providers have deployed it"
        every = clause.actor is Actor.THING and bool(_EVERY.match(clause.subject))
        return every or clause.actor in {Actor.AGENCY, Actor.CONGRESS} or clause.inherits
    return not _is_participle(clause, tokens, index) and _is_active(clause, tokens, at, follows_deed)


def _is_participle(clause: Clause, tokens: list[tuple[str, int, int]], index: int) -> bool:
    """Whether it only qualifies its subject: "the team assigned to the effort has been given other work"."""
    if not clause.subject or clause.inherits:
        return False
    last = clause.subject.split()[-1]
    if not last.islower() and last not in {"Staff", "Officials", "Employees", "Teams", "Managers"}:
        return False
    rest = clause.text[tokens[index][2] :]
    found = _FINITE.search(rest)
    return bool(found and not _CLAUSE_WORD.search(_IT_HAVE.sub(" ", rest[: found.end()])[: found.start()]))


# "staff hired to prepare it have left": "it" is no subject there
_IT_HAVE = re.compile(
    r"\bit\s(?=(?:have|were|are|do)\b)|\bthey\s(?=(?:has|was|is|does)\b)|\b(?:it|them)\s(?=in\b|by\b)"
)
_FINITE = re.compile(r"\b(?:has|have|had|is|are|was|were|will|would|does|did|do)\b")
_CLAUSE_WORD = re.compile(r"[,;]|\b(?:that|which|who|whom|where|when|how|what|and|but|it|they|whether|if)\b")


_ASKING = ("How ", "how ", "Whether ", "whether ", "What ", "what ", "Why ", "why ")
_ALONG = frozenset({"on", "of", "for", "with", "about"})  # "to report on closed bridges" closes none
_EVERY = re.compile(r"(?:all|each)\sof\s(?:the|its)\s|the\sremaining\s\d+$", re.IGNORECASE)
_OF_ANOTHER = re.compile(
    r"\b(?:that|which|who|whether)\s(?!(?:it|they)\s)(?:[\w'’-]+\s){0,4}?(?:has|have|had)\s(?:\w+\s){0,2}$"
    r"|\bwhat\s(?:\w+\s){0,3}?(?:has|have|had)\s(?:\w+\s){0,2}$"
    # "made unnecessary by the controls it has put in place"
    r"|\b(?:by|of|with|on|in|from|for|to|under)\s(?:the|these|those|its|all|any|new|other)\s(?:[\w-]+\s){1,3}?(?:it|they)\s"
    r"(?:has|have|had)\s(?:\w+\s){0,2}$"
)
_BE = frozenset({"was", "were", "been"})
_HAVE = frozenset({"has", "have", "had", "having"})
_HAVE_BE = _BE | _HAVE


_DENIAL = re.compile(
    r"\b(?:not|never|no|nor|neither|without|yet to|unable|fail\w*|declined|lack\w*)\b|n['’]t\b|^or\b",
    re.IGNORECASE,
)


def _denied_before(text: str, position: int) -> bool:
    return bool(_DENIAL.search(text[:position]))


_NOBODY = ("no ", "none", "neither ", "few ", "fewer ", "less than", "nothing", "little ", "not ")


_AGENT = re.compile(
    r"((?:the\s|its\s)?(?:[A-Z][\w&'’-]*)(?:\s(?:of|for|and|the|[A-Z][\w&'’-]*|officials|staff|center|office))*)(?=[\s,.;]|$)"
)


def _is_own_agent(sentence: Sentence, agent: str) -> bool:
    """Whether it is a proper name, the agency's: "by the Park Service"."""
    named = _AGENT.match(agent)
    return named is not None and sentence.actor_of(named[1].removeprefix("the ")) is Actor.AGENCY


def _is_passive_deed(
    sentence: Sentence, clause: Clause, tokens: list[tuple[str, int, int]], index: int
) -> bool:
    word, _, end = tokens[index]
    dated = bool(sentence.dates)
    # Who did it is not said: only what is plainly a result, told with its date, is taken for the agency's.
    agent = _BY.search(without_dates(clause.text[end:]))
    known = agent is not None and (bool(_OWN_AGENT.match(agent[1])) or _is_own_agent(sentence, agent[1]))
    if not (word in _RESULTS and dated) and word not in _SET_UP and not known:
        return False
    if clause.subject.lower().startswith(_NOBODY):
        return False
    if word in _PASSIVE_UNSURE or (clause.actor is Actor.AGENCY and word not in _SET_UP and not known):
        return False
    return agent is None or not re.search(
        r"^(?:us|we|GAO|OMB|OPM|contractors?|the\s(?:\w+\s)?(?:contractor|vendor|court|states?|"
        r"National\sAcadem\w+|inspector)|"
        r"an?\s(?:\w+\s)?(?:contractor|vendor|court|judge|university)|stakeholders|industry|states)\b",
        agent[1],
        re.IGNORECASE,
    )


_THEN = re.compile(
    r"\W*(?:(?:and|but|then|also)\W+)*(?:(?:in|on|since)\s[^,]{3,24}(?:,\s\d{4})?,\s)?(?:also\s|then\s)?"
)


def _is_active(clause: Clause, tokens: list[tuple[str, int, int]], before: int, follows_deed: bool) -> bool:
    ahead = clause.text[: tokens[before + 1][1]] if before >= 0 else ""
    if clause.inherits and (before <= 0 or _THEN.fullmatch(ahead)):
        # "…, approved in 2019," qualifies a noun; after a deed it goes on telling deeds.
        joined = follows_deed or (clause.opener == "and" and clause.past) or clause.resumes
        return (
            joined
            and clause.actor in {Actor.AGENCY, Actor.CONGRESS, Actor.THING}
            and (clause.actor is not Actor.THING or follows_deed)
        )
    if clause.actor not in {Actor.AGENCY, Actor.CONGRESS} or not clause.subject:
        return False
    # The verb comes right after its subject; further on it would qualify some other noun.
    head = clause.subject.split()[-1].lower().strip("().,")
    return before >= 0 and tokens[before][0].strip("-") == head.split("(")[-1].strip("-")
