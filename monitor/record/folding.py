"""Folded text, fingerprints and identity keys: what captures are compared by.

Pure, and a contract. A stored fingerprint begins with VERSION; a change to the result of `fold` for any text
raises it, and the store then takes new baselines silently instead of reporting changes.

- Folded text is for comparison only. What is stored and shown stays as the page has it.
- Two texts fold alike when they only look different: white space, dashes, quotes, entities, encoding
  damage, the mark "Priority Rec.", a status's definition sentence printed before the narrative.
- Case, words, figures and real question marks are kept.
- A fingerprint says nothing about identity: hundreds of recommendations have the same boilerplate.

The grammar of a key:

    KEY     = REPORT "#" NUMBER "@" AGENCY
    REPORT  = the report's number in capitals            GAO-24-106148
            | "~" + 12 hex of the folded title's SHA-256 ~0f3a…  (a page that is not trusted with the number)
    NUMBER  = ["M"] ( the stated number                  4, 19-01; M4 for a matter
                    | "x" + 12 hex of the folded text's hash, where no number is stated ) ["." + 6 hex]
    AGENCY  = the folded agency, words joined by hyphens united-states-customs-and-border-protection

The last part of NUMBER, six hex of the text's hash, is there only where one page has several texts
under what would be the same key (two reports of one title).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Literal
from urllib.parse import unquote

from monitor.record.damage import mend_marks, reread, unescape
from monitor.record.values import Kind, Status

VERSION = "1"
_DIGEST = 32  # hex characters: 128 bits
_SHORT = 12

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u2e3a\u2e3b\ufe58\ufe63\uff0d"
_SINGLE = "\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4\uff07`"
_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"
_NOTHING = "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e"
_LOOKS = {
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(_SINGLE, "'"),
    **dict.fromkeys(_DOUBLE, '"'),
    **dict.fromkeys(_NOTHING, ""),
}
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_NO_WORD = re.compile(r"\S{200}")
_PIECE = re.compile(r"\S{1,200}|\s+")
_DOUBLED = re.compile("(?:''|\")+")
_DASH_RUN = re.compile(r"(?<!\s)\s*+-[\s-]*+")
_PRIORITY_MARK = re.compile(
    r"\A\s*Priority Rec(?:\.|ommendation\.?(?=\s*\n))\s*(?:This is a priority recommendation\.\s*)?",
    re.IGNORECASE,
)
_DEFINITION = re.compile(
    r"\A\s*(?:"
    r"Actions to satisfy the intent of the (?:recommendation|matter) have not been taken or are being planned"
    r"(?:, or actions that partially satisfy the intent of the (?:recommendation|matter) have been taken)?"
    r"|Actions that (?:partially )?satisfy the intent of the (?:recommendation|matter) have been taken"
    r"|While the intent of the (?:recommendation|matter) has not been satisfied, "
    r"time or circumstances have rendered the (?:recommendation|matter) invalid"
    r")\.\s*",
    re.IGNORECASE,
)


def fold(text: str) -> str:
    """Reduce a text to its words, for comparison (see the module's docstring)."""
    text = unescape(text)
    if not text.isascii():
        text = _plain(_normalized("NFKC", _plain(reread(text))))
    text = mend_marks(text.replace("`", "'"))
    mark = _PRIORITY_MARK.match(text)
    text = strip_definition(" ".join((text[mark.end() :] if mark else text).split()))
    # Most sentences have neither quote nor dash: `in` is cheaper than a regular expression.
    if '"' in text or "''" in text:
        text = _DOUBLED.sub('"', text)
    return _DASH_RUN.sub("-", text).strip() if "-" in text else text


def _normalized(form: Literal["NFKC", "NFKD"], text: str) -> str:
    """A text in a normal form; a run without white space far longer than any word is normalized in pieces.

    Python orders a run of combining marks in time quadratic in its length.
    """
    if not _NO_WORD.search(text):
        return unicodedata.normalize(form, text)
    return _PIECE.sub(lambda piece: unicodedata.normalize(form, piece[0]), text)


def _plain(text: str) -> str:
    """Replace dashes, quotes and zero-width characters by their plain equivalents."""
    return _NOT_ASCII.sub(lambda char: _LOOKS.get(char[0], char[0]), text)


def strip_definition(narrative: str) -> str:
    """Drop the sentence that defines the status, which older pages print before the narrative."""
    match = _DEFINITION.match(narrative)
    return narrative[match.end() :] if match else narrative


def is_definition(line: str) -> bool:
    """Whether a line is the definition of a status and nothing else."""
    match = _DEFINITION.match(line)
    return match is not None and not line[match.end() :].strip()


_BOILERPLATE = re.compile(
    r"(?:when|once|after|as soon as) we (?:confirm|determine|verify) what (?:actions?|steps?)\b"
    r"(?:[^.]|U\.S\.){0,160}?\b(?:has|have) (?:been )?taken\b(?:[^.]|U\.S\.){0,160}? "
    r"we will (?:provide|post) updated information\.?",
    re.IGNORECASE,
)


def is_boilerplate(narrative: str) -> bool:
    """Whether a narrative is only the sentence that is printed while nothing has been reported."""
    return bool(_BOILERPLATE.fullmatch(fold(narrative)))


def _digest(folded: str) -> str:
    return sha256(folded.encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint(narrative: str) -> str:
    """VERSION and the hash of the folded narrative."""
    return VERSION + _digest(fold(narrative))[:_DIGEST]


def fold_text(text: str) -> str:
    """A recommendation's text for comparison: folded, without its stated number and its last full stop."""
    return without_number(text).rstrip(" .")


def without_number(text: str) -> str:
    """A recommendation's folded text without its stated number."""
    return _STATED.sub("", fold(text)).rstrip()


@lru_cache(maxsize=2_000)  # an intake asks for that of each row of a page several times
def text_fingerprint(text: str) -> str:
    """VERSION and the hash of a recommendation's folded text, without its stated number."""
    return VERSION + _digest(fold_text(text))[:_DIGEST]


_STATED = re.compile(
    r"[(\[]{1,2}\s?(?P<word>recommendations?|matters?(?: for(?: congressional)? consideration)?)\s?#?\s?"
    r"(?P<number>\d{1,4}(?:-\d{1,4})?[a-z]?)\s?[)\]]{0,2}[\s.,;\"']*\Z",
    re.IGNORECASE,
)
_TAIL = 120  # characters at the end, longer than any stated number


def stated_number(text: str) -> tuple[Kind | None, str | None]:
    """What a recommendation's text calls itself at its end: `(Recommendation 4)`, `(Matter 1)`, or nothing.

    Examples: "… (Recommendation 19-01)" gives "19-01", "… [Recommendation 1]." gives "1",
    "… (Matter for Consideration 2)" gives Kind.MATTER and "2".
    """
    match = _STATED.search(fold(text[-_TAIL:]))
    if not match:
        return None, None
    kind = Kind.MATTER if match["word"][0] in "mM" else Kind.RECOMMENDATION
    number = match["number"].lower()
    return kind, (number.lstrip("0") or "0") if number.isdigit() else number


_WORDS = re.compile(r"[^a-z]+")
_STATUSES = {str(status): status for status in Status}


def normalize_status(words: str) -> str:
    """A status word as values.Status, whatever its dashes, spaces and case; else the page's own word."""
    plain = _WORDS.sub("-", fold(words).casefold()).strip("-")
    known = _STATUSES.get(plain)
    return str(known) if known else " ".join(words.split())


_REISSUED = re.compile(r"[\[(]\s?reissued\b[^\])]{0,120}[\])]")


@lru_cache(maxsize=20_000)
def fold_title(title: str) -> str:
    """A report's title for comparison: without case and without "[Reissued with revisions …]"."""
    return " ".join(_REISSUED.sub(" ", fold(title).casefold()).split()).strip(" .")


@lru_cache(maxsize=20_000)
def title_hash(title: str) -> str:
    """12 hex characters of the folded title's SHA-256: the REPORT part of a key without a number."""
    return _digest(fold_title(title))[:_SHORT]


_CABINET = (
    "agriculture|commerce|defense|education|energy|health and human services|homeland security|justice|labor"
    "|housing and urban development|state|the interior|the treasury|transportation|veterans affairs"
)
_PARENT_DASH = re.compile(
    r"\A(?:(?:united states )?department of [a-z ]+|executive office of the president|[a-z]{2,5}) - "
)
_PARENT_COMMA = re.compile(rf"\A(?:united states )?department of (?:{_CABINET}), ")
# Names of offices that every department has: without its parent such a name is ambiguous.
_EVERYWHERE = re.compile(
    r"(?:office of (?:the )?)?(?:inspector general|secretary|under ?secretary|deputy|general counsel|chief\b|"
    r"administrator|commissioner|director|attorney general|management\b|administration\b)"
)
_UNITED_STATES = re.compile(r"\bU\.\s?S\.(?:\s?A\.)?|\bUS\b")
_ABBREVIATION = re.compile(r"(?<!\s)\s*+\((?=[^)]{0,10}[A-Z][^)]{0,10}[A-Z])[A-Za-z&./-]{2,12}\)\s*$")


@lru_cache(maxsize=20_000)
def fold_agency(name: str) -> str:
    """An agency's name for comparison: in lower case, written out, without its parent's name before it.

    "Department of Homeland Security: U.S. Customs & Border Protection (CBP)" gives
    "united states customs and border protection".
    """
    return _without_parent(agency_with_parent(name))


def agency_with_parent(name: str) -> str:
    """The same with the parent's name."""
    spaced = re.sub(r"\s+[-\u2010-\u2015\u2212]+\s+", " \x00 ", unescape(name))
    text = _UNITED_STATES.sub("United States ", fold(spaced)).replace("\x00", " - ")
    text = _ABBREVIATION.sub("", text).replace("&", " and ").casefold().replace("'", "")
    text = re.sub(r"\bdept\b\.?", "department", " ".join(text.split()).strip(" .,;:-"))
    return _without_article(text)


def has_parent(agency: str) -> bool:
    """Whether a name has its parent's before it, which fold_agency drops."""
    return agency_with_parent(agency) != fold_agency(agency)


@lru_cache(maxsize=20_000)
def department(agency: str) -> str:
    """The department that a name has before an office's, folded; empty where there is none."""
    full = agency_with_parent(agency)
    parent = full.removesuffix(fold_agency(agency)).strip(" :,-").removeprefix("united states ")
    return parent if parent.startswith("department of ") and parent != full else ""


def key_of_office(shared: str, agency: str) -> str:
    """A key that offices of one name in several departments share, made unique by the department."""
    return f"{shared.rpartition('@')[0]}@{_slug(agency)}"


def _without_article(text: str) -> str:
    return text.removeprefix("the ")


def _without_parent(text: str) -> str:
    _, colon, child = text.rpartition(":")
    if not colon:
        match = _PARENT_DASH.match(text) or _PARENT_COMMA.match(text)
        if not match:
            return text
        child = text[match.end() :]
    child = _without_article(child.strip())
    return text if not child or _EVERYWHERE.match(child) else child


@lru_cache(maxsize=20_000)
def slug(agency: str) -> str:
    """The AGENCY part of a key."""
    return _slug(fold_agency(agency))


def _slug(folded: str) -> str:
    plain = _normalized("NFKD", folded)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "-", plain).strip("-") or "none"


_PRODUCT = re.compile(r"((?:[A-Z]{1,8}-){1,2}\d{2,4}-\d{1,7}(?:\.\d{1,3}){0,3}(?:[A-Z]{1,4}\d?)?)(?:-\d)?")
_STAGING = "gaotest.org"


def is_staging(address: str) -> bool:
    """Whether an address is on GAO's staging host, whose pages are not what GAO has published."""
    return _STAGING in address.casefold()


@lru_cache(maxsize=20_000)
def normalize_product(text: str) -> str | None:
    """A report's number in capitals, out of itself or of an address; None where there is none.

    Reads "gao-24-106148", "GAO/RCED-99-1" (RCED-99-1), "/products/gao-24-106148-0" and
    "https://gao.gov./products/GAO-24-106148?x". An address of the staging host is refused.
    """
    if len(text) > 2000 or is_staging(text):
        return None
    path = unquote(text).partition("?")[0].partition("#")[0]
    for part in reversed(fold(path).upper().split("/")):
        bare = re.sub(r"\.(?:PDF|HTML?)$", "", part.strip(" .,;:()[]"))
        if match := _PRODUCT.fullmatch(bare):
            return match[1]
    return None


def product_url(product: str) -> str:
    """The address of a report's page."""
    return f"https://www.gao.gov/products/{product.lower()}"


def title_report(title: str) -> str:
    """The REPORT part of a key where the report's number is not given."""
    return "~" + title_hash(title)


def key(report: str, kind: Kind, number: str | None, agency: str, text: str) -> str:
    """A recommendation's key in the grammar above; `report`: a product number, or `title_report`."""
    stated = number or "x" + text_fingerprint(text)[1 : 1 + _SHORT]
    matter = "M" if kind is Kind.MATTER else ""
    return f"{report}#{matter}{stated}@{slug(agency)}"


def key_apart(shared: str, text: str) -> str:
    """A key that several texts of one page share, made unique by the text."""
    head, _, agency = shared.rpartition("@")
    return f"{head}.{text_fingerprint(text)[1:7]}@{agency}"


_APART = re.compile(r"(#.*)\.[0-9a-f]{6}(?=@)")


def key_shared(key: str) -> str | None:
    """The shared key out of one that `key_apart` made; None for any other."""
    shared, count = _APART.subn(r"\1", key, count=1)
    return shared if count else None


@dataclass(frozen=True, slots=True)
class Query:
    """A KEY as a person gave it: exactly one of `key`, `product` (perhaps with `number`) and `agency` is set.

    `number` is as in a key (`4`, `M1`). `agency` is the slug of an agency page's address.
    """

    key: str | None = None
    product: str | None = None
    number: str | None = None
    agency: str | None = None


_AGENCY_PAGE = re.compile(r"/agencies/([a-z0-9-]+)", re.IGNORECASE)
_NUMBER_PART = re.compile(r"M?(?:\d{1,4}(?:-\d{1,4})?[a-z]?|x[0-9a-f]{12})(?:\.[0-9a-f]{6})?", re.IGNORECASE)


def parse_query(text: str) -> Query:
    """Parse a KEY: a key as `list` prints it, `GAO-24-106148`, `GAO-24-106148#4`, a gao.gov address.

    ValueError says what a KEY looks like.
    """
    text = text.strip()
    if page := _AGENCY_PAGE.search(text):
        return Query(agency=page[1].lower())
    head, mark, rest = text.partition("#")
    if mark and "@" in rest and "/" not in head:
        return Query(key=_canonical_key(head, rest))
    product = normalize_product(text)
    if product and (not mark or "/" in text):  # an address may carry an anchor of the page
        return Query(product=product)
    if product and _NUMBER_PART.fullmatch(rest):
        return Query(product=product, number=rest.upper() if rest[0] in "mM" and "x" not in rest else rest)
    raise ValueError(
        f'"{text}" is not a KEY; '
        "write what `list` prints, GAO-24-106148, GAO-24-106148#4 or a gao.gov address"
    )


def _canonical_key(report: str, rest: str) -> str:
    number, _, agency = rest.partition("@")
    report = report if report.startswith("~") else normalize_product(report) or report
    return f"{report}#{number}@{agency}"
