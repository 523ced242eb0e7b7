"""What the same words can say by standing otherwise, looked at only where two passages have the same words.

Who acts on whom, what is the cause of what, what came from where, what is done and what was.
"""

import re
from collections.abc import Iterator, Set

from workers.meaning.sentences import split_sentences, words
from workers.meaning.significance.reading.actors import Cast
from workers.meaning.significance.reading.clauses import Sentence, read_sentences
from workers.meaning.significance.reading.synonyms import canonical
from workers.meaning.significance.reading.wordforms import GLUE, TOKEN

_CAUSE = re.compile(
    r"\b(?:because|due\sto|owing\sto|on\saccount\sof|given\sthat|as\sa\s(?:result|consequence)|therefore|thus|hence|"
    r"consequently|for\s(?:this|that)\sreason|since\s(?=(?:it|they|the|its|their|there)\b)|so\s(?=(?:it|they|the)\b))",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"\b(?:although|though|but|however|while|whereas|despite|in\sspite\sof|nevertheless|notwithstanding|yet,)\b",
    re.IGNORECASE,
)
_BECAUSE = re.compile(
    r"\b(?:because(?:\sof)?|due\sto|owing\sto|on\saccount\sof|given\sthat|since\s(?=(?:it|they|the|its|their|there)\b))"
    r"(?P<why>[^,;.]*)",
    re.IGNORECASE,
)
_SO = re.compile(
    r"(?:,\s(?:and\s)?(?:so|thus|therefore|hence)\b|[,;.]\s(?:for\s(?:this|that)\sreason|as\sa\sresult|therefore|thus|consequently)\b)",
    re.IGNORECASE,
)
_FROM_TO = re.compile(
    r"\b(from|to|into)\s(?:(?:the|an?|its|their|all|each)\s)?([A-Za-z][\w&-]*)", re.IGNORECASE
)
_PASSIVE_VERB = (
    r"\s(?:not\s|also\s|\w+ly\s)*(\w{3,}ed|sent|held|made|built|kept|written|given|taken|shown|told|paid)\b"
)
_IS_DONE = re.compile(rf"\b(?:is|are){_PASSIVE_VERB}")
_WAS_DONE = re.compile(rf"\b(?:was|were|(?:has|have|had)\sbeen){_PASSIVE_VERB}")
# Of these "is" and "was" make no odds: they are states, or what somebody says they were.
_STATES = frozenset(
    map(
        canonical,
        (
            "required", "needed", "located", "expected", "planned", "scheduled", "concerned", "limited",
            "based", "designed", "intended", "involved", "related", "interested", "supposed", "committed",
            "unchanged", "authorized", "delayed", "completed", "finished", "closed", "included",
        ),
    )
)  # fmt: skip
_VERB = re.compile(
    r"(?:(?:has|have|had|will|would|can|could|may|might|must|should|do|does|did|cannot)\s)?(?:not\s|also\s|yet\s|to\s|\w+ly\s)*"
    r"(?P<be>(?:(?:is|are|was|were|be|been|being)\s)?)(?:not\s|also\s|yet\s|\w+ly\s)*(?P<verb>[a-z]{4,})\b"
)
_PARTICIPLE = re.compile(r"(?:ed|sent|held|made|built|kept|written|given|taken|shown|told|paid|drawn|done)$")
_NOBODY = words(
    "agency department bureau commission office official officials staff it they he she we us whether if"
)
_BY = re.compile(r"\bby\s((?:the\s|an?\s)?[A-Za-z][^,.;]*)")


def contradict(old: str, new: str) -> bool:
    """Whether two passages that have the same words, their dates taken out, set them in other relations."""
    if _joined_otherwise(old, new) or _caused_otherwise(old, new):
        return True
    if _moved_otherwise(old, new) or _timed_otherwise(old, new):
        return True
    return _acted_otherwise(old, new)


def _joined_otherwise(old: str, new: str) -> bool:
    """Whether one gives a reason where the other makes a contrast."""
    why, why_too = bool(_CAUSE.search(old)), bool(_CAUSE.search(new))
    yet, yet_too = bool(_CONTRAST.search(old)), bool(_CONTRAST.search(new))
    return (why and not yet and yet_too and not why_too) or (why_too and not yet_too and yet and not why)


def _words(text: str) -> frozenset[str]:
    low = (token.lower() for token in TOKEN.findall(text))
    return frozenset(
        filter(None, (canonical(word) for word in low if word not in GLUE and word not in _NOBODY))
    )


