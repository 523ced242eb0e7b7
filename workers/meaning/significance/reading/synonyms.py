"""What stands for the same in the language of these narratives: single words, and phrases.

Only what an analyst would not call news: words for how sure, how far, how many or how long something is
stand by themselves, and so do those for what is planned, under way and done.
"""
# ruff: noqa: E501 (a table: what is said alike stands in one line)

import re

from workers.meaning.sentences import words
from workers.meaning.significance.reading.wordforms import lemma

# Each line: words for one thing, the first standing for all.
_ALIKE = """
examine exam examination review study look explore assess evaluate analyze analysis analyse scrutinize inquire
prepare draft write formulate compose
develop devise build design creation create
conduct perform implement undertake execute
complete completion finalize finalise conclude
issue publish release issuance publication
provide supply furnish give share
obtain get acquire receive
buy purchase procure procurement
hire recruitment
send transmit forward
collect gather compile collection
ask request inquire
answer reply respond response
choose select pick choice selection
show demonstrate
keep kept retain
fix correct rectify remedy
help assist aid assistance
delay slow
postpone defer
lack shortage
rest remainder remain remaining other
frequent often frequently
seldom rarely infrequently
reluctant hesitate hesitant
contend assert argue maintain claim
await wait pending
many numerous
decide decision determine determination
remove removal
approve approval
propose proposal
submit submission
close closure
fail failure
respond response
comply compliance
deliver delivery
know knew known knowledge aware
differ difference different
responsible responsibility
available availability
reliable reliability
accurate accuracy
require requirement necessary
begin start commence initiate
use utilize employ usage
vacant unfilled
whether if
big large
location site
cost expense
method methodology
topic subject
bar prohibit forbid
allow permit
enough sufficient adequate
believe belief view opinion consider regard deem think weigh
happen occur
change alter amend modify
record log
catalog catalogue
label labelled labelled
lower reduce decrease reduction
raise increase
monitor track
purpose aim
plan intention intent
main primary principal
important significant
rapid quick fast
wrong incorrect
warn caution
old age
outcome consequence result
goal objective
impact effect
duty obligation
barrier obstacle hurdle impediment
error mistake
oppose object opposition objection
encourage urge
describe outline description
list name enumerate
combine merge consolidate
divide split
expand widen broaden
verify confirm
cite mention
assign allocate
distribute disseminate
reach attain achieve
satisfy fulfill
halt cease
hamper hinder impede
speed expedite
emphasize stress underscore
rely depend reliance
link connect
similar alike comparable
typical usual usually typically generally normally ordinarily
entire whole overall
figure number
proportion percentage
ship vessel
physician doctor
lawyer attorney
purchaser buyer
house home dwelling
region area
timetable schedule timeline timeframe
oversee supervise oversight supervision
fatality death
crash accident collision
shortcoming deficiency weakness
improve enhance improvement enhancement
consistent uniform
inconsistent uneven
clear plain
explain explanation
encounter face
owe due
inspect inspection
calculate compute calculation
count tally
estimate estimation
judge judgment
speak talk
discuss discussion
consult consultation
prioritize priority
equal equally same
importance important
notify alert
separate separately
various varied
enter input
exchange swap
appropriate suitable proper
particular specific
soon shortly
temporary interim provisional
helpful help
harmful detrimental
possible feasible feasibility
voluntary optional
mandatory compulsory obligatory
costly expensive
cheap inexpensive
hard difficult difficulty
easy simple
distant remote
near nearby
empty unoccupied
full complete
outside external
inside internal
upkeep maintenance
transport carry
telephone phone call
leave left omit
complex complexity
lose lost loss
participate participation
person people individual
"""
# Modals and adverbs that mean the same; what is only manner of speaking is nothing.
_EXACT = {
    "would": "will", "shall": "will", "might": "may", "ought": "should", "toward": "", "towards": "", "yet": "",
    "already": "", "presently": "", "present": "", "existing": "", "thus": "", "therefore": "", "hence": "",
    "accordingly": "", "thereby": "", "own": "", "themselves": "", "itself": "", "such": "", "so": "",
    "following": "", "namely": "", "specifically": "", "respectively": "", "both": "", "although": "",
    "though": "", "but": "", "however": "", "while": "", "whilst": "", "whereas": "", "by": "", "for": "",
    "from": "", "among": "", "amongst": "", "who": "", "whom": "", "whose": "", "than": "than",
    "into": "", "upon": "", "within": "", "under": "", "through": "", "via": "", "do": "", "did": "",
    "does": "", "done": "do", "doing": "do", "his": "", "her": "", "my": "", "one's": "", "together": "",
    "state": "STATE", "states": "STATE", "stating": "say", "according": "say", "gao": "GAO", "we": "GAO",
    "gao's": "", "states'": "STATE", "state's": "STATE", "about": "", "regarding": "", "concerning": "",
    "department": "", "bureau": "", "commission": "", "administration": "", "service": "",
    "corporation": "", "representatives": "", "representative": "", "data": "data", "it's": "",
    "can": "able", "therein": "", "thereof": "", "report": "report", "reports": "report",
    "current": "current", "all": "each", "any": "any", "attribute": "say", "attributes": "say", "attributed": "say", "ascribe": "say", "ascribed": "say", "additional": "more", "each": "each", "every": "each", "now": "", "then": "", "more": "more",
    "further": "", "addition": "", "certain": "certain", "various": "various", "several": "some",
    "will": "will", "may": "may", "out": "out", "team": "", "lies": "", "lie": "", "back": "back",
    "because": "", "cause": "", "causes": "", "caused": "", "causing": "", "since": "since", "with": "", "without": "without", "new": "new",
    "majority": "most", "us": "", "our": "", "percent": "%", "prior": "befor", "up": "up", "over": "over",
    "ones": "", "something": "", "thing": "", "things": "", "what": "", "finally": "", "lastly": "", "having": "", "when": "when", "where": "", "whereby": "", "as": "", "be": "", "it": "",
}  # fmt: skip
_PHRASES: tuple[tuple[str, str], ...] = (
    # Not able, not so
    (r"(?:(?:is|are|was|were|be|been)\s)?(?:un|not\s)able\sto|cannot|can\snot|could\snot|(?:an?\s|its\s|their\s|the\s)?inability\sto", " not able "),
    (r"inability\sof", " not able "),
    (r"(?:has|have|had|is|are|was|were)\syet\sto", " not "),
    (r"(?:does|do|did|has|have|had)\snot\s(?:have|had|possess)(?:\s(?:an?|any|the)\b)?", " no "),
    (r"there\s(?:is|are|was|were)\s(?:no|not\sany|not\san?)", " no "),
    (r"un(?=(?:reliable|available|aware|clear|certain|sure|likely|necessary|implemented|resolved|addressed|documented|changed|filled|successful|willing|safe|known|signed|published|finished|tested|staffed|verified|approved|answered|used|paid|repaired|inspected|reported|met|completed|finalized|funded)\b)", " not "),
    (r"in(?=(?:complete|accurate|consistent|effective|sufficient|adequate|eligible|correct)\b)", " not "),
    (r"non(?=(?:compliant|compliance|responsive)\b)", " not "),
    # Why, what for
    (r"because\sof|due\sto(?:\sthe\sfact\sthat)?|owing\sto|on\saccount\sof|as\sa\sresult\sof|as\sa\sconsequence\sof|(?:for|because\sof)\s(?:this|that)(?:\sreason)?\b(?=\s(?:it|the|they))|(?<!ever\s)since(?!\sthen|\s(?:it|they|the\s\w+)\s(?:was|were)\s\w+ed|\s+[,.]|\s*$)", " "),
    (r"so\sas\sto|with\sthe\saim\sof|for\sthe\spurpose\sof", " to "),
    # When, how often
    (r"at\sthis\s(?:point\sin\s)?time|at\sthis\spoint|at\s(?:the\s)?present(?:\stime)?|at\sthe\smoment|to\sdate|(?:thus|so)\sfar|as\syet|by\snow", " "),
    (r"on\san\sannual\sbasis|(?:each|every|per)\syear|annually|yearly|once\sa\syear", " yearly "),
    (r"on\sa\smonthly\sbasis|(?:each|every|per)\smonth|once\sa\smonth", " monthly "),
    (r"on\sa\squarterly\sbasis|(?:each|every|per)\squarter", " quarterly "),
    (r"(?:once\s)?every\s(?:three|3)\smonths|quarterly", " quarterly "),
    # How many
    (r"at\smost", " nomore "),
    (r"at\sleast", " atleast "),
    (r"a\stotal\sof", " "),
    (r"(?:exceed(?:s|ed|ing)?|above)(?=\s\$?\d)", " more than "),
    (r"one\sin\sfive|20\s(?:percent|%)|a\sfifth\sof|one-fifth", " fifth "),
    (r"one\sin\sfour|25\s(?:percent|%)", " quarter "),
    (r"75\s(?:percent|%)|three\s(?:out\sof|in)\sfour|three[-\s]fourths", " three quarter "),
    (r"(?:the|a)\smajority\sof", " most "),
    (r"a\slarge\snumber\sof", " many "),
    (r"a\snumber\sof", " some "),
    (r"over(?=\s\$?\d)|in\sexcess\sof", " more than "),
    (r"no\s(?:fewer|less)\sthan|a\sminimum\sof", " atleast "),
    (r"(?:approximately|roughly|around|about)(?=\s(?:\$?\d|(?:one|two|three|four|half|a\s(?:third|quarter|fifth|half))\b))", " nigh "),
    (r"almost|close\sto", " nearly "),
    (r"one[-\s]half|a\shalf", " half "),
    (r"one[-\s]third|a\sthird\sof", " third "),
    (r"one[-\s]quarter|a\squarter\sof", " quarter "),
    # Under way
    (r"(?:is|are|was|were|remain(?:s|ed)?)\s(?:\w+\s)?(?:ongoing|on-going|under\s?way|in\sprogress|in\sprocess)", " is ONGOING "),
    (r"under(?=\s(?:review|consideration|development|discussion|study|construction|revision|evaluation|negotiation|way)\b)", " being ONGOING "),
    (r"(?:(?:is|are|was|were)\s)?continu(?:es?|ed|ing)\sto(?=\s[a-z]+\b)", " ONGOING "),
    (r"in\sthe\s(?:process|course)\sof", " "),
    # Who said
    (r"accept(?:s|ed)?(?=\s(?:the|this|our)\srecommendation)|(?<=recommendation\swas\s)accepted", " concurred "),
    (r"staff(?=\s(?:said|stated|told|reported|noted|indicated|informed)\b)", " "),
    (r"the\s(?:agency|department|bureau|division|office|commission|service|administration|corporation|board)(?:['’]s)?(?!\s(?:of|for)\b)(?=[\s.,;])", " "),
    (r"to\s(?:this\send|do\s(?:so|this))", " "),
    (r"50\s(?:percent|per\scent|%)", " half "),
    (r"(?:we|GAO)\shave\snot\s(?:yet\s)?been\s(?:informed|told|advised|notified)\sby", " not say "),
    (r"(?:we|GAO)\s(?:was|were)\s(?:informed|told|advised|notified)\sby", " say "),
    (r"(?:according\sto|as\s(?:stated|reported)\sby)", " say "),
    (r"is\sof\sthe\s(?:view|opinion)\sthat|takes\sthe\sview\sthat|remains?\sof\sthe\s(?:view|opinion)\sthat", " believes "),
    (r"(?:is|are|was|were)\s(?:also\s)?going\sto", " will "),
    (r"working\s(?:up)?on(?=\s(?:an?|its|the)\s)", " developing "),
    (r"(?<=['’]s\s)position(?=\sthat\b)", " believes "),
    (r"(?:is|are|was|were)\slacking", " not "),
    (r"older(?=\sthan\b)", " old more "),
    (r"(?<!no\s)longer(?=\sthan\b)", " long more "),
    (r"the\slength\sof\stime(?:\sthat)?", " how long "),
    (r"further(?=\s(?:testing|work|review|analysis|information|action|guidance|steps|study|research|training|details|funds|staff|time)\b)", " more "),
    (r"whether\s(?:(?:it|they)\sshould|to)(?=\s)", " whether "),
    (r"one(?=\s(?!of\b|in\b|third|half|quarter)[a-z]+\s(?:told|said|stated)\b)", " a "),
    (r"keep(?:s|ing)?\strack\sof", " track "),
    (r"(?:conduct|perform|undertake|conducted|performed|undertaken)\san?\s(?=(?:analysis|review|assessment|study|evaluation|survey|audit|inventory)\b)", " "),
    (r"in\sour\s(?:view|opinion)", " GAO believes "),
    (r"(?:think|thinking|thinks)\sabout", " consider "),
    (r"less\sthan(?=\s\$?\d)|(?:below|under)(?=\s\$?\d)|fewer\sthan(?=\s\$?\d)", " less than "),
    (r"(?<=\d)\sor\smore", " atleast "),
    (r"(?:made|make|makes|reached?|come\sto|came\sto)\sno\sdecision", " not decided "),
    (r"(?:made|make|makes|making|reached?|come\sto|came\sto)\s(?:a|any)\sdecision", " decided "),
    (r"see(?=\s(?:if|whether)\b)", " determine "),
    (r"(?:had|has|have)\sno\splans?\sto|(?:do|does|did)\snot\s(?:plan|intend)\sto|(?:has|have|had)\sno\sintention\s(?:to|of)", " not plan "),
    (r"(?:has|have|had)\snot\s(?:set|given|provided|established)\s(?:a|any)\s(?:date|time\sframe|timeframe|timeline|deadline|timetable)|gave\sno\s(?:date|time\sframe|timeframe)|(?:does|do|did)\snot\s(?:have|give|provide)\s(?:a|any)\s(?:date|time\sframe|timeframe|timeline|deadline|timetable)|(?:did|does)\snot\ssay\s(?:when|by\swhat\sdate)|(?:has|have)\sno\s(?:date|time\sframe|timeframe|timeline|deadline|timetable)|no\s(?:date|time\sframe|timeframe|timeline|deadline|timetable)\s(?:has|had|have)\sbeen\s(?:set|established|given|provided)", " not date "),
    # What is done
    (r"tak(?:es?|ing)\spart", " participate "),
    (r"lack(?:s|ed)?(?!\sof\b)(?<!\ba\slack)(?<!\bthe\slack)(?:\s(?:an?|any)\b)?", " no "),
    (r"hold(?:s|ing)?(?=\s(?:\w+\s)?meetings?\b)|put\son(?=\shold)", " "),
    (r"same(?=\s(?:officials?|staff|source)\b)", " "),
    (r"looks?(?:ing)?\s(?:in)?to(?=\s)|look(?:ing)?\s(?:at|over)", " examining "),
    (r"looked\s(?:into|at|over)", " examined "),
    (r"(?:draw|drew|drawn)\sup", " prepared "),
    (r"drawing\sup", " preparing "),
    (r"(?:take|took|taken|bring|brought)\son(?=\s(?:\w+\s){0,3}?(?:\w+s|staff)\b)", " hired "),
    (r"(?:carried|put)\sout|put\sin(?:to)?\s(?:place|effect|operation|practice)", " implemented "),
    (r"carr(?:y|ies)\sout", " implement "),
    (r"carrying\sout", " implementing "),
    (r"held\sup|slowed(?:\sdown)?", " delayed "),
    (r"put\soff", " postponed "),
    (r"made\suse\sof|makes?\suse\sof", " use "),
    (r"set(?:ting)?\sup", " established "),
    (r"find(?:s|ing)?\sout", " determine "),
    (r"(?:is|are|was|were)\sto(?=\s(?!us\b)[a-z]+)", " will "),
    (r"accounts?\sfor|makes?\sup|constitutes?", " represents "),
    (r"is\sin\sa\sposition\sto|would\sbe\sin\sa\sposition\sto", " able "),
    (r"up[-\s]to[-\s]date", " current "),
    (r"out[-\s]of[-\s]date", " outdated "),
    (r"has\sto|have\sto|had\sto", " must "),
    (r"lies?\swith|rests?\swith", " "),
    (r"on\sa\sregular\sbasis", " regularly "),
    (r"and/or", " or "),
    (r"as\swell(?!\sas)|as\swell\sas|in\saddition(?:\sto)?|along\swith|together\swith", " "),
    (r"with\s(?:respect|regard)\sto|in\s(?:regard|relation)\sto|relat(?:ed|ing)\sto|pertaining\sto|as\sto", " "),
    (r"the\sfollowing|the\sfact\sthat|(?:has|have|had)?\sdone\sso|do(?:es|ing)?\sso|in\sorder\s(?:to|that)", " "),
    (r"(?<=\w\s)(?:officials?|representatives?|staff)\s(?:from|of|at|with)\s(?:the\s)?", " "),
    # Citations
    (r"code\sof\sfederal\sregulations|C\.?F\.?R\.?", " CFR "),
    (r"(?:united\sstates|u\.?s\.?)\scode|u\.s\.c\.", " USC "),
    (r"title(?=\s\d)|section(?=\s\d)|sec\.(?=\s\d)|§", " "),
    (r"public\slaw|pub\.\sl\.(?:\sno\.)?", " PL "),
)  # fmt: skip

