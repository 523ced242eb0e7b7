"""Small words that every renderer shares: dates, statuses, agencies. Pure."""

import re
from functools import cache

from monitor.record.folding import fold_agency
from monitor.record.values import Status
from workers.channels.text.inert import one_line
from workers.meaning.periods import parse_period

_LONGEST_AGENCY = 48


def cut(text: str, most: int) -> str:
    """At most so many characters, ended between words where it can be, with an ellipsis if it was cut."""
    if len(text) <= most:
        return text
    head = text[: most - 1]
    at_word = head.rpartition(" ")[0]
    return (at_word if len(at_word) > most // 2 else head).rstrip(" ,;:.–-") + "…"


def capitalized(text: str) -> str:
    """The first letter in upper case and the rest as it is."""
    return text[:1].upper() + text[1:]


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 change`, `1,204 changes`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


_STATUSES = {
    Status.OPEN: "Open",
    Status.PARTIAL: "Open, partially addressed",
    Status.IMPLEMENTED: "Closed, implemented",
    Status.NOT_IMPLEMENTED: "Closed, not implemented",
}


def status_in_words(status: str) -> str:
    """`Open, partially addressed`; a word that is none of the four as the page has it."""
    return _STATUSES.get(Status(status), status) if status in set(Status) else one_line(status)


def date_in_words(text: str) -> str:
    """`2025-09` as `Sep 2025`, `FY2026-Q2` as `Q2 FY 2026`; anything else as it is."""
    period = parse_period(text)
    return period.words if period else one_line(text)


def shift_in_words(old: str, new: str) -> str:
    """How far a date moved: `16 months later`, `about 2 years earlier`; empty where that cannot be said."""
    before, after = parse_period(old), parse_period(new)
    if not before or not after:
        return ""
    months = after.last - before.last
    if before.day and after.day and abs((after.day - before.day).days) < 28:
        days = (after.day - before.day).days
        return _amount(days, counted(abs(days), "day"))
    if before.first <= after.last and after.first <= before.last:
        return ""  # a year, and a month within it: neither is later
    exact = before.last - before.first == after.last - after.first
    return _amount(months, ("" if exact else "about ") + _months(abs(months)))


def _amount(difference: int, words: str) -> str:
    if not difference:
        return ""
    return f"{words} {'later' if difference > 0 else 'earlier'}"


def moved_later(old: str | None, new: str | None) -> bool:
    """Whether the second date ends after the first."""
    before, after = parse_period(old or ""), parse_period(new or "")
    if not before or not after:
        return False
    if before.day and after.day:
        return after.day > before.day
    return after.last > before.last


def _months(months: int) -> str:
    years, rest = divmod(months, 12)
    return counted(years, "year") if years and not rest else counted(months, "month")


# As the agencies' own people and GAO's reports shorten them. An abbreviation that a page itself prints
# after the name comes first; "Department of State" needs no line, it is shortened to "State".
_SHORT_NAMES = """
ACF: Administration for Children and Families
AMS: Agricultural Marketing Service
APHIS: Animal and Plant Health Inspection Service
Army: Department of the Army
ATF: Bureau of Alcohol, Tobacco, Firearms and Explosives
BIA: Bureau of Indian Affairs
BIE: Bureau of Indian Education
BLM: Bureau of Land Management
BOEM: Bureau of Ocean Energy Management
BOP: Federal Bureau of Prisons
BSEE: Bureau of Safety and Environmental Enforcement
CBP: United States Customs and Border Protection
CDC: Centers for Disease Control and Prevention
Census: U.S. Census Bureau
Census: Bureau of the Census
CFPB: Consumer Financial Protection Bureau
CISA: Cybersecurity and Infrastructure Security Agency
CMS: Centers for Medicare & Medicaid Services
Coast Guard: United States Coast Guard
CPSC: Consumer Product Safety Commission
DARPA: Defense Advanced Research Projects Agency
DCMA: Defense Contract Management Agency
DCSA: Defense Counterintelligence and Security Agency
DEA: Drug Enforcement Administration
DHA: Defense Health Agency
DHS: Department of Homeland Security
DISA: Defense Information Systems Agency
DLA: Defense Logistics Agency
DOD: Department of Defense
DOE: Department of Energy
DOJ: Department of Justice
DOL: Department of Labor
DOT: Department of Transportation
EEOC: Equal Employment Opportunity Commission
EPA: Environmental Protection Agency
FAA: Federal Aviation Administration
FBI: Federal Bureau of Investigation
FCC: Federal Communications Commission
FDA: Food and Drug Administration
FDIC: Federal Deposit Insurance Corporation
FEMA: Federal Emergency Management Agency
FERC: Federal Energy Regulatory Commission
FHWA: Federal Highway Administration
FMCSA: Federal Motor Carrier Safety Administration
FNS: Food and Nutrition Service
FRA: Federal Railroad Administration
FSA: Farm Service Agency
FSIS: Food Safety and Inspection Service
FTA: Federal Transit Administration
FTC: Federal Trade Commission
FWS: United States Fish and Wildlife Service
GSA: General Services Administration
HHS: Department of Health and Human Services
HRSA: Health Resources and Services Administration
HUD: Department of Housing and Urban Development
ICE: United States Immigration and Customs Enforcement
IHS: Indian Health Service
Interior: Department of the Interior
IRS: Internal Revenue Service
MARAD: Maritime Administration
MDA: Missile Defense Agency
NARA: National Archives and Records Administration
NASA: National Aeronautics and Space Administration
Navy: Department of the Navy
NHTSA: National Highway Traffic Safety Administration
NIH: National Institutes of Health
NIST: National Institute of Standards and Technology
NNSA: National Nuclear Security Administration
NOAA: National Oceanic and Atmospheric Administration
NPS: National Park Service
NRC: Nuclear Regulatory Commission
NRCS: Natural Resources Conservation Service
NSF: National Science Foundation
NTIA: National Telecommunications and Information Administration
OCC: Office of the Comptroller of the Currency
ODNI: Office of the Director of National Intelligence
OMB: Office of Management and Budget
ONCD: Office of the National Cyber Director
ONDCP: Office of National Drug Control Policy
OPM: Office of Personnel Management
OSHA: Occupational Safety and Health Administration
OSTP: Office of Science and Technology Policy
PBGC: Pension Benefit Guaranty Corporation
PHMSA: Pipeline and Hazardous Materials Safety Administration
SAMHSA: Substance Abuse and Mental Health Services Administration
SBA: Small Business Administration
SEC: Securities and Exchange Commission
Secret Service: United States Secret Service
SSA: Social Security Administration
TSA: Transportation Security Administration
TVA: Tennessee Valley Authority
Air Force: Department of the Air Force
USACE: United States Army Corps of Engineers
USAID: United States Agency for International Development
USCIS: United States Citizenship and Immigration Services
USDA: Department of Agriculture
USGS: United States Geological Survey
USPS: United States Postal Service
USPTO: United States Patent and Trademark Office
VA: Department of Veterans Affairs
VBA: Veterans Benefits Administration
VHA: Veterans Health Administration
"""
_PRINTED = re.compile(r"\(([A-Z][A-Za-z&]{1,9})\)\s*$")
_DEPARTMENT = re.compile(r"Department of (?:the )?(.+)", re.IGNORECASE)


@cache
def _short_names() -> dict[str, str]:
    lines = (line.partition(": ") for line in _SHORT_NAMES.strip().splitlines())
    return {fold_agency(name): short for short, _, name in lines}


def agency_in_short(agency: str) -> str:
    """`CBP` for "U.S. Customs and Border Protection"; the name itself where no short one is known."""
    name = one_line(agency)
    if known := _short_names().get(fold_agency(name)):
        return known
    if printed := _PRINTED.search(name):
        return printed[1]
    department = _DEPARTMENT.fullmatch(name)
    return cut(department[1] if department else name, _LONGEST_AGENCY)
