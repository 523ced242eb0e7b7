"""Sentences cut into clauses, each with its subject and the frame it stands in.

No grammar is attempted: a clause is what stands between the words that begin another one, its subject
is what precedes its first verb, and it is as real as those words let it be.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from monitor.record.folding import is_boilerplate
from workers.meaning.sentences import split_sentences
from workers.meaning.significance.reading.actors import Actor, Cast
from workers.meaning.significance.reading.boilerplate import (
    is_stock,
    is_turned_boilerplate,
    may_be_boilerplate,
)
from workers.meaning.significance.reading.dates import Mention, find_dates, without_dates
from workers.meaning.significance.reading.other_parties import is_of_others
from workers.meaning.significance.reading.prefilters import has_any, lowered
from workers.meaning.significance.reading.review_dates import is_review
from workers.meaning.significance.reading.synonyms import merged
from workers.meaning.significance.reading.vocabulary import spoken_of
from workers.meaning.significance.reading.wordforms import content

_SPEECH = (
    r"(?:said|says?|stated|states?(?=\sthat\b|\sit\b)|reported|reports|told\s(?:us|GAO)|noted|notes|indicated|indicates|"
    r"explained|"
    r"informed\s(?:us|GAO)|added(?=\sthat\b|,?\s(?:it|they)\b)|confirmed|reiterated|acknowledged|estimated|estimates|responded|wrote|"
    r"commented|observed|announced|cautioned|emphasized|"
    r"verified|learned|notified\s(?:us|GAO))"
)
_AUXILIARY = r"(?:has|have|had|is|are|was|were|will|would|may|might|can|could|should|must|does|do|did|cannot)"
_PLANNING = (
    r"(?:plan(?:s|ned)|expect(?:s|ed)?|anticipat(?:es?|ed)|intend(?:s|ed)?|estimat(?:es?|ed)|aim(?:s|ed)|"
    r"hope(?:s|d)?|project(?:s|ed)|target(?:s|ed)|continue(?:s|d)?|need(?:s|ed)?|seek(?:s)?|sought|"
    r"tend(?:s))"
)
_PLAN_TO = r"(?:plan|intend|hope|aim|expect|anticipate|estimate)\s(?=to\b|it\b|that\b|[a-z]+ing\b)"
_STARTS_VERB = (
    r"(?:(?:also|now|then|subsequently|later|still|currently)\s)?"
    rf"(?:(?:{_AUXILIARY}|{_PLANNING}|{_SPEECH})\b|{_PLAN_TO})"
)
# After an article it is no verb: "the updated guide".
_PAST = (
    r"(?:(?<!\bthe\s)(?<!\bThe\s)(?<!\bits\s)(?<!\bIts\s)(?<!\ba\s)(?<!\ban\s)[a-z]{3,}ed"
    r"|put|made|held|sent|stood|built|wrote|rewrote|set|took|began|gave|withdrew|bought|chose)"
)
_PRONOUN = (
    r"(?:it|they|we|he|she|there|this|these|the\s|its\s"
    r"|[A-Z][A-Za-z.&]*\s(?:officials|staff|plans|will)|[A-Z]{2,})"
)
_BODY = (
    r"(?:agency|department|bureau|board|commission|office|service|center|corporation|administration|division|"
    r"council|directorate|authority|foundation|library|institute|chair|secretary|director|commissioner|"
    r"administrator|bank|conference)"
)
# Where one can begin: most places are passed over at that.
_MAY_BREAK = r"(?=[;:,]|\s[–—\-abinostuwyABINOSTUW\u017f\u0131\u0130]|\b[aceilnorstvw][abcdemnorstx]|^)"
_BREAK = re.compile(
    rf"""{_MAY_BREAK}(?:
      (?P<stop>[;:]\s+|\s[–—]\s|\s-{{1,2}}\s)
    | (?P<relative>,?\s(?:which|who|whose|whereby)\s|,\swhere\s)
    | (?P<subordinate>(?:^|,?\s)(?:(?i:although|though|while|whereas|because|
      once(?!\s(?:planned|expected|scheduled|due|thought)\b)|unless|if|whether|when|
      by\sthe\stime|
        as\slong\sas|in\sorder\sfor|so\sthat)|
        (?i:since|before)(?=\s(?:it|the|they|[A-Z]))(?!\sthe\s(?:end|close|start|beginning|middle)\b)
        |(?i:until)(?=\s(?:it|the\s|they|[A-Z]{{2,}}|[A-Z][a-z]+\s(?!\d)|such|all|these))|
          (?i:after)(?=\s(?:it|the|they|we|[A-Z]|its)))\s)
    | (?P<said>\b{_SPEECH}(?:\sto\sus(?=\s(?:in|on)\b))?
        (?:\s(?:in|on|as\sof)\s[^,;]{{3,30}}?\d{{4}},?)?(?:\sto\sus|\sus)?
        (?:\sthat\s|,?\s(?={_PRONOUN}\b)))
    | (?P<that>\sthat\s(?={_PRONOUN}))
    | (?P<and>(?:,?\s(?:and|but|or|nor)|,\s(?:yet|then|so))\s
        (?:that\s(?=[\w])|(?:(?:that|also|then|later|subsequently|now|has|had)\s)*
        (?=(?:(?:in|on|since|during)\s[^,]{{3,24}}?(?:,\s\d{{4}})?,?\s)?(?:{_STARTS_VERB}|{_PAST}\s|
          {_PRONOUN}\b[^,;.]*?\b(?:{_AUXILIARY}|
          {_PLANNING}|{_PAST})\b))))
    | (?P<then>\s(?:and|but),\s
        (?=(?:in|on|since|as\sof)\s[^,]{{3,24}}?(?:,\s\d{{4}})?,\s(?:{_STARTS_VERB}|{_PAST}\s)))
    | (?P<comma>,\s(?={_PAST}\s(?!by\b)|{_PRONOUN}\b\s?(?:{_AUXILIARY}|{_PLANNING}|{_PAST}|{_SPEECH})\b
        |(?:the|its|their)\s{_BODY}\s(?:{_AUXILIARY}|{_PLANNING}|{_PAST}|{_SPEECH})\b|(?:was|were|is|are|has|have|had)\b
        |[A-Z][a-z]+\s(?:{_AUXILIARY}|{_PLANNING}|{_SPEECH})\b
        |(?:the|its|these|an?)\s(?:[a-z-]+\s){{1,6}}?(?:will|would|is\sexpected|are\sexpected)\b)))
    """,
    re.VERBOSE,
)
# None right after a possessor: "the Army's revised regulation" tells of no revising.
_FIRST_VERB = re.compile(
    rf"\b(?=[a-z])(?<!'s )(?<!s' )(?<!\b[Ii]ts )(?<!\b[Tt]heir )(?:(?:{_AUXILIARY}|{_PLANNING}|{_SPEECH}|"
    rf"{_PAST}|(?:dis)?agrees?|concurs?|accepts?|rejects?)\b(?!-)|(?<!\ba\s){_PLAN_TO})"
)
# What comes before "that" and tells something; after another noun, "the guide that it issued" only names it.
_TELLS = re.compile(
    r"\b(?:\w+ed|(?:show|indicat|stat|say|not|report|confirm|explain|demonstrat|add|document|announc|certify)ing|"
    r"says|states|notes|indicates|shows|confirms|believes|maintains|expects|anticipates|estimates|hopes|"
    r"projects|said|told|found|wrote|evidence|documentation|confirmation|indication|and|us|GAO)$"
    r"|\b(?:told\s(?:us|GAO)|said|stated|wrote|informed\s(?:us|GAO)|noted|reported|indicated)\sin\s"
    r"(?:an?|its|their|the)\s[^,;]{3,60}$"
)
_ASIDE = re.compile(
    r",\s(?:as of|in|on)\s[^,;]{3,24}(?:,\s\d{4})?,?$"
)  # "It estimates, as of May 2026, that"
_PAST_VERB = re.compile(
    rf"(?:has|have|had|was|were|did)$|(?!plan|expect|anticip|intend|estim|aim|hope|proj|target){_PAST}$|"
    rf"{_SPEECH}$"
)
_LEAD = re.compile(
    r"^(?P<lead>(?:(?:however|additionally|further(?:more)?|moreover|also|specifically|in\saddition|"
    r"as\sa\sresult|"
    r"for\sexample|subsequently|since\sthen|then|later|finally|instead|similarly|in\sresponse),?\s+)*)",
    re.IGNORECASE,
)
_HYPOTHETICAL = re.compile(
    r"\b(?:needs?\sto|should|must|would\sneed|in\sorder\sto|to\s(?:fully\s)?(?:implement|address|close|"
    r"satisfy|meet)\b"
    r".*\brecommendation|recommend(?:s|ed)?\sthat|asked|request(?:s|ed)|await(?:s|ed|ing)?|waiting\sfor|will\s(?:assess|review|determine|"
    r"verify|"
    r"evaluate|confirm)|to\s(?:show|demonstrate|ensure|verify|confirm|determine))\b",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"\b(?:not|never|nor|neither|cannot|no\slonger|yet\sto|unable|fail(?:s|ed)|without|declined|lacks?|"
    r"stopped\sshort)"
    r"\b|n['’]t\b|^\s*no\b|\bno\s(?:legislation|action|guidance|plans?|progress|steps?|such|bill|rule|"
    r"date|changes?|evidence|documentation|information|indication)\b",
    re.IGNORECASE,
)
_DENYING = (
    "no", "n't", "n’t", "never", "neither", "yet to", "unable", "fail", "without", "declined", "lack",
    "stopped",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """A piece of a sentence.

    `opener` is the group of _BREAK that began it ("" for the first). `hypothetical`: it tells what is
    wanted, asked or awaited. `background`: it only qualifies another clause. `inherits`: it
    shares the subject of the clause before; `past` is then whether that one's verb was in the past.
    `resumes`: it has the verb to a subject that another clause had cut off.
    """

    text: str
    start: int
    opener: str
    subject: str
    actor: Actor
    hypothetical: bool
    background: bool
    negated: bool
    inherits: bool
    past: bool
    resumes: bool = False


_MOST = 40  # dates of a sentence that are read closely


class Sentence:
    """A sentence, its white space folded; what the rules ask of it is read when they first ask.

    `low` is the text in lower case: what is only looked for is found there without minding the case.
    """

    def __init__(self, text: str, cast: Cast) -> None:
        self.text = text
        self.low = lowered(text)
        self._cast = cast

    @cached_property
    def dates(self) -> tuple[Mention, ...]:
        """All dates, in order."""
        return find_dates(self.text)

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """At least one, in order."""
        return tuple(_clauses(self.text, self._cast))

    def actor_of(self, subject: str) -> Actor:
        """Who somebody is that it names."""
        return self._cast.classify(subject)

    @cached_property
    def content(self) -> frozenset[str]:
        """The stems that carry its content, dates left out."""
        return content(without_dates(self.text) if self.dates else self.text)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The same, the stems of one word or of synonyms joined."""
        return frozenset(map(merged, self.content))

    @cached_property
    def reviews(self) -> tuple[Mention, ...]:
        """Its dates that only say when GAO looked, or when somebody spoke."""
        return tuple(mention for mention in self.dates[:_MOST] if is_review(self.text, mention))

    @cached_property
    def spoken(self) -> tuple[tuple[str, int], ...]:
        """What its words speak of, those of its dates left out, with their places."""
        dates = {place for date in self.dates[:_MOST] for place in range(date.start, date.stop)}
        return tuple(found for found in spoken_of(self.text) if found[1] not in dates)

    @property
    def boilerplate(self) -> bool:
        """Whether it is the sentence that stands where nothing was reported yet."""
        return may_be_boilerplate(self.text, self.low) and (
            is_boilerplate(self.text) or is_turned_boilerplate(self.text)
        )

    @cached_property
    def stock(self) -> bool:
        """Whether it says nothing of the agency (see stock)."""
        return is_stock(self.text)


