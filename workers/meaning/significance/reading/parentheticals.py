"""Sentences told straight: what stands in their midst put before them, so that their clauses can be read.

"The rule will, according to officials, be issued" is read as "According to officials, the rule will be
issued". Only readings are made of it; what a signal quotes is the sentence as it stands.
"""

import re

_SPEAKER = (
    r"(?:(?:[Tt]he\s|[Ii]ts\s)?[A-Z][\w.&'’-]*(?:\s[\w.&'’-]+){0,5}?|(?:[a-z]+\s){0,2}?officials?|it|they|"
    r"(?:[Ii]ts|[Tt]he)\s(?:[\w-]+\s){0,2}?(?:officials|staff))"
)
_SAID = (
    r"(?:said|says|stated|states|explained|noted|reported|told\sus|informed\sus|wrote|indicated|estimates?|"
    r"estimated|expects?|expected|anticipates?|anticipated|observed|added|believes)"
)
_WHEN = (
    r"(?:\s(?:in|on)\s[A-Z][a-z]+\s(?:\d{1,2},\s)?(?:19|20)\d\d|\sin\s(?:an?|its|their)\s(?:[\w-]+\s){1,4}?)?"
)
_IN_MIDST = re.compile(
    rf",\s(?:(?:as\s)?(?P<who>(?!which\b|who\b|that\b){_SPEAKER})\s{_SAID}(?:\sto\sus|\sus)?{_WHEN}(?P<stop>[,.])"
    r"|(?:as\s)?according\sto\s(?P<source>[^,.;]{2,60}),(?!\s(?:which|who)\b)"
    r"|(?:in|by)\s(?:its|their)\s(?:\w+\s)?(?:estimate|estimation|view|judgment),)"
)
# Put last, it needs no second comma.
_SAID_LAST = (" said.", " stated.", " explained.", " us.", " noted.", " reported.", " wrote.", " indicated.")
_LOWER = re.compile(
    r"(?:The|An?|Its?|This|These|Those|In|On|As|By|For|Given|Owing|Since|Because|All|Some|Two|Three)\b"
)
_ONLY_WHEN = re.compile(r"(?:By|In|On|As of|During|Since)\s[^,]{3,40}(?:,\s\d{4})?|\s*")
# "For this reason, officials said, the …"
_SETS_OUT = re.compile(
    r"(?:For|At|In|On|As|Given|By|Since|During|Under|With|After|Before|However|Therefore|Nevertheless|Instead)\b"
    r"(?:(?!\b(?:is|are|was|were|has|have|had|will|would)\b).)*"
)
_STANDS = (
    r"(?P<stand>(?:(?:partially|generally|fully|partly)\s)?(?:concurred|agreed|disagreed|did\snot\s(?:concur|agree)|"
    r"neither\sagreed\snor\sdisagreed|nonconcurred)(?:\sin\spart)?\swith\s(?:this|the|our)\srecommendations?)"
)
_WHICH = re.compile(
    rf"^(?P<who>[^,;.]{{2,80}}),\s(?:which|who)\s(?P<had>had\s)?(?:also\s)?{_STANDS}(?P<rest>[^,;]{{0,60}}),\s(?!and\b)"
)
_DOING = re.compile(
    r"^(?P<verb>Agree|Concurr|Disagree)ing\swith\s(?P<it>(?:this|the|our)\srecommendations?)(?P<rest>[^,;]{0,60}),\s"
    r"(?P<who>(?:the\s)?[A-Z][^,;]{0,60}?)\s(?=(?:said|stated|explained|noted|told|reported|indicated|has|had|will|added|wrote|informed|described|pointed|issued)\b)"
)
_AMID = re.compile(
    r"^(?P<who>[^,;.]{2,80}),\s(?:while\s)?(?P<verb>agree|concurr|disagree)ing\swith\s(?P<it>(?:this|the|our)\srecommendations?)(?P<rest>[^,;]{0,60}),\s"
)
_BY_WHICH = re.compile(
    r"^(?P<who>[^,;.]{2,80}),\sby\swhich\s(?P<it>(?:this|the|our)\srecommendation)\swas\saccepted,\s"
)
_WITH_IT = re.compile(
    r"^With\s(?P<it>(?:this|the|our)\srecommendations?),?\s(?P<who>[A-Za-z][^,;.]{1,60}?)\s(?P<verb>(?:partially\s|generally\s)?(?:agreed|concurred|disagreed))\b"
)
# "NLRB, which had provided no comments when our report was issued, told us"
_NO_VIEW = re.compile(
    r"^(?P<who>[^,;.]{2,80}),\s(?:which|who)\shad\s(?:provided|offered|made|taken|expressed|stated|had)\sno\s(?:comments?|position|views?)\b"
    r"[^,;]*,\s(?=(?:told|informed|said|stated|wrote|notified)\b)"
)
# "Stating that the design is not mature, the Coast Guard said that"
_STATING = re.compile(
    r"^(?:Stating|Saying|Noting|Explaining|Adding)\sthat\s(?P<what>[^,;]{5,120}),\s(?P<who>(?:the\s)?[A-Z][^,;]{0,60}?|officials|it|they)\s"
    r"(?=(?:said|stated|told|informed|reported|estimated|expects?|plans)\b)"
)
_PAST = {"agree": "agreed", "concurr": "concurred", "disagree": "disagreed"}


def straight(text: str) -> str:
    """The sentence with nothing in its midst; itself where nothing is."""
    if "recommendation" in text:
        text = _position_first(text)
    if text[:1] in "SNEA" and (found := _STATING.match(text)):
        text = f"{_upper(found['who'])} stated that {found['what']} and {text[found.end() :]}"
    if "which had " in text or "who had " in text:
        text = _NO_VIEW.sub(lambda at: f"{at['who']} ", text)
    if "," in text and (text.count(",") > 1 or text.endswith(_SAID_LAST) or text[-2:-1].isdigit()):
        text = _source_first(text)
    return text


def _position_first(text: str) -> str:
    if ", which " in text or ", who " in text:
        text = _WHICH.sub(lambda at: f"{at['who']} {at['had'] or ''}{at['stand']}{at['rest']} and ", text)
    elif ", by which " in text:
        text = _BY_WHICH.sub(lambda at: f"{at['who']} accepted {at['it']} and ", text)
    if "ing with " in text:
        text = _DOING.sub(
            lambda at: f"{_upper(at['who'])} {_PAST[at['verb'].lower()]} with {at['it']}{at['rest']} and ",
            text,
        )
        text = _AMID.sub(lambda at: f"{at['who']} {_PAST[at['verb']]} with {at['it']}{at['rest']} and ", text)
    if text.startswith("With "):
        text = _WITH_IT.sub(lambda at: f"{_upper(at['who'])} {at['verb']} with {at['it']}", text)
    return text


def _source_first(text: str) -> str:
    found = _IN_MIDST.search(text)
    if not found or _ONLY_WHEN.fullmatch(text[: found.start()]):
        return text
    rest = text[found.end() :]
    ended = found["stop"] == "."
    if ended and rest.strip():
        return text
    source = found["who"] or found["source"] or "officials"
    if source in {"it", "they"}:
        source = "officials"
    before = text[: found.start()]
    if _SETS_OUT.fullmatch(before):
        before += ","
    before = before[0].lower() + before[1:] if _LOWER.match(before) else before
    return f"According to {source}, {before}{'.' if ended else rest}"


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]
