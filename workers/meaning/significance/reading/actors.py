"""Who acts in a clause: the agency that the recommendation was made to, Congress, GAO, another, a thing."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from workers.meaning.sentences import words
from workers.meaning.significance.reading.other_parties import OTHERS, OTHERS_LAST
from workers.meaning.significance.reading.prefilters import has_any, lowered


class Actor(Enum):
    """Who a subject is. A THING ("the review", "the guidance") acts for whoever made it."""

    AGENCY = "agency"
    CONGRESS = "congress"
    GAO = "gao"
    OTHER = "other"
    THING = "thing"


_GAO = re.compile(
    r"\b(?:we|GAO)\b(?!['’]s|\s+(?:recommend|report|audit))|^our\s(?!recommend|suggest)",
    re.IGNORECASE,
)
_CONGRESS = re.compile(
    r"\b(?:Congress|House(?: of Representatives)?|Senate(?!\s(?:report|hearing|version|staff))|"
    r"Congressional committees?|conferees|lawmakers)\b"
)
_LEGISLATIVE = ("Congress", "House", "Senate", "conferees", "lawmakers", "Act", "Public Law")
_LAW = re.compile(
    r"\b(?:Public Law|Act|authorization act|legislation|statute|law|bill|resolution|"
    r"amendment|appropriations?|NDAA)\b"
    r"(?! (?:requires|division))"
)
_ACT = re.compile(r"\bAct(?: of (?:19|20)\d\d)?$|^Public Law\b")
_PEOPLE = re.compile(
    r"\b(?:officials?|staff|agency|agencies|department|bureau|service|office|offices|commission|"
    r"commissioner|"
    r"administration|administrator|secretary|director|directorate|division|command|component|components|"
    r"board|"
    r"corps|guard|library|center|team|workgroup|(?:working\s)?group|panel|council|task force|leadership|"
    r"management|program|chief|it|they|"
    r"representatives?|headquarters|institutes?|authority|corporation|network|endowment|operations|survey|"
    r"institution|archives|laborator(?:y|ies)|inspectors|examiners|managers|"
    r"(?:co-)?chair(?:man|woman|person)?|officers?|counsel|commissioners|commandant|archivist|superintendent|"
    r"comptroller|registrar|librarian|departments|bureaus|divisions|training\scenters|"
    r"foundation)\b(?:\s*\([A-Z&]+\))?\s*(?:also\s*)?$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"^(?:[Tt]he\s|[Ii]ts\s)?(?:[\w&]+['’]s\s)?(?:[\w.-]+\s){0,4}?(?:Office|Bureau|Division|Center|Directorate|Institute|"
    r"Administration|Service|Branch|"
    r"Secretary|Commissioner|Director|Administrator|Command|Department|Board|Commission|Council)\s(?:of|"
    r"for|on)\s(?:the\s)?[A-Z]"
)
# Departments, what people call them, and some of their parts: "SHORT=long name", without SHORT for the
# department itself. A part acts for its parent and the parent for it; brothers do not act for each other.
_TREE = {
    "DHS": "=homeland security|CBP=customs and border protection|ICE=immigration and customs enforcement"
    "|TSA=transportation security administration|FEMA=federal emergency management agency"
    "|USCIS=citizenship and immigration services|USCG=coast guard|FPS=federal protective service"
    "|CISA=cybersecurity and infrastructure|USSS=secret service"
    "|FLETC=federal law enforcement training centers",
    "HHS": "=health and human services|FDA=food and drug administration|CMS=centers for medicare"
    "|CDC=centers for disease control|NIH=national institutes of health|IHS=indian health service"
    "|ACF=children and families|AHRQ=agency for healthcare research and quality"
    "|HRSA=health resources and services administration|ACL=administration for community living"
    "|SAMHSA=substance abuse and mental health services|ASPR=strategic preparedness and response",
    "DOD": "=department of defense|=Pentagon|Army|Navy|Air Force|Marine Corps|Space Force"
    "|DLA=defense logistics agency|DCMA=defense contract management agency"
    "|DCAA=defense contract audit agency|MDA=missile defense agency"
    "|DISA=defense information systems agency|DHA=defense health agency|USACE=corps of engineers"
    "|DODEA=department of defense education activity|DTRA=defense threat reduction agency"
    "|DCSA=defense counterintelligence and security agency|NGB=national guard bureau"
    "|DFAS=defense finance and accounting service",
    "DOT": "=department of transportation|FAA=federal aviation administration"
    "|FHWA=federal highway administration|FTA=federal transit administration"
    "|FRA=federal railroad administration|NHTSA=national highway traffic safety administration"
    "|PHMSA=pipeline and hazardous materials safety administration|MARAD=maritime administration"
    "|FMCSA=federal motor carrier safety administration",
    "DOE": "=department of energy|NNSA=national nuclear security administration"
    "|EM=office of environmental management",
    "Treasury": "=department of the treasury|IRS=internal revenue service|OCC=comptroller of the currency"
    "|FinCEN=financial crimes enforcement network|TTB=alcohol and tobacco tax and trade bureau"
    "|OFAC=office of foreign assets control|Fiscal Service=bureau of the fiscal service",
    "DOJ": "=department of justice|=Justice|FBI=federal bureau of investigation"
    "|DEA=drug enforcement administration|ATF|BOP=bureau of prisons|USMS=marshals service"
    "|EOIR=executive office for immigration review|OJP=office of justice programs",
    "Interior": "=department of the interior|=DOI|BLM=bureau of land management"
    "|FWS=fish and wildlife service|NPS=national park service|BIA=bureau of indian affairs|Indian Affairs"
    "|BOEM=bureau of ocean energy management|BSEE=bureau of safety and environmental enforcement"
    "|USGS=geological survey|BIE=bureau of indian education|OSMRE=office of surface mining"
    "|Reclamation=bureau of reclamation",
    "VA": "=veterans affairs|VHA=veterans health administration|VBA=veterans benefits administration"
    "|NCA=national cemetery administration",
    "USDA": "=department of agriculture|=Agriculture|FNS=food and nutrition service"
    "|FSIS=food safety and inspection service|APHIS=animal and plant health inspection service"
    "|Forest Service|RMA=risk management agency|FarmServiceAgency=farm service agency"
    "|NRCS=natural resources conservation service|AMS=agricultural marketing service",
    "Commerce": "=department of commerce|NOAA=national oceanic|NIST=national institute of standards"
    "|USPTO=patent and trademark office|NTIA=national telecommunications and information"
    "|BIS=bureau of industry and security|Census|ITA=international trade administration"
    "|EDA=economic development administration",
    "State": "=department of state|=State Department",
    "Labor": "=department of labor|=DOL|OSHA=occupational safety and health administration"
    "|MSHA=mine safety and health administration|WHD=wage and hour division"
    "|ETA=employment and training administration|EBSA=employee benefits security administration",
    "Education": "=department of education|FederalStudentAid=federal student aid",
    "HUD": "=housing and urban development|FHA=federal housing administration|Ginnie Mae",
    "OMB": "=office of management and budget",
    "OPM": "=office of personnel management",
    "GSA": "=general services administration",
    "EPA": "=environmental protection agency",
    "NASA": "=national aeronautics",
    "SBA": "=small business administration",
    "SSA": "=social security administration",
    "NRC": "=nuclear regulatory commission",
    "USAID": "=agency for international development",
    "FCC": "=federal communications commission",
    "FTC": "=federal trade commission",
    "SEC": "=securities and exchange commission",
    "FDIC": "=federal deposit insurance",
    "FHFA": "=federal housing finance agency",
    "CFPB": "=consumer financial protection bureau",
    "NCUA": "=national credit union administration",
    "Fed": "=federal reserve|=Board of Governors",
    "USPS": "=postal service",
    "CIA": "=central intelligence agency",
    "ODNI": "=director of national intelligence",
    "FERC": "=federal energy regulatory commission",
    "CPSC": "=consumer product safety commission",
    "PBGC": "=pension benefit guaranty",
    "NTSB": "=national transportation safety board",
    "NSF": "=national science foundation",
    "NARA": "=national archives",
    # None of these is an agency, and none of them acts for one.
    "NASEM": "",
    "NATO": "",
    "ICAO": "",
    "IAEA": "",
    "NERC": "",
    "FINRA": "",
    "NFPA": "",
    "MITRE": "",
    "RAND": "",
}  # fmt: skip
NAMES = words(
    "Treasury Interior Commerce Labor Education State Justice Energy Agriculture Defense Transportation "
    "Army Navy "
    "Congress Coast-Guard Census Forest-Service Air-Force"
)


def _entries() -> dict[str, tuple[str, str]]:
    """Each name, short or long, to its (department, part); the part of a department itself is ""."""
    known = {head: (head, "") for head in _TREE}
    for head, parts in _TREE.items():
        for part in parts.split("|"):
            short, _, long = part.partition("=")
            known.update({name: (head, short) for name in (short, _title(long)) if name})
    return known


def _title(name: str) -> str:
    return " ".join(
        word if word in {"and", "of", "for", "the"} else word[0].upper() + word[1:] for word in name.split()
    )


_KNOWN = _entries()
# All begin with a capital, few words do: the names are tried at those alone.
_ANY_KNOWN = re.compile(
    r"\b(?=[A-Z])(?:" + "|".join(re.escape(name) for name in sorted(_KNOWN, key=len, reverse=True)) + r")\b"
)
_PROPER = re.compile(
    r"(?:\b[A-Z][A-Z&]{1,7}|\b(?:"
    + "|".join(name.replace("-", " ") for name in sorted(NAMES))
    + r"))['’]?s?\s*$"
)


# Bodies that are nobody's part: "the Postal Regulatory Commission".
_INDEPENDENT = re.compile(
    r"\b(?!The\s(?:Commission|Board)$)[A-Z][a-z]+\s(?:(?:and|of|on|for|the|[A-Z][a-z]+)\s)*(?:Commission|Board|Council|Court|Panel|Committee)$"
)
_POSSESSED = re.compile(
    r"\b[a-z]+(?:s['’]|['’]s)\s(?!(?:\w+\s)?(?:reports?|applications?|plans?|responses?|comments|submissions?|bids?|"
    r"proposals?|filings?|data|final|annual|quarterly|progress|interim)\b)"
)
_OWNED = re.compile(r"(?:[Tt]he\s)?([a-z]+)['’]s\s")
# Without a name of its own, such a body may be anybody's.
_BODY = re.compile(
    r"^(?:the|a|an)\s(?:\w+\s)?(center|institute|corporation|foundation|panel|council|board|authority|bank|conference)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Cast:
    """Whose narrative it is.

    `own` holds (department, part) of the agency, empty where it is unknown; `names` its names as the
    recommendation has them; `narratives` both of them.
    """

    own: frozenset[tuple[str, str]]
    names: tuple[str, ...] = ()
    narratives: str = ""
    # Two narratives speak of a few subjects again and again.
    _told: dict[str, Actor] = field(default_factory=dict, init=False, repr=False, compare=False)

    def classify(self, subject: str) -> Actor:
        """Say who a subject is: "CBP officials", "the contractor", "Congress", "the draft guidance"."""
        if subject not in self._told:
            self._told[subject] = self._classify(subject)
        return self._told[subject]

    def _classify(self, subject: str) -> Actor:
        if has_any(lowered(subject), ("we", "gao", "our")) and _GAO.search(subject):
            return Actor.GAO
        if has_any(subject, _LEGISLATIVE) and (_CONGRESS.search(subject) or _ACT.search(subject)):
            return Actor.CONGRESS
        if not self._is_named(subject):
            known = _known_in(subject)
            ours = any(map(self.is_own, known))
            if self._is_other(subject, known, ours):
                return Actor.OTHER
            if not ours:
                return self._by_kind(subject)
        return Actor.AGENCY

    @staticmethod
    def _by_kind(subject: str) -> Actor:
        if _LAW.search(subject):
            return Actor.CONGRESS
        acts = _PEOPLE.search(subject) or _UNIT.match(subject) or _PROPER.search(subject)
        return Actor.AGENCY if acts and not _BODY.match(subject) else Actor.THING

    def _is_other(self, subject: str, known: set[tuple[str, str]], ours: bool) -> bool:
        if OTHERS_LAST.search(subject) and not subject.endswith("State"):
            return not self._begins_with_own(
                subject
            )  # "the DHS Office of Inspector General", "CBP's contractor"
        if ours:
            return False
        owner = _OWNED.match(subject)
        if known or _INDEPENDENT.search(subject):
            return True
        if (
            owner
            and not _PEOPLE.search(owner[1])
            and not self._has_in_name(owner[1])
            and _PEOPLE.search(subject.partition(" of ")[0])
        ):
            return True  # "the Postal Regulatory Commission", "the airport's board"
        if not _PEOPLE.search(subject):
            subject = _POSSESSED.sub("", subject)  # "all contractors' laptops" act for nobody
        return bool(OTHERS.search(subject)) and not re.search(r"\b[A-Z]{2,}\b", subject)

    def _is_named(self, subject: str) -> bool:
        """By its name in full, or by what it is: "the foundation" of the National Science Foundation."""
        body = _BODY.match(subject)
        kind = body[1].capitalize() if body else ""
        if any(name in subject or (kind and kind in name.split()) for name in self.names):
            return True
        # "the center", after "the Air Force Civil Engineer Center"
        spoken_of = re.search(rf"((?:[A-Z][\w'’&-]*\s){{1,6}}){kind}\b", self.narratives) if kind else None
        return spoken_of is not None and any(map(self.is_own, _known_in(spoken_of[1])))

    def _has_in_name(self, noun: str) -> bool:
        return any(noun.capitalize() in name.split() for name in self.names)

    def _begins_with_own(self, subject: str) -> bool:
        """Whether it shares its verb: "Interior and the state"."""
        first, joined, _ = subject.partition(" and ")
        known = _KNOWN.get(first.removeprefix("The ").removeprefix("the "))
        return bool(joined and known and self.is_own(known))

    def is_own(self, name: tuple[str, str]) -> bool:
        """Whether a name as the list has it is the agency's, its parent's or a part's."""
        department, part = name
        return not self.own or any(
            department == head and (not part or not mine or part == mine) for head, mine in self.own
        )


