"""Contact blocks in pages and texts, and telephone numbers in them. Pure; used by phones.py."""

import re
from collections.abc import Iterator

# A lone surrogate is a byte of another encoding that was passed through: its no-break space and dashes.
_SPACE = r"(?:[\s.\u00a0\u2009\u202f\udca0]|&nbsp;|&#160;|&#xa0;)"
_DASH = r"(?:[-\u2010-\u2015\u2212\u00b7\udc96\udc97]|&[mn]dash;|&#82(?:09|11|12);|&#x201[0-5];)"
_GAP = rf"(?:{_SPACE}|{_DASH}|[/])"
_PHONE = re.compile(
    rf"(?<![\w$#/=%-])(?:\+?1{_GAP}{{1,2}})?(?:\(\s?\d{{3}}\s?\){_GAP}{{0,3}}|\d{{3}}{_GAP}{{1,3}})\d{{3}}{_GAP}{{1,2}}\d{{4}}"
    rf"(?:{_GAP}{{0,2}},?{_GAP}{{0,2}}(?:x|ext\.?|extension){_GAP}{{0,2}}\d{{1,6}})?(?![\w-])"
    rf"|(?<![\w$#/=%.-])\d{{3}}{_DASH}\d{{4}}(?![\w-])"
    r"|(?<![\w$#/=%.-])\+?1?\d{10}(?!\w)",
    re.IGNORECASE,
)
_TEL = re.compile(r"(tel:|sms:|callto:)[^\"'\s<>]+", re.IGNORECASE)
_TEL_LINK = re.compile(r"<a\b[^<>]{0,2000}?\b(?:tel|sms|callto):[^<>]{0,2000}>", re.IGNORECASE)
_BLOCK_START = re.compile(
    r"<(?P<tag>[a-z][a-z0-9]{0,15})\b[^<>]{0,4000}?\b(?:class|id)\s*=\s*"
    r"(?P<quote>[\"'])[^\"'<>]{0,2000}?(?:contact|staff-profile|phone)[^\"'<>]{0,2000}?(?P=quote)[^<>]{0,4000}>",
    re.IGNORECASE,
)
_NEVER_BLOCKS = frozenset(
    ("html", "body", "main", "input", "img", "link", "meta", "br", "hr", "script", "style")
)
_RECOMMENDATIONS = re.compile(r"views-field-field-recommendation|Agency Affected", re.IGNORECASE)
_INVITATION = re.compile(
    r"\bFor (?:more|further|additional) information,? (?:please )?(?:contact|call)\b", re.IGNORECASE
)
_INVITATION_REACH = 400  # characters, and never beyond its line


def blank_markup(text: str) -> str:
    """Remove numbers from contact blocks, `tel:` links and "For more information, contact …"."""
    plain = text.casefold()
    ranges: list[tuple[int, int]] = []
    # A substring search first: it is a hundred times faster than the patterns.
    if any(word in plain for word in ("contact", "staff-profile", "phone")):
        ranges += _blocks(text)
    if any(scheme in plain for scheme in ("tel:", "sms:", "callto:")):
        ranges += _links(text)
    if any(f"for {how} information" in plain for how in ("more", "further", "additional")):
        ranges += _invitations(text)
    return _without_numbers(text, ranges)


def _without_numbers(text: str, ranges: list[tuple[int, int]]) -> str:
    kept: list[str] = []
    position = 0
    for start, end in _merged(ranges):
        kept += [text[position:start], _TEL.sub(r"\1", _PHONE.sub("", text[start:end]))]
        position = end
    return "".join([*kept, text[position:]])


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _links(text: str) -> Iterator[tuple[int, int]]:
    """Links to telephone numbers, with their text."""
    for link in _TEL_LINK.finditer(text):
        closing = text.find("</a", link.end(), link.end() + 2000)
        yield link.start(), closing if closing >= 0 else link.end()


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Elements named for contacts, from start to end tag, except those that hold recommendations."""
    position = 0
    left = _SEARCHED * len(text) + _REACH
    while opening := _BLOCK_START.search(text, position):
        tag = opening["tag"].lower()
        end = _element_end(text, tag, opening.end())
        left -= end - opening.end()
        if left < 0:  # far more such elements, one within the other, than on any of the site's pages
            yield opening.start(), len(text)
            return
        held = tag in _NEVER_BLOCKS or _RECOMMENDATIONS.search(text, opening.start(), end) is not None
        if not held:
            yield opening.start(), end
        position = opening.end() if held else end


_SEARCHED = 10  # how often a page's length is searched for ends of elements at most
_REACH = 200_000  # how far an element that is never closed is followed


def _element_end(text: str, tag: str, start: int) -> int:
    """Where the element whose start tag ends at `start` is closed; nested ones are counted."""
    depth = 1
    limit = min(len(text), start + _REACH)
    for mark in re.compile(rf"<(/?){tag}\b", re.IGNORECASE).finditer(text, start, limit):
        depth += -1 if mark[1] else 1
        if depth == 0:
            return mark.end()
    return limit


def _invitations(text: str) -> Iterator[tuple[int, int]]:
    for invitation in _INVITATION.finditer(text):
        end = text.find("\n", invitation.end(), invitation.end() + _INVITATION_REACH)
        yield invitation.start(), end if end >= 0 else min(len(text), invitation.end() + _INVITATION_REACH)


_HEADING = re.compile(
    r"^[ \t]*(?:GAO )?(?:Contacts?(?: and Resources| and Staff Acknowledge?ments)?|Media Inquiries"
    r"|Public Inquiries|Press Inquiries|Office of Public Affairs)[ \t]*:?[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_NEXT = re.compile(r"^.*(?:Open Recommendations|Agency Affected).*$", re.IGNORECASE | re.MULTILINE)


def blank_plain(text: str) -> str:
    """Remove numbers from the part of a text below a heading for contacts, up to the next recommendations."""
    return _without_numbers(text, [*_below_headings(text), *_invitations(text)])


def _below_headings(text: str) -> Iterator[tuple[int, int]]:
    position = 0
    while heading := _HEADING.search(text, position):
        following = _NEXT.search(text, heading.end())
        position = following.start() if following else len(text)
        yield heading.end(), position