def cut_sentences(narrative: str) -> tuple[str, ...]:
    """Cut a narrative into sentences, white space folded."""
    return tuple(" ".join(piece.split()) for piece in split_sentences(narrative) if not piece.isspace())


def read_sentences(narrative: str, cast: Cast) -> tuple[Sentence, ...]:
    """Cut a narrative into sentences and make them ready to be asked."""
    return tuple(Sentence(piece, cast) for piece in cut_sentences(narrative))


def _clauses(text: str, cast: Cast) -> Iterator[Clause]:
    clauses = _cut_and_read(text, cast)
    source = _ACCORDING.match(text) or (" according to " in text and _AT_LAST.search(text))
    if source and cast.classify(source[1]) is Actor.OTHER:
        return (replace(clause, actor=Actor.OTHER) for clause in clauses)
    return clauses


_AT_LAST = re.compile(r",\saccording\sto\s([^,;.]{2,60})\.?$")


def _cut_and_read(text: str, cast: Cast) -> Iterator[Clause]:
    before: Clause | None = None
    main: Clause | None = None
    for opener, start, stop in _cuts(text):
        clause = _clause(
            text[start:stop], start, opener, main if opener in {"and", "comma"} else before, cast
        )
        cut_off = main is not None and before is not main and not _FIRST_VERB.search(main.text)
        if cut_off and clause.inherits and not clause.background:
            clause = replace(clause, resumes=True)
        if not clause.background:
            main = clause
        before = clause
        yield clause