# Gives the short names of an agency, where they are asked for: mostly they are not.
Own = Callable[[], frozenset[str]]


def _known_in(text: str) -> set[tuple[str, str]]:
    return set(_names_in(text))


def _names_in(text: str) -> Iterator[tuple[str, str]]:
    for match in _ANY_KNOWN.finditer(text):
        name = match[0]
        if name == "State" and re.search(r"(?i:state of|each|every)\s*$", text[: match.start()]):
            continue
        yield _KNOWN[name]


def short_name(name: str) -> str:
    """The one word that stands for an agency whose name, short or long, this is; "" for any other."""
    department, part = _KNOWN.get(name, ("", ""))
    return (part or department).replace(" ", "")


def is_short_name(word: str) -> bool:
    """Whether it is what `by_short_names` writes for an agency."""
    return word in _SHORT_NAMES


def by_short_names(text: str) -> str:
    """The text with every agency on the list of names called by its short one."""
    return _WRITTEN_OUT.sub(lambda match: short_name(match["name"]), text)


_SHORT_NAMES = frozenset(map(short_name, _KNOWN))
_WRITTEN_OUT = re.compile(
    rf"(?:\b[Tt]he\s)?(?:\bU\.?S\.?\s|\bUnited\sStates\s)?(?P<name>{_ANY_KNOWN.pattern})(?:\s\([A-Z]{{2,8}}\))?"
)


