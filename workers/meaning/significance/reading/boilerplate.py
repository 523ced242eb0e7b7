"""Stock sentences: the boilerplate, and GAO's promises to go on looking, which say nothing of the agency."""

import re

from monitor.record.folding import is_boilerplate
from workers.meaning.sentences import words

_PROMISE = re.compile(
    r"""^(?:(?:once|when|after|as|until)\b[^.]{0,200}?,\s)?(?:we|GAO)\s
        (?:(?:will|plan\sto|intend\sto|are\sgoing\sto)\s(?:continue\sto\s|also\s)*
            (?:monitor|track|follow|update|provide\s(?:an\s)?updated?|provide\sthe\sstatus|
              review|assess|evaluate|
               reassess|determine|keep|consider\sclosing|revisit|verify)
          |(?:will\s)?continue\s(?:to\s(?:monitor|track|follow)|(?:monitor|track|follow)ing))\b""",
    re.IGNORECASE | re.VERBOSE,
)
# Each begins with a letter, for which the engine looks fast, and not with the bound before it.
_BY_GAO = re.compile(r"(?:We(?<!\wWe)|we(?<!\wwe)|GAO(?<!\wGAO))\b")
_DATED = re.compile(r"\b(?:19|20)\d\d\b")


_STATUS = re.compile(r"^The status of (?:this|the) recommendation will be updated\b")


# Signs that become others when a text is folded, and no letters.
_ODD = re.compile("[^\x00-\x7f\u2013\u2014\u2018\u2019\u201c\u201d\u2022]")


def may_be_boilerplate(sentence: str, low: str) -> bool:
    """Whether a sentence, its white space folded, holds words of the boilerplate; `low` is it in lower case.

    Where folding could make letters out of other signs the answer is yes.
    """
    if "updated information" in low or "&" in sentence:
        return True
    return not sentence.isascii() and bool(_ODD.search(sentence))


_TURNED = re.compile(
    r"We will provide updated information (?:when|once|after|as soon as) we (?:confirm|verify)\b"
)

# No other words than these: "Once what was done has been confirmed, updated information will be provided".
_ITS_WORDS = words(
    "when once after as soon we have has been are is confirm confirmed verify verified determine determined "
    "what which the any actions action steps agency department took taken by in response responding to this "
    "our recommendation address implement implementing updated information will be provided provide posted "
    "post it that"
)
_PROVIDED = re.compile(
    r"\bupdated information will be (?:provided|posted)\b|\bwe will (?:provide|post) updated information\b"
)
_CONFIRMED = re.compile(
    r"\b(?:confirm|verif|determin)[\w ]*\b(?:actions?|steps)\b"
    r"|\bactions?\b[\w ]*\b(?:confirm|verifi|determin)ed\b"
)
_WORD = re.compile(r"\w+")


def is_turned_boilerplate(sentence: str) -> bool:
    """Whether a sentence is the boilerplate in another order, or in the passive."""
    if "pdated information" not in sentence:
        return False
    low = sentence.lower()
    if _TURNED.match(sentence):
        return True
    own = _PROVIDED.search(low) and _CONFIRMED.search(low) and "tak" in low.replace("took", "take")
    return bool(own) and _ITS_WORDS.issuperset(_WORD.findall(low))


def is_stock(sentence: str) -> bool:
    """Whether a sentence only says that GAO will go on looking."""
    if _STATUS.match(sentence) or is_turned_boilerplate(sentence):
        return True
    if not _BY_GAO.search(sentence):
        return False
    text = " ".join(sentence.split())
    return is_boilerplate(text) or bool(_PROMISE.match(text) and not _DATED.search(text))
