"""Which dates of a narrative only say when GAO last looked, or was last told how things stand."""

import re

from workers.meaning.significance.reading.dates import Mention
from workers.meaning.significance.reading.prefilters import has_any, lowered

_LOOK = re.compile(
    r"\b(?:we|GAO)\s(?:\w+\s)?(?:last\s)?(?:confirmed|checked|verified|reviewed|found|determined|"
    r"followed\sup|looked|updated|assessed|"
    r"contacted|noted|observed|concluded|reported)\b|\b(?:our|GAO['’]s)\s(?:\w+\s){0,2}(?:review|update|"
    r"follow-?up|check|assessment)\b"
    r"|^[\[(]?Reviewed\b|\b(?:last|status)\s(?:updated|update|reviewed|checked)\b"
    r"|\b(?:we|GAO)\s(?:last|most\srecently)\s(?:asked|requested|heard|spoke|met|inquired|reviewed)\b"
    r"|\b(?:this|the|our)\srecommendation\s(?:remained|remains|was|is)\s(?:still\s)?(?:open|unimplemented)\b",
    re.IGNORECASE,
)
# What figures are of, or a rule holds from, is not when somebody looked.
_AS_OF = re.compile(
    r"(?<!data )(?<!effective )(?<!figures )(?<!information )(?<!estimates )(?<!estimate )(?<!balance )"
    r"(?<!effect )(?<!dollars )(?<!costs )(?<!counts )"
    r"\bas\sof\s(?:the\s(?:end\sof\s)?|our\slast\s\w+\sin\s)?$",
    re.IGNORECASE,
)
_SPEAKING = (
    r"(?:(?:told|informed|advised|notified)\s(?:us|GAO)|confirmed|said|stated|indicated|noted|reiterated|"
    r"explained|acknowledged|reported\s(?:that|to\sus)|reported(?=\s(?:it|they|having|no)\b))"
)
# "In May 2025, officials told us", "officials confirmed this to us in May 2025": GAO asked them then.
_THEN_SAID = re.compile(rf",?\s(?:(?!\w+ed\b|and\b)[\w.&'’()-]+\s){{1,9}}?(?:also\s|again\s)?{_SPEAKING}\b")
_SAID_THEN = re.compile(
    rf"^(?:(?!\w+ed\b|and\b)[\w.,&'’()-]+\s){{1,14}}?(?:also\s|again\s)?{_SPEAKING}"
    r"(?:\sthis|\sthat|\sto\sus|\sus)*\s(?:in|on|as\sof)\s(?:the\s)?$"
)
_TELLING = (
    "told", "inform", "advis", "notif", "confirm", "said", "state", "indicate", "note", "reiterate", "expl",
    "acknow", "report",
)  # fmt: skip
_LOOKING = ("we ", "gao", "our ", "reviewed", "last", "status", "recommendation", "update")
UNTIL = ("by", "before", "until", "than", "the")
_BY = re.compile(
    r"\b(?:by|before|until|no later than|not later than|on or before)\s+(?:the\s+)?$", re.IGNORECASE
)
_UPDATE = re.compile(r"\s(?:status\s)?update[\])]", re.IGNORECASE)


def is_review(sentence: str, mention: Mention) -> bool:
    """Whether a date is the one on which GAO last looked."""
    ahead = sentence[: mention.start]
    low = lowered(sentence)
    if "as of" in low and _AS_OF.search(ahead):
        rest = sentence[mention.stop : mention.stop + 120]
        return not re.match(
            r",?\s(?!which\b|how\b|whether\b|what\b)(?:\w+\s){1,4}?will\s(?!need|be\sable)", rest
        ) or bool(re.search(r"\b(?:said|stated|plans)\b", rest))
    if has_any(low, _TELLING) and _is_of_speech(sentence, mention, ahead):
        return True
    if ahead in {"(", "["} and _UPDATE.match(sentence, mention.stop):
        return True
    if not has_any(low, _LOOKING) or is_by(ahead) or not _LOOK.search(sentence):
        return False
    if ahead.strip(" [(") in {"Reviewed", "Updated"} or _UPDATE.match(sentence, mention.stop):
        return True
    # The look's own date opens the sentence or follows its verb at once.
    return (
        bool(re.fullmatch(r"(?:in|on|during|at\sthe)\s", ahead, re.IGNORECASE))
        or bool(re.search(_LOOK.pattern + r"[^,;]{0,40}\b(?:in|on|as of)\s$", ahead, re.IGNORECASE))
        or bool(re.search(r"\b(?:our|at the time of our)\s$", ahead, re.IGNORECASE))
    )


def _is_of_speech(sentence: str, mention: Mention, ahead: str) -> bool:
    """Whether it is the date on which somebody told GAO how things stand."""
    if re.fullmatch(r"(?:in|on|during)\s", ahead, re.IGNORECASE):
        return bool(_THEN_SAID.match(sentence, mention.stop))
    return bool(_SAID_THEN.search(ahead))


def is_by(ahead: str) -> bool:
    """Whether the words ahead of a date make it a limit: "by", "before"."""
    return ends_with(ahead, UNTIL) and bool(_BY.search(ahead))


def ends_with(text: str, endings: tuple[str, ...]) -> bool:
    """Whether a text, white space and case aside, ends with one of some short endings."""
    return lowered(text.rstrip()[-8:]).endswith(endings)