def make_cast(agency: str, narratives: str) -> Cast:
    """Read whose narrative it is off the agency's name; off the narratives, where they never name that one.

    A page may name an agency in a way that the list of names lacks: then the first one named is taken for it.
    """
    names = [part.strip().removeprefix("The ") for part in agency.split(":")]
    names = [name for name in names if " " in name]
    own = set(_known_of(agency))
    if not own and any(name in narratives or _acronym(name) in narratives for name in names):
        own = {("", agency)}  # itself, and nobody on the list of names
    elif not own:
        own = {_first_named(narratives)} if any(_names_in(narratives)) else set()
    return Cast(frozenset(own), tuple(names), narratives)


@lru_cache(maxsize=1_000)
def _known_of(agency: str) -> frozenset[tuple[str, str]]:
    return frozenset(_names_in(agency))


@lru_cache(maxsize=1_000)
def names_of(agency: str) -> frozenset[str]:
    """The short names that an agency goes by, as `by_short_names` gives them."""
    parts = [part.strip().removeprefix("The ") for part in agency.split(":")]
    known = {(part or department).replace(" ", "") for department, part in _known_of(agency)}
    return frozenset(filter(None, (*known, *map(_acronym, parts))))


def own_names_in(text: str, agency: str) -> frozenset[str]:
    """The short names that an agency goes by, and those of its parent and its parts that a text has."""
    cast = Cast(_known_of(agency))
    found = {_KNOWN[match[0]] for match in _ANY_KNOWN.finditer(text)} if cast.own else set()
    return names_of(agency) | frozenset(
        (part or head).replace(" ", "") for head, part in found if cast.is_own((head, part))
    )


def _acronym(name: str) -> str:
    return "".join(word[0] for word in name.split() if word[0].isupper())


def _first_named(text: str) -> tuple[str, str]:
    match = _ANY_KNOWN.search(text)
    assert match is not None
    return _KNOWN[match[0]]