def _cuts(text: str) -> Iterator[tuple[str, int, int]]:
    opener, start = "", 0
    for match in _BREAK.finditer(text):
        # The verb of speech stays with its speaker; other openers go with what they open.
        if match.start() == 0:
            opener = match.lastgroup or ""
            continue
        if match.lastgroup == "and" and not start and not _FIRST_VERB.search(text[: match.start()]):
            continue  # two subjects of one verb: "the bureau and the state signed"
        cut = match.end() if match.lastgroup == "said" else match.start()
        if opener == "and" and _ONLY_WHEN.fullmatch(text[start:cut]):
            continue  # "and, in May 2026, issued a guide"
        if text[start:cut].strip(" ,;:"):
            yield opener, start, cut
        opener, start = match.lastgroup or "", cut
        if opener == "then":
            opener = "and"
        if text[start : match.end()].strip() and match.lastgroup in {"stop", "and", "comma", "that"}:
            start = match.end() if match.lastgroup != "and" else start
    yield opener, start, len(text)


_ONLY_WHEN = re.compile(r"\W*(?:and|but|or)\W+(?:in|on|since|as of|during)\s[^,]{3,24}(?:,\s\d{4})?")
_OWN_VERB = re.compile(rf"(?:{_AUXILIARY}|{_PLANNING})\b")
_JOINERS = re.compile(
    r"^[,;:\s]*(?:(?:and|but|or|nor|yet|then|so|that|also|which|who|although|though|while)\b[,\s]*)*"
)


