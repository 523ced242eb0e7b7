"""Subjects that are not the agency: others who act."""

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


def is_of_others(text: str) -> bool:
    """Whether a text begins with some that are no agency: "two servicers", "the state of Ohio"."""
    return bool(_OTHERS_FIRST.match(text))


_OTHERS_FIRST = re.compile(rf"(?:[A-Za-z\d]+\s){{0,2}}?{OTHERS.pattern}(?!['’])", re.IGNORECASE)
