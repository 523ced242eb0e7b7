"""Which known recommendation a row of a page is. Pure.

Key, text, number, agency and report are weighed together over the whole page, the surest pairs first: a row
that has a recommendation's very words and number is that one, then one that has its very words under another
number (others were inserted before it), then one under its key with edited words, and so on down to one that
was rewritten. Each known recommendation is claimed once, and only where exactly one fits.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache

from monitor.record import folding
from monitor.record.values import Kind, Recommendation

_SAME_TEXT = 0.75  # share of words in common from which an edited text is still the same
_REWRITTEN = 0.34  # from which it may be, where nothing else claims it
_REWRITTEN_UNLISTED = 0.5  # the same without a number, on a page that does not list all
_REWRITTEN_NUMBERED = 0.2  # the same under the stated number of a report that is known by its number
_LIKE_NAMES = 0.5  # share of words that two agencies' names or two titles have in common
_CLEARLY = 0.1  # the margin to the next best
_RENAMED_ROWS = 3  # of one agency under another name, from which it was renamed, however unlike the names
_LONG_TEXT = 5_000  # words; longer texts are compared without regard to the words' order
_FIGURE = re.compile(r"\d")


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
    agency: str = ""

    @property
    def provisional(self) -> bool:
        """Whether its report is known by title alone."""
        return self.key.startswith("~")


@dataclass(slots=True)
class Matching:
    """Which recommendation each row is.

    `known`: by the row's place. `aliases`: keys to add. `joined`: real keys of recommendations that were
    known by title alone. `renamed`: new names of agencies, by recommendation.
    """

    known: dict[int, Candidate] = field(default_factory=dict)
    aliases: dict[str, int] = field(default_factory=dict)
    joined: dict[int, str] = field(default_factory=dict)
    renamed: dict[int, str] = field(default_factory=dict)


def match(rows: Sequence[Recommendation], known: Iterable[Candidate], *, complete: bool) -> Matching:
    """Say for each row (by its place) which known recommendation it is; rows left out are unseen ones.

    `complete`: a known recommendation of the same report that no row claims is really gone, so a row
    that differs from it in its agency's name or its text may be it.
    """
    page = _Page(rows, list(known))
    page.claim_by_key(_has_its_words)
    page.apply(page.renumbered_for_certain, _words)
    page.claim_by_key(_text_fits)
    page.apply(_same_report, _number_and_product)
    page.apply(_same_title, _number_and_title)
    page.apply(_renamed_title, _words)
    page.apply(_number_apart_and_edited if complete else _number_apart, _product)
    if complete:
        page.apply(_renamed_agency, _number)
        page.apply(page.renaming(), _words)
    if page.renumbered:
        page.apply(page.renumbered_and_edited, _kind)
    page.claim_by_key(_rewritten_under_its_key)
    page.apply(_rewritten if complete else _rewritten_unlisted, _number_and_title, sure=True)
    return page.found


Rule = Callable[[Recommendation, Candidate], bool]
Shelf = Callable[[Recommendation | Candidate], Hashable]  # only rows and candidates of one shelf are compared


class _Page:
    """The rows of a page and the candidates, as they are claimed."""

    def __init__(self, rows: Sequence[Recommendation], candidates: list[Candidate]) -> None:
        self.rows = rows
        self.candidates = candidates
        self.found = Matching()
        self.claimed: set[int] = set()
        self.renumbered: set[Hashable] = set()  # reports in which numbers have moved
        self._shown = {row.key for row in rows}
        self._by_key = {key: one for one in candidates for key in (one.key, *one.keys)}
        self._shared = {folding.key_shared(key) for key in self._by_key}

    def claim_by_key(self, rule: Rule) -> None:
        """Claim rows that bear a candidate's key, where the rest fits too."""
        named = [
            (place, row, one)
            for place, row in self._open_rows()
            if (one := self._named(row))
            and one.id not in self.claimed
            and not _other_department(row, one)
            and rule(row, one)
        ]
        # Its own key before its old ones: another may be called now what this one was.
        for place, row, one in sorted(named, key=lambda name: name[1].key != name[2].key):
            if one.id not in self.claimed:
                self._claim(place, row, one)

    def _named(self, row: Recommendation) -> Candidate | None:
        # Where several texts were under one key, a page that shows one of them shows that one.
        if row.key in self._shared and (apart := self._by_key.get(folding.key_apart(row.key, row.text))):
            return apart
        return self._by_key.get(row.key)

    def apply(self, rule: Rule, shelf: Shelf, *, sure: bool = False) -> None:
        """Claim rows and candidates that fit each other, each of them only once.

        `sure`: where several fit, none is it, however much nearer one is.
        """
        open_rows = self._open_rows()
        if not open_rows:
            return
        shelves: dict[Hashable, list[Candidate]] = defaultdict(list)
        for one in self.candidates:
            if one.id not in self.claimed:
                shelves[shelf(one)].append(one)
        fits = {place: [one for one in shelves[shelf(row)] if rule(row, one)] for place, row in open_rows}
        rivals: dict[int, list[tuple[int, Candidate]]] = defaultdict(list)
        for place, row in open_rows:
            if best := _only(row, fits[place], sure=sure):
                rivals[best.id].append((place, best))
        for several in rivals.values():
            exact = [(place, one) for place, one in several if _same_text(self.rows[place], one)]
            for place, one in exact if len(several) > 1 else several:
                if len(several) == 1 or len(exact) == 1:
                    self._claim(place, self.rows[place], one)

    def _open_rows(self) -> list[tuple[int, Recommendation]]:
        return [(place, row) for place, row in enumerate(self.rows) if place not in self.found.known]

    def _claim(self, place: int, row: Recommendation, one: Candidate) -> None:
        self.claimed.add(one.id)
        self.found.known[place] = one
        if row.number != one.number and None not in (row.number, one.number):
            self.renumbered.add(one.product or one.title_hash)
        if row.key == one.key or row.key in one.keys:
            return
        # The name under which it is already known may be that of a source which lags.
        if not _same_agency(row, one):
            self.found.renamed[one.id] = row.agency
        if row.key in self._by_key:
            return  # another's, whose number has moved on
        self.found.aliases[row.key] = one.id
        if one.provisional and not row.key.startswith("~"):
            self.found.joined[one.id] = row.key

    def renumbered_for_certain(self, row: Recommendation, one: Candidate) -> bool:
        """Renumbered for certain: its new number was another's, or its old one is now.

        Two recommendations of a report may have the same words.
        """
        moved = row.key in self._by_key or not self._shown.isdisjoint((one.key, *one.keys))
        return moved and _renumbered(row, one)

    def renumbered_and_edited(self, row: Recommendation, one: Candidate) -> bool:
        """Another number and an edited text, in a report whose other numbers have moved."""
        report = one.product or one.title_hash
        return (
            report in self.renumbered
            and _same_product_or_title(row, one)
            and _same_agency(row, one)
            and _text_fits(row, one)
        )

    def renaming(self) -> Rule:
        """A rule for an agency that has another name in several rows, and nowhere the old one."""
        shown = {folding.fold_agency(row.agency) for row in self.rows}
        by_words: dict[Hashable, list[Candidate]] = defaultdict(list)
        for one in self.candidates:
            if one.id not in self.claimed:
                by_words[_words(one)].append(one)
        pairs: dict[str, list[str]] = defaultdict(list)
        for _, row in self._open_rows():
            olds = {one.agency_folded for one in by_words[_words(row)] if _agency_called_otherwise(row, one)}
            pairs[folding.fold_agency(row.agency)].append(olds.pop() if len(olds) == 1 else "")
        renamed = {
            new: olds[0]
            for new, olds in pairs.items()
            if len(olds) >= _RENAMED_ROWS and len(set(olds)) == 1 and olds[0] and olds[0] not in shown
        }
        return lambda row, one: (
            renamed.get(folding.fold_agency(row.agency)) == one.agency_folded
            and _agency_called_otherwise(row, one)
        )


