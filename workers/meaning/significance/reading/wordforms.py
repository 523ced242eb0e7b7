"""Words reduced to what they mean, for comparing sentences: stems, synonyms, which words carry content."""

import re
from functools import lru_cache
from itertools import chain

from workers.meaning.sentences import words

TOKEN = re.compile(r"[A-Za-z][A-Za-z&]*(?:['’](?:s|t|re|ve|ll|d)\b)?|\$?\d[\d,]*(?:\.\d+)?%?")

_IRREGULAR = {
    "wrote": "write", "written": "write", "rewrote": "rewrite", "rewritten": "rewrite", "built": "build",
    "sent": "send", "held": "hold", "made": "make", "began": "begin", "begun": "begin", "took": "take",
    "taken": "take", "gave": "give", "given": "give", "found": "find", "paid": "pay", "bought": "buy",
    "met": "meet", "told": "tell", "said": "say", "withdrew": "withdraw", "withdrawn": "withdraw",
    "approval": "approve", "agreed": "agree", "agrees": "agree", "disagreed": "disagree", "chose": "choose",
    "chosen": "choose", "undertook": "undertake", "undertaken": "undertake", "children": "child",
    "used": "use", "uses": "use", "using": "use", "seen": "see", "saw": "see", "goes": "go", "gone": "go",
    "went": "go", "knew": "know", "known": "know", "led": "lead", "left": "leave", "lost": "lose",
    "kept": "keep",
}  # fmt: skip
_SYNONYMS = {
    "state": "say", "report": "say", "tell": "say", "note": "say", "indicate": "say", "explain": "say",
    "inform": "say", "add": "say", "according": "say",
    "agree": "concur", "concurrence": "concur", "agreement": "concur",
    "anticipate": "expect", "estimate": "expect", "project": "expect",
    "finish": "complete", "conclude": "complete",
    "publish": "issue", "release": "issue",
    "revise": "update",
    "commence": "begin", "start": "begin", "initiate": "begin",
    "give": "provide",
    "utilize": "use", "employ": "use",
    "further": "additional", "more": "additional", "need": "require",
    "evaluate": "assess", "create": "develop", "personnel": "staff", "employee": "staff",
    "approximately": "about", "roughly": "about", "around": "about",
    "execute": "implement", "intend": "plan", "prior": "before", "percent": "%", "per cent": "%",
}  # fmt: skip
_COUNTED = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_NUMBERS = {name: str(number) for number, name in enumerate(_COUNTED)} | {
    name: str(number * 10) for number, name in enumerate(_TENS, 2)
}
GLUE = words(
    "a an the this that these those of to in on at by for from with and or as is are was were be been "
    "being it "
    "its they their them he she his her our we us i there which who whom whose also has have had having "
    "do does "
    "did into than then so such both each any all some other will would can could may might must should "
    "shall "
    "not no nor if when while once until during after before about under over through between within "
    "across "
    "however additionally furthermore moreover addition further still yet now currently recently more most "
    "new make including include such how what where why because since according"
)
_SUFFIXES = (("ization", 4), ("ation", 4), ("ment", 6), ("ion", 4), ("ing", 3), ("ed", 3))


# British spelling, in which the rest is as in American.
_BRITISH = {
    "licence": "license", "defence": "defense", "offence": "offense", "pretence": "pretense",
    "programme": "program", "centre": "center", "metre": "meter", "fibre": "fiber", "labour": "labor",
    "harbour": "harbor",
    "neighbour": "neighbor", "neighbourhood": "neighborhood", "behaviour": "behavior", "favour": "favor",
    "colour": "color", "honour": "honor", "judgement": "judgment", "fulfil": "fulfill", "enrol": "enroll",
    "enrolment": "enrollment", "grey": "gray", "catalogue": "catalog", "ageing": "aging",
    "cancelled": "canceled", "cancelling": "canceling", "modelling": "modeling", "modelled": "modeled",
    "labelled": "labeled", "labelling": "labeling", "travelled": "traveled", "travelling": "traveling",
    "traveller": "traveler", "analyse": "analyze", "analysed": "analyzed", "analysing": "analyzing",
    "acknowledgement": "acknowledgment", "cheque": "check", "tonne": "ton", "aluminium": "aluminum",
}  # fmt: skip
_ISE = re.compile(
    r"(?P<root>organ|priorit|author|final|recogn|util|standard|central|minim|maxim|emphas|summar|categor|modern|custom|"
    r"formal|normal|public|legal|optim|real|special|stabil|subsid|item|digit|finan|character|critic|apolog|privat|"
    r"capital|synchron|harmon|incentiv|jeopard|material|mobil|monet|penal|revital|scrutin|alphabet|equal|general|"
    r"immun|local|national|neutral|popular|ration|steril)is(?=e|ing|ation)"
)