def _clause(text: str, start: int, opener: str, before: Clause | None, cast: Cast) -> Clause:
    bare = _without_start(_LEAD, _without_start(_JOINERS, text))
    fronted = _FRONTED.match(bare) if bare.startswith(_FRONTS) else None
    if fronted and _FIRST_VERB.search(bare, fronted.end()):
        bare = bare[fronted.end() :]
    verb = _FIRST_VERB.search(bare)
    subject = _subject(bare[: verb.start()] if verb else bare)
    joined = opener in {"and", "comma"} and not subject and before is not None
    actor = cast.classify(subject) if subject else Actor.THING
    if not verb and actor is Actor.AGENCY and is_of_others(bare):
        actor = Actor.OTHER  # "two servicers owe the department a plan": their verb is none that is known
    source = bare.startswith("According") and _ACCORDING.match(bare)
    if source and cast.classify(source[1]) is Actor.OTHER:
        actor = Actor.OTHER  # "According to the vendor, it will …"
    told = bare.startswith(("It ", "They ")) and _TOLD.match(bare)
    if told and cast.classify(told[1]) is Actor.AGENCY:
        actor = Actor.OTHER  # "It told the agency that …": another speaks
    made = Clause(
        text=text.strip(" ,;"), start=start, opener=opener, subject=subject,
        actor=actor,
        hypothetical=_is_hypothetical(text, opener), background=opener in {"relative", "subordinate"},
        negated=has_any(lowered(text), _DENYING) and bool(_NEGATIVE.search(text)),
        inherits=joined, past=bool(verb and _PAST_VERB.match(verb[0])),
    )  # fmt: skip
    return _inherit(made, before) if before is not None else made