def _words(one: Recommendation | Candidate) -> Hashable:
    text = folding.text_fingerprint(one.text) if isinstance(one, Recommendation) else one.text_fingerprint
    return one.kind, text


def _number(one: Recommendation | Candidate) -> Hashable:
    return one.kind, one.number


def _number_and_product(one: Recommendation | Candidate) -> Hashable:
    return one.kind, one.number, one.product


def _number_and_title(one: Recommendation | Candidate) -> Hashable:
    title = folding.title_hash(one.title) if isinstance(one, Recommendation) else one.title_hash
    return one.kind, one.number, title


def _product(one: Recommendation | Candidate) -> Hashable:
    return one.kind, one.product


def _kind(one: Recommendation | Candidate) -> Hashable:
    return one.kind


def _only(row: Recommendation, fits: list[Candidate], *, sure: bool) -> Candidate | None:
    """The one that fits, or of several the one of the row's agency or whose text is clearly nearest."""
    if len(fits) < 2:
        return fits[0] if fits else None
    if sure:
        return None
    full = [one for one in fits if _full_name(one.agency) == _full_name(row.agency)]
    if len(full) == 1 and len({one.agency_folded for one in fits}) == 1:
        return full[0]
    ranked = sorted(((_similarity(row.text, one.text), one.id, one) for one in fits), reverse=True)
    (first, _, best), (second, _, _) = ranked[:2]
    return best if first - second >= _CLEARLY else None


# Rules, of which each row and candidate meets the first possible ------------------------------------------


def _has_its_words(row: Recommendation, one: Candidate) -> bool:
    return _same_text(row, one)


def _rewritten_under_its_key(row: Recommendation, one: Candidate) -> bool:
    """Under a report's number any text; a title can name several reports, so some of it must be left."""
    least = _left_under_title(one)
    return not row.key.startswith("~") or (
        not _contradict(row, one) and _similarity(row.text, one.text, least) >= least
    )