PHRASE = re.compile(
    "|".join(
        rf"(?<![\w'’-])(?P<p{index}>{pattern})(?![\w])" if pattern[-1] != ")" or "(?=" not in pattern
        else rf"(?<![\w'’-])(?P<p{index}>{pattern})"
        for index, (pattern, _) in enumerate(_PHRASES)
    ),
    re.IGNORECASE,
)  # fmt: skip


def plainly(text: str) -> str:
    """The text with every phrase replaced by the plain word that stands for it."""
    return PHRASE.sub(lambda match: _PHRASES[int((match.lastgroup or "p0")[1:])][1], text)


def _merged() -> dict[str, str]:
    """Each lemma to the one that stands for it and its like."""
    merged: dict[str, str] = {}
    for line in _ALIKE.strip().splitlines():
        head, *others = (lemma(word) for word in line.split())
        for other in others:
            merged.setdefault(other, merged.get(head, head))
    return merged


_MERGED = _merged()
STATIVE = frozenset(lemma(word) for word in words("await wait lack need require pend remain"))


def canonical(low: str) -> str:
    """The lemma that stands for a word in lower case and all that mean the same; "" for one without meaning."""
    exact = _EXACT.get(low)
    if exact is not None:
        return exact
    found = lemma(low)
    if found.endswith("i") and len(found) > 4:
        found = found[:-1] + "y"  # "verified" and "verify"
    return _MERGED.get(found, found)


def merged(stem: str) -> str:
    """The stem that stands for one and all that mean the same."""
    return _MERGED.get(stem, stem)