def _reason(text: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """The words of the one reason that a text gives, and those of what it is the reason of."""
    found = list(_BECAUSE.finditer(text))
    if len(found) == 1:
        sentence = next((s for s in split_sentences(text) if found[0][0] in s), text)
        return _words(found[0]["why"]), _words(sentence.replace(found[0][0], " "))
    parts = _SO.split(text)
    if found or len(parts) != 2:
        return None
    return _words(list(split_sentences(parts[0]))[-1]), _words(next(iter(split_sentences(parts[1])), ""))


def _caused_otherwise(old: str, new: str) -> bool:
    one, other = _reason(old), _reason(new)
    if one is None or other is None:
        return False
    (why, then), (why_too, then_too) = one, other
    straight = len(why & why_too) + len(then & then_too)
    return len(why & then_too) + len(then & why_too) > straight


def _moved_otherwise(old: str, new: str) -> bool:
    """Whether what came from somewhere now goes there."""
    ends: list[dict[str, set[str]]] = []
    for text in (old, new):
        places: dict[str, set[str]] = {"from": set(), "to": set()}
        for word, place in _FROM_TO.findall(text):
            places["from" if word.lower() == "from" else "to"].add(canonical(place.lower()))
        ends.append(places)
    one, other = ends
    turned = (one["from"] & other["to"] - other["from"]) | (one["to"] & other["from"] - other["to"])
    return bool(turned - {""})


def _timed_otherwise(old: str, new: str) -> bool:
    """Whether what "is sent" was sent."""

    def verbs(pattern: re.Pattern[str], text: str) -> set[str]:
        return {canonical(verb.lower()) for verb in pattern.findall(text)} - _STATES

    now, now_too = verbs(_IS_DONE, old), verbs(_IS_DONE, new)
    then, then_too = verbs(_WAS_DONE, old), verbs(_WAS_DONE, new)
    return bool((now & then_too - now_too - then) | (now_too & then - now - then_too))


def _acted_otherwise(old: str, new: str) -> bool:
    """Whether who did something has become whom it was done to, or both have exchanged their places."""
    doing, doing_too = dict(_doings(old)), dict(_doings(new))
    every, every_too = _words(old), _words(new)
    for verb in (doing.keys() & doing_too.keys()) - {"say"}:
        (who, whom), (who_too, whom_too) = doing[verb], doing_too[verb]
        if (who & whom_too and not who & who_too) or (who_too & whom and not who & who_too):
            return True
        if who and who_too and not who & who_too and who <= every_too and who_too <= every:
            return True
    return False


def _doings(text: str) -> Iterator[tuple[str, tuple[Set[str], Set[str]]]]:
    """Each verb that follows a subject, with the words for who does it and those for what suffers it."""
    for sentence in read_sentences(text, Cast(frozenset())):
        yield from _of_sentence(sentence)


_LONG = 7  # words
_HEAD = re.compile(r"\s(?:of|for|in|on|at|to|with|from|that|which|who)\s")
_MEASURE = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|percent|half|third|quarter|some|most|many|all|each|"
    r"any|few|several|number|majority|types?|kinds?|lack)\b",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"^(?P<who>(?:[\w&-]+\s){1,5}?)(?:has\s|have\s|had\s|also\s)*(?P<verb>told|asked|informed|directed|notified|required|instructed)\s"
    r"(?:(?:the|its|all|an?)\s)?(?P<whom>[\w&-]+)\b"
)


def _of_sentence(sentence: Sentence) -> Iterator[tuple[str, tuple[Set[str], Set[str]]]]:
    for clause in sentence.clauses:
        if told := _TOLD.match(clause.text):
            yield f"to {told['verb']}", (_words(told["who"]), _words(told["whom"]))
        if clause.inherits or not clause.subject or len(clause.subject.split()) > _LONG:
            continue  # of a long one it is not sure who is meant
        at = clause.text.find(clause.subject)
        rest = clause.text[at + len(clause.subject) :] if at >= 0 else ""
        found = _VERB.match(rest.strip())
        if not found:
            continue
        head = _HEAD.split(clause.subject)[0]
        subject = _words(clause.subject if _MEASURE.search(head) else head)
        if found["verb"].startswith("un") or (found["be"] and not _PARTICIPLE.search(found["verb"])):
            continue
        if found["be"]:
            agent = _BY.search(rest)
            yield canonical(found["verb"]), (_words(agent[1]) if agent else frozenset(), subject)
        else:
            yield canonical(found["verb"]), (subject, frozenset())