_FRONTS = ("In ", "in ", "On ", "on ", "At ", "at ", "During ", "during ", "With ", "with ", "Following ")
_FRONTED = re.compile(
    r"\w+\s(?:[^,;]|(?<=\d),(?=\s\d{4}\b)){3,80},\s(?:however,\s)?(?=(?:the|its|it|they|officials)\s|[A-Z])"
)


def _without_start(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.match(text)
    return text[match.end() :] if match else text


def _is_hypothetical(text: str, opener: str) -> bool:
    return opener == "subordinate" and text.lstrip(" ,").lower().startswith(
        ("once", "until", "unless", "if", "whether", "when", "before", "by the time", "so that", "in order")
    )


_OPENING = re.compile(
    r"^(?:According to [^,]{2,60}(?:, |$)|(?:in|on|as of|by|during|since) "
    r"(?:(?:early|late|mid)[- ])?(?:[A-Z][a-z]+ )?"
    r"(?:\d{1,2}, )?(?:19|20)\d\d(?:,? |$))",
    re.IGNORECASE,
)


_ACCORDING = re.compile(r"According to ([^,]{2,60}),")
_TOLD = re.compile(
    r"(?:It|They) (?:told|informed|notified) ((?:the )?[A-Z][\w.&]*|the (?:agency|department|bureau))\b"
)


def _subject(text: str) -> str:
    """What precedes the verb, without "In May 2024," and "According to"."""
    text = _without_start(_OPENING, text.strip(" ,"))
    parts = [part.strip() for part in text.split(", ") if part.strip()]
    if len(parts) > 1:
        parts = [part for part in parts if not part.lower().startswith("according to")] or parts
    while len(parts) > 1 and _AT_FIRST.match(parts[0]):
        parts.pop(0)
    if len(parts) > 1 and _FIGURE.match(parts[0]):
        parts.pop(0)
    text = _WITHOUT_WHEN.sub("", ", ".join(parts))
    return _ADVERBS.sub("", text) if text.endswith(_LAST_ADVERBS) else text


_WITHOUT_WHEN = re.compile(
    r"\s(?:(?:in\s)?(?:that|the same)\s(?:month|year)|(?:in|on)\s(?:[A-Z][a-z]+\s)?(?:19|20)\d\d)$"
)
_AT_FIRST = re.compile(r"(?:[Ii]n|[Oo]n|[Aa]s of|[Bb]y|[Dd]uring|[Ff]or|[Uu]nder|[Ss]ince)\b")
_FIGURE = re.compile(r"(?:\d{1,2}|\d{4})$")
_LAST_ADVERBS = (
    "also", "then", "later", "now", "ly", "further", "longer", "still", "already", "itself", "themselves"
)  # fmt: skip
_ADVERBS = re.compile(
    r"(?:(?:^|\s)(?:also|then|later|subsequently|now|recently|initially|further|no longer|currently|"
    r"still|partially|partly|fully|generally|jointly|successfully|formally|already|itself|themselves))+$"
)


def _inherit(made: Clause, before: Clause) -> Clause:
    """Take from the clause before what a joined or spoken clause shares with it."""
    if made.inherits:
        shares = not _OWN_VERB.match(_without_start(_JOINERS, made.text))
        return Clause(
            made.text, made.start, made.opener, subject=before.subject, actor=before.actor,
            hypothetical=made.hypothetical or before.hypothetical, background=before.background,
            negated=made.negated or (before.negated and shares), inherits=True, past=before.past,
        )  # fmt: skip
    if made.opener in {"said", "that"}:
        wanted = before.negated or bool(_HYPOTHETICAL.search(before.text))
        speaker = made.subject.lower() in {"it", "they", "he", "she"}
        shared = speaker and (made.opener == "said" or before.actor is not Actor.THING)
        ours = before.actor is Actor.GAO and before.subject.lower().startswith("our ")
        named = ours or (made.opener == "that" and not _TELLS.search(_ASIDE.sub("", before.text)))
        return Clause(
            made.text, made.start, made.opener, made.subject,
            actor=before.actor if shared or speaker else made.actor,
            hypothetical=made.hypothetical or before.hypothetical or wanted,
            background=before.background or named,
            negated=made.negated, inherits=made.inherits, past=made.past,
        )  # fmt: skip
    return made
