"""Subjects that are not the agency: others who act, and things made for or about them."""

import re

OTHERS = re.compile(
    r"\b(?:contractors?|subcontractors?|vendors?|suppliers?|manufacturers?|industry|airlines?|courts?|judge|"
    r"inspectors? general|OIG|committees?|auditors?|consultants?|universit(?:y|ies)|researchers|"
    r"stakeholders|grantees|"
    r"National Academ(?:y|ies)|RAND|MITRE|"
    r"states|state(?=\s(?:of\s[A-Z]|official|agenc|government|and\b)|$)|tribes?|cities|counties|union|press|"
    r"third part(?:y|ies)|recipients?|developers?|owners?|providers?|hospitals|borrowers?|lenders?|"
    r"applicants?|foundation|president|white house|"
    r"sponsors?|trustees|insurers?|servicers?|brokers?|"
    r"(?:housing|local|transit|tribal|public|participating|other)\sagencies|"
    r"partners?|compan(?:y|ies)|firms?|nonprofits?|(?:international\s)?organizations?|licensees|awardees|"
    r"operators|carriers)\b",
    re.IGNORECASE,
)
OTHERS_LAST = re.compile(rf"(?:{OTHERS.pattern})$", re.IGNORECASE)
# "collection of the data from grantees": it is not they who act
_NAMED_DEED = re.compile(
    r"(?:(?:[Tt]he|[Ii]ts|[Tt]heir|[Aa]n?)\s(?:[a-z]+\s)?[a-z]+|[A-Z][a-z]+)(?<!rganiza)(?<!ssocia)(?<!nstitu)"
    r"(?<!orpora)(?:tion|sion|ment|ing|sis)\s(?:of|from)\s"
)
# "The second, of the cost of severance for contractor staff, was to be completed"
_NUMBERED = re.compile(r"(?:[Tt]he\s)?(?:first|second|third|other|latter|former|one),\s(?:of|for|on)\s")
# "A guide for transit agencies on assaults", "the survey of public housing agencies"
_PRODUCT = re.compile(
    r"(?:(?:[Tt]he|[Ii]ts|[Tt]heir|[Aa]n?|[Tt]his|[Tt]hat|[Aa]ll|[Tt]hese)\s)?(?:(?!of\b|for\b|on\b|and\b)(?-i:[a-z])[\w-]+\s){0,3}?"
    r"(?:guides?|guidance|surveys?|reviews?|plans?|polic(?:y|ies)|rules?|regulations?|procedures?|templates?|handbooks?|"
    r"manuals?|reports?|strateg(?:y|ies)|framework|analys[ie]s|stud(?:y|ies)|databases?|systems?|dashboard|tools?|training|"
    r"protocols?|standards?|checklists?|agreements?|memorand(?:um|a)|contracts?|forms?|websites?|courses?|updates?|"
    r"methodolog(?:y|ies)|criteria|metrics|measures|process(?:es)?|model|pilots?|registr(?:y|ies)|inventor(?:y|ies)|"
    r"directives?|instructions?|list|map|schedule|letter|notice|webinars?)\s"
    r"(?:of|for|on|to|about|under|with|that|by\swhich|requiring|covering)\b",
    re.IGNORECASE,
)


def names_a_thing(subject: str) -> bool:
    """Whether a subject is a deed or a piece of work, whoever is named beside it."""
    if _NAMED_DEED.match(subject) or _NUMBERED.match(subject):
        return True
    product = _PRODUCT.match(subject)
    return product is not None and not OTHERS.search(product[0])


def is_of_others(text: str) -> bool:
    """Whether a text begins with some that are no agency: "two servicers", "the state of Ohio"."""
    return bool(_OTHERS_FIRST.match(text))


_OTHERS_FIRST = re.compile(rf"(?:[A-Za-z\d]+\s){{0,2}}?{OTHERS.pattern}(?!['’])", re.IGNORECASE)
