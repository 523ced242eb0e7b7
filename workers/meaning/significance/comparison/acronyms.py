"""Names written out and the acronyms that stand for them: which of the two is used says nothing."""

import re
from collections.abc import Iterator


def shorten(text: str, beside: str) -> str:
    """Replace names written out by the acronyms that either narrative has for them."""
    for name, acronym in (*_explained(text), *_explained(beside), *_abbreviated(text), *_abbreviated(beside)):
        text = re.sub(rf"\b(?:[Tt]he\s)?{re.escape(name)}(?:\s\({acronym}\))?", acronym, text)
    if "(" in text:
        text = _GIVEN.sub(lambda at: at[1] if _is_new(at[1], at[2], beside) else at[0], text)
    initials = _initials(text)
    if len(initials) < 2:  # the letters of the shortest acronym
        return text
    for acronym in sorted({*_ACRONYM.findall(text), *_ACRONYM.findall(beside)}):
        if acronym not in initials:
            continue
        joiner = r"(?:\s(?:and|of|the|for|on|in|&))*\s"
        name = joiner.join(rf"{letter}[a-z]+" for letter in acronym)
        text = re.sub(
            rf"\b(?:[Tt]he\s)?(?:U\.S\.\s|United States\s)?{name}(?:\s\({acronym}\))?", acronym, text
        )
        initials = _initials(text)
    return text


# "artificial intelligence (AI)": an acronym that is only given says nothing more.
_GIVEN = re.compile(r"((?:\b[\w-]+\s){1,6}?[\w-]+)\s\(([A-Z]{2,6})\)")


def _is_new(name: str, acronym: str, beside: str) -> bool:
    """Whether the acronym is that of the words before it, and the other narrative does without it."""
    initials = "".join(word[0] for word in name.split() if word not in _SMALL).upper()
    return initials.endswith(acronym) and acronym not in beside


_SMALL = frozenset(("of", "and", "for", "the", "in", "on", "to"))


def _initials(text: str) -> str:
    """All capitals that begin a word: a name written out has its letters there side by side."""
    return "".join(_INITIAL.findall(text))


# Begins with a letter, for which the engine looks fast, and not with the bound before it.
_ACRONYM = re.compile(r"[A-Z](?<!\w[A-Z])[A-Z]{1,5}\b")
_INITIAL = re.compile(r"[A-Z](?=[a-z])")


_WRITTEN = re.compile(
    r"\b([A-Z][\w&.'’/-]*(?:\s(?:of|the|and|for|on|in|to|&|[A-Z][\w&.'’/-]*)){1,12})\s\(([A-Z][A-Z-]{1,8})\)"
)


def _abbreviated(text: str) -> Iterator[tuple[str, str]]:
    """Names beside acronyms that are no initials, but whose letters they have."""
    if "(" not in text:
        return
    for match in _WRITTEN.finditer(text):
        letters = iter(match[1].upper())
        if all(letter in letters for letter in match[2].replace("-", "")):
            yield match[1].removeprefix("The "), match[2]


def _explained(text: str) -> Iterator[tuple[str, str]]:
    """Names that a text gives with their acronyms: "Department of Labor (DOL)"."""
    if "(" not in text:
        return
    for match in re.finditer(r"\s\(([A-Z]{2,7})\)", text):
        ahead = text[max(0, match.start() - 100) : match.start()].split()
        for count in range(2, min(len(ahead), 9) + 1):
            name = ahead[-count:]
            initials = "".join(word[0] for word in name)
            fits = match[1] in {initials.upper(), "".join(filter(str.isupper, initials))}
            if fits and name[0][0].isupper():
                yield " ".join(name), match[1]
                break