def _left_under_title(one: Candidate) -> float:
    """How much of a text must be left where only the title names the report."""
    return _REWRITTEN if one.provisional else _REWRITTEN_NUMBERED


def _renumbered(row: Recommendation, one: Candidate) -> bool:
    """The very words of the same report to the same agency under another number."""
    return (
        None not in (row.number, one.number)
        and row.number != one.number
        and _same_product_or_title(row, one)
        and _same_agency(row, one)
    )


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
        and row.number == one.number
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
    return _number_apart_and_edited(row, one) and _same_text(row, one)


def _number_apart_and_edited(row: Recommendation, one: Candidate) -> bool:
    """The same with an edited text."""
    return (
        None in (row.number, one.number)
        and row.product is not None
        and row.product == one.product
        and _same_agency(row, one)
        and _text_fits(row, one)
    )


def _renamed_agency(row: Recommendation, one: Candidate) -> bool:
    """The agency is spelled otherwise or was renamed: everything else is the same.

    One recommendation to three agencies is three rows of one text, so the names must be alike.
    """
    names = SequenceMatcher(None, folding.fold_agency(row.agency).split(), one.agency_folded.split())
    return _same_product_or_title(row, one) and names.ratio() >= _LIKE_NAMES and _text_fits(row, one)


def _agency_called_otherwise(row: Recommendation, one: Candidate) -> bool:
    """Another agency's name on the very words, number and report of one that nothing else claims."""
    return (
        not _same_agency(row, one)
        and row.number == one.number
        and _same_text(row, one)
        and _same_product_or_title(row, one)
    )


def _rewritten(row: Recommendation, one: Candidate) -> bool:
    """The same report, number, title and agency, and a text of which a third is left."""
    same_report = row.product == one.product if row.product else not _contradict(row, one)
    return (
        same_report
        and one.title_hash == folding.title_hash(row.title)
        and _same_agency(row, one)
        and _similarity(row.text, one.text, _REWRITTEN) >= _REWRITTEN
    )


def _rewritten_unlisted(row: Recommendation, one: Candidate) -> bool:
    """The same on a page where the known one may be unlisted: without a number more of it must be left."""
    least = _left_under_title(one) if row.number else _REWRITTEN_UNLISTED
    return (
        not _contradict(row, one)
        and one.title_hash == folding.title_hash(row.title)
        and _same_agency(row, one)
        and _similarity(row.text, one.text, least) >= least
    )


def _same_product_or_title(row: Recommendation, one: Candidate) -> bool:
    return row.product == one.product if row.product else one.title_hash == folding.title_hash(row.title)


def _contradict(row: Recommendation, one: Candidate) -> bool:
    """Whether both name a report, and not the same one: a title may be that of several."""
    return row.product is not None and one.product is not None and row.product != one.product


def _same_agency(row: Recommendation, one: Candidate) -> bool:
    """The same agency, by the name shown or one that it had before."""
    if _other_department(row, one):
        return False
    if folding.fold_agency(row.agency) == one.agency_folded:
        return True
    slug = folding.slug(row.agency)
    return any(key.endswith(f"@{slug}") for key in (one.key, *one.keys))


def _other_department(row: Recommendation, one: Candidate) -> bool:
    """Whether both name a department before an office of one name, and not the same one."""
    ours, theirs = folding.department(row.agency), folding.department(one.agency)
    return bool(ours and theirs) and ours != theirs


def _full_name(agency: str) -> str:
    return folding.fold(agency).casefold()


def _same_text(row: Recommendation, one: Candidate) -> bool:
    return one.text_fingerprint == folding.text_fingerprint(row.text)


def _text_fits(row: Recommendation, one: Candidate) -> bool:
    return _same_text(row, one) or _similarity(row.text, one.text) >= _SAME_TEXT


def _similarity(one: str, other: str, least: float = _SAME_TEXT) -> float:
    """The share of words that two texts have in common, in order: 0 to 1, and 0 below `least`."""
    words, others = _folded_words(one), _folded_words(other)
    total = len(words) + len(others)
    # Two cheap bounds spare most pairs the quadratic part.
    if not total or 2 * min(len(words), len(others)) < least * total:
        return 0.0
    common = sum((Counter(words) & Counter(others)).values())
    if 2 * common < least * total:
        return 0.0
    if max(len(words), len(others)) <= _LONG_TEXT:
        common = _common_in_order(words, others)
    return 2 * common / total


@lru_cache(maxsize=2000)
def _folded_words(text: str) -> tuple[str, ...]:
    return tuple(folding.fold_text(text).split())


def _common_in_order(words: Sequence[str], others: Sequence[str]) -> int:
    """The length of the longest common subsequence, a bit a word (Hyyrö's algorithm)."""
    places: dict[str, int] = defaultdict(int)
    for at, word in enumerate(words):
        places[word] |= 1 << at
    full = (1 << len(words)) - 1
    free = full
    for word in others:
        taken = free & places.get(word, 0)
        free = ((free + taken) | (free - taken)) & full
    return len(words) - free.bit_count()
