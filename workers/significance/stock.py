"""Stock sentences: the boilerplate, and GAO's promises to go on looking, which say nothing of the agency."""

import re

from monitor.record.folding import is_boilerplate

_PROMISE = re.compile(
    r"""^(?:(?:once|when|after|as|until)\b[^.]{0,200}?,\s)?(?:we|GAO)\s
        (?:(?:will|plan\sto|intend\sto|are\sgoing\sto)\s(?:continue\sto\s|also\s)*
            (?:monitor|track|follow|update|provide\s(?:an\s)?updated?|provide\sthe\sstatus|
              review|assess|evaluate|
               reassess|determine|keep|consider\sclosing|revisit|verify)
          |continue\sto\s(?:monitor|track|follow))\b""",
    re.IGNORECASE | re.VERBOSE,
)
_BY_GAO = re.compile(r"\b(?:[Ww]e|GAO)\b")
_DATED = re.compile(r"\b(?:19|20)\d\d\b")


_STATUS = re.compile(r"^The status of (?:this|the) recommendation will be updated\b")


def is_stock(sentence: str) -> bool:
    """Whether a sentence only says that GAO will go on looking."""
    if _STATUS.match(sentence):
        return True
    if not _BY_GAO.search(sentence):
        return False
    text = " ".join(sentence.split())
    return is_boilerplate(text) or bool(_PROMISE.match(text) and not _DATED.search(text))
