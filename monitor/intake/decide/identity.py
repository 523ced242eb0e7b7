"""Which known recommendation a row of a page is. Pure.

A row's own key decides wherever it is known. On a miss the same recommendation may stand there under another
key: its report was known by title alone, its agency is spelled otherwise, its text was edited and states no
number. Each of these is believed only where exactly one known recommendation fits.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from monitor.record import folding
from monitor.record.values import Kind, Recommendation

_SAME_TEXT = 0.75  # share of words in common from which an edited text is still the same one
_LIKE_NAMES = 0.5  # the same of the words of two agencies' names
_FIGURE = re.compile(r"\d")
_CLEARLY = 0.1  # and by how much it must beat the next best


@dataclass(frozen=True, slots=True)
class Candidate:
    """What identity needs of a known recommendation. `keys` are its key and its aliases."""

    id: int
    key: str
    product: str | None
    kind: Kind
    number: str | None
    agency_folded: str
    title: str
    title_hash: str
    text: str
    text_fingerprint: str
    keys: tuple[str, ...]

    @property
    def provisional(self) -> bool:
        """Whether its report is known by title alone."""
        return self.key.startswith("~")


@dataclass(slots=True)
class Matching:
    """Rows and whom they are: `known` by the row's place; `aliases` to add; `joined` ids' real keys."""

    known: dict[int, Candidate] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    joined: dict[int, str] = field(default_factory=dict)


def match(rows: Sequence[Recommendation], known: Iterable[Candidate], *, complete: bool) -> Matching:
    """Say for each row (by its place) which known recommendation it is; rows left out are unseen ones.

    `complete`: a known recommendation of the same report that no row claims is really gone, so a row
    that differs from it in its agency's name or its text may be it.
    """
    candidates = list(known)
    by_key = {key: one for one in candidates for key in (one.key, *one.keys)}
    shared = {folding.key_shared(key) for key in by_key}
    found = Matching()
    claimed: set[int] = set()
    by_name = [(place, row, one) for place, row in enumerate(rows) if (one := _by_key(row, by_key, shared))]
    # Its own key before its old ones: another may have come to be called what this one was.
    for place, row, one in sorted(by_name, key=lambda name: name[1].key != name[2].key):
        if one.id not in claimed:
            claimed.add(one.id)
            _claim(found, place, row, one)
    for rule in (_same_report, _same_title, _renamed_title, *([_renamed_agency] if complete else ())):
        _apply(rule, rows, candidates, found, _shelf)
    _apply(_number_apart, rows, candidates, found, _kind)
    return found


def _by_key(row: Recommendation, by_key: dict[str, Candidate], shared: set[str | None]) -> Candidate | None:
    # Where several texts stood under one key, a page that shows one of them shows that one.
    if row.key in shared and (apart := by_key.get(folding.key_apart(row.key, row.text))):
        return apart
    exact = by_key.get(row.key)
    if exact is None or not row.key.startswith("~"):
        return exact
    # A title can name several reports: under such a key the text must fit too.
    return exact if _text_fits(row, exact) else None


def _claim(found: Matching, place: int, row: Recommendation, one: Candidate) -> None:
    found.known[place] = one
    if row.key != one.key and row.key not in one.keys:
        found.aliases[row.key] = one.id
        if one.provisional and not row.key.startswith("~"):
            found.joined[one.id] = row.key


Rule = Callable[[Recommendation, Candidate], bool]
Shelf = Callable[[Recommendation | Candidate], Hashable]  # only rows and candidates of one shelf are compared


def _apply(
    rule: Rule, rows: Sequence[Recommendation], candidates: list[Candidate], found: Matching, shelf: Shelf
) -> None:
    """Join unmatched rows and unclaimed candidates that fit each other, each of them only once."""
    claimed = {one.id for one in found.known.values()}
    open_rows = [(place, row) for place, row in enumerate(rows) if place not in found.known]
    if not open_rows:
        return
    shelves: dict[Hashable, list[Candidate]] = defaultdict(list)
    for one in candidates:
        if one.id not in claimed:
            shelves[shelf(one)].append(one)
    fits = {place: [one for one in shelves[shelf(row)] if rule(row, one)] for place, row in open_rows}
    chosen = {place: best for place, row in open_rows if (best := _only(row, fits[place]))}
    rivals: dict[int, list[tuple[int, Candidate]]] = defaultdict(list)
    for place, one in chosen.items():
        rivals[one.id].append((place, one))
    for several in rivals.values():
        exact = [(place, one) for place, one in several if _same_text(rows[place], one)]
        for place, one in exact if len(several) > 1 else several:
            if len(several) == 1 or len(exact) == 1:
                _claim(found, place, rows[place], one)


def _shelf(one: Recommendation | Candidate) -> Hashable:
    return one.kind, one.number


def _kind(one: Recommendation | Candidate) -> Hashable:
    return one.kind


def _only(row: Recommendation, fits: list[Candidate]) -> Candidate | None:
    """The one that fits, or of several the one whose text is clearly nearest."""
    if len(fits) < 2:
        return fits[0] if fits else None
    ranked = sorted(((_similarity(row.text, one.text), one.id, one) for one in fits), reverse=True)
    (first, _, best), (second, _, _) = ranked[:2]
    return best if first - second >= _CLEARLY else None


def _same_report(row: Recommendation, one: Candidate) -> bool:
    """The same report, agency, number (or none) and, however edited, text, known under another key."""
    return (
        row.product is not None
        and row.product == one.product
        and _same_agency(row, one)
        and _text_fits(row, one)
    )


def _same_title(row: Recommendation, one: Candidate) -> bool:
    """Title, number, agency and text all fit, and one of the two is known by title alone."""
    return (
        not _contradict(row, one)
        and one.title_hash == folding.title_hash(row.title)
        and _same_agency(row, one)
        and _text_fits(row, one)
    )


def _renamed_title(row: Recommendation, one: Candidate) -> bool:
    """A report known by title alone got another title, much like it: agency, number and text are the same.

    Reports of a series repeat recommendations word for word; their titles differ in a year.
    """
    return (
        not _contradict(row, one)
        and _same_agency(row, one)
        and _same_text(row, one)
        and _like_titles(row.title, one.title)
    )


def _like_titles(one: str, other: str) -> bool:
    """Whether two titles have most of their words in common, and all of their figures."""
    words, others = folding.fold_title(one).split(), folding.fold_title(other).split()
    if [word for word in words if _FIGURE.search(word)] != [word for word in others if _FIGURE.search(word)]:
        return False
    return SequenceMatcher(None, words, others, autojunk=False).ratio() >= _LIKE_NAMES


def _number_apart(row: Recommendation, one: Candidate) -> bool:
    """Only one of the two states a number: the page states it since, or no longer; the text is the same."""
    return (
        None in (row.number, one.number)
        and row.product is not None
        and row.product == one.product
        and _same_agency(row, one)
        and one.text_fingerprint == folding.text_fingerprint(row.text)
    )


def _renamed_agency(row: Recommendation, one: Candidate) -> bool:
    """The agency is spelled otherwise or was renamed: everything else is the same.

    One recommendation to three agencies is three rows of one text, so the names must be alike.
    """
    same_report = (
        row.product == one.product if row.product else one.title_hash == folding.title_hash(row.title)
    )
    names = SequenceMatcher(None, folding.fold_agency(row.agency).split(), one.agency_folded.split())
    return same_report and names.ratio() >= _LIKE_NAMES and _text_fits(row, one)


def _contradict(row: Recommendation, one: Candidate) -> bool:
    """Whether both name a report, and not the same one: a title may be that of several."""
    return row.product is not None and one.product is not None and row.product != one.product


def _same_agency(row: Recommendation, one: Candidate) -> bool:
    return folding.fold_agency(row.agency) == one.agency_folded


def _same_text(row: Recommendation, one: Candidate) -> bool:
    return one.text_fingerprint == folding.text_fingerprint(row.text)


def _text_fits(row: Recommendation, one: Candidate) -> bool:
    return _same_text(row, one) or _similarity(row.text, one.text) >= _SAME_TEXT


def _similarity(one: str, other: str) -> float:
    """The share of words that two texts have in common, in order: 0 to 1."""
    words, others = folding.fold_text(one).split(), folding.fold_text(other).split()
    matcher = SequenceMatcher(None, words, others, autojunk=False)
    # The two cheap bounds spare most pairs the quadratic part.
    if matcher.real_quick_ratio() < _SAME_TEXT or matcher.quick_ratio() < _SAME_TEXT:
        return 0.0
    return matcher.ratio()