# What looks like an ending is none.
_UNCUT = words(
    "station mission portion section nation notion public proceed need exceed succeed feed speed indeed "
    "hundred seed deed breed region question position condition function"
)


def _american(word: str) -> str:
    if found := _BRITISH.get(word.removesuffix("s")):
        return found
    return _ISE.sub(r"\g<root>iz", word) if "is" in word else word


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Cut a lower-case word to the stem that its forms share: "completing", "completion" give "complet"."""
    word = word.removesuffix("'s").removesuffix("’s")
    word = _IRREGULAR.get(word, word)
    word = _american(word)
    if word.removesuffix("s") in _UNCUT:
        return word.removesuffix("s")
    if len(word) <= 3 or not word.isalpha():
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix, least in _SUFFIXES:
        base = word.removesuffix(suffix)
        if base != word and len(base) >= least and re.search("[aeiouy]", base):
            word = base[:-1] if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "lsz" else base
            break
    return word.removesuffix("e")


_STEMMED = {stem(word): stem(other) for word, other in _SYNONYMS.items()}
_STEMMED_GLUE = GLUE | {stem(word) for word in GLUE}


def is_past(low: str) -> bool:
    """Whether a word in lower case has the ending of the past."""
    return low.endswith("ed") and len(low) > 4 and low not in _UNCUT


@lru_cache(maxsize=20_000)
def lemma(word: str) -> str:
    """A word's stem, or that of the synonym which stands for it."""
    low = word.lower().replace("’", "'").strip("$")
    low = _NUMBERS.get(low, low)
    if low == "not":
        return low  # the stem of "note" is spelled so, too
    found = stem(low)
    return _STEMMED.get(found, found)


_TENS_AND_ONES = re.compile(rf"\b({'|'.join(_TENS)})-({'|'.join(_COUNTED[1:10])})\b", re.IGNORECASE)


def in_figures(text: str) -> str:
    """Write forty-eight as 48."""
    return _TENS_AND_ONES.sub(
        lambda found: str(
            int(_NUMBERS[found[1].lower()]) + int(_NUMBERS[found[2].lower()]),
        ),
        text,
    )


# What nearly every sentence says: who spoke, that something is planned, that there is a recommendation.
_COMMON = frozenset(
    lemma(word)
    for word in words(
        "say told confirm respond officials official staff representatives agency department bureau office "
        "commission administration board recommendation recommend address expect plan will aim hope target "
        "schedule continue work working effort action actions step process status remain open provide "
        "response "
        "complete completion date deadline timeline milestone"
    )
)


def content(text: str) -> frozenset[str]:
    """The stems of a text that carry its content: no function words, months, common talk or acronyms."""
    return frozenset(chain.from_iterable(map(_carried_by, text.split())))


@lru_cache(maxsize=50_000)
def _carried_by(piece: str) -> tuple[str, ...]:
    """Of what stands between two spaces: mostly it was met before."""
    return tuple(filter(None, map(_carried, TOKEN.findall(piece))))


@lru_cache(maxsize=20_000)
def _carried(token: str) -> str:
    """The stem of a word that carries content; "" for any other."""
    if token.isupper() and len(token) > 1 and token.isalpha():
        return ""  # who, not what
    low = token.lower()
    if low in GLUE or low in _MONTHS:
        return ""
    word = lemma(token)
    return word if word not in _COMMON and word not in _STEMMED_GLUE and len(word) > 1 else ""


_MONTHS = words(
    "january february march april may june july august september october november december jan feb mar "
    "apr jun "
    "jul aug sep sept oct nov dec fiscal calendar year quarter fy spring summer fall winter mid early "
    "late end"
)


def coverage(part: frozenset[str], whole: frozenset[str]) -> float:
    """The share of the first's words that the second has; 1.0 for no words."""
    return len(part & whole) / len(part) if part else 1.0


@lru_cache(maxsize=20_000)
def are_kin(one: str, other: str) -> bool:
    """Whether two stems are of one word: "vacant" and "vacancy", "decontaminate" and "decontamination"."""
    if one == other:
        return True
    least = max(_HEAD, min(len(one), len(other)) - 1)
    return one[:least] == other[:least] and one.isalpha() and other.isalpha()


def unmatched(part: frozenset[str], whole: frozenset[str]) -> frozenset[str]:
    """The words of the first of which the second has no form."""
    left = part - whole
    if not left:
        return left
    alike = _by_head(whole)
    return frozenset(
        word for word in left if not any(are_kin(word, other) for other in alike.get(word[:_HEAD], ()))
    )


_HEAD = 5  # letters that words of one kin share at least


@lru_cache(maxsize=500)
def _by_head(stems: frozenset[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in stems:
        found.setdefault(one[:_HEAD], []).append(one)
    return found
