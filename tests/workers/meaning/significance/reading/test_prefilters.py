"""Short cuts beside patterns: none holds back a text that its pattern, tried everywhere, would match."""

import re
import sys
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from monitor.record.folding import is_boilerplate
from tests.workers.meaning.significance.reading.ways import ways
from workers.meaning.significance.claims import deliverables, positions
from workers.meaning.significance.comparison import acronyms, equivalence
from workers.meaning.significance.reading import actors, boilerplate, clauses, dates, review_dates
from workers.meaning.significance.reading.prefilters import has_any, lowered

_Gate = tuple[re.Pattern[str], tuple[str, ...]]
_GATES: dict[str, _Gate] = {
    "dates, shades": (dates._SHADE, dates._SHADES),
    "clauses, negative": (clauses._NEGATIVE, clauses._DENYING),
    "positions, silent": (positions._SILENT, ("no", "without")),
    "positions, neither": (positions._NEITHER, ("neither",)),
    "actors, GAO": (actors._GAO, ("we", "gao", "our")),
    "deliverables, generic": (deliverables._GENERIC, deliverables._NAMED_SO),
    "review_dates, look": (review_dates._LOOK, review_dates._LOOKING),
    "review_dates, as of": (review_dates._AS_OF, ("as of",)),
    "review_dates, then said": (review_dates._THEN_SAID, review_dates._TELLING),
    "review_dates, said then": (review_dates._SAID_THEN, review_dates._TELLING),
    "equivalence, in comments": (equivalence._IN_COMMENTS, ("comment", "response")),
}
_CASED: dict[str, _Gate] = {
    "actors, Congress": (actors._CONGRESS, actors._LEGISLATIVE),
    "actors, an Act": (actors._ACT, actors._LEGISLATIVE),
    "deliverables, it": (deliverables._IT, (" it", " them")),
    "clauses, at last": (clauses._AT_LAST, (" according to ",)),
}
_ENDINGS: dict[str, _Gate] = {
    "review_dates, by": (review_dates._BY, review_dates.UNTIL),
    "equivalence, join": (equivalence._JOIN, equivalence._JOINING),
    "clauses, adverbs": (clauses._ADVERBS, clauses._LAST_ADVERBS),
}
_FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def _passes(gate: _Gate, text: str) -> bool:
    return has_any(lowered(text), gate[1])


def _passes_cased(gate: _Gate, text: str) -> bool:
    return has_any(text, gate[1])


def _passes_at_its_end(gate: _Gate, text: str) -> bool:
    low = lowered(text)
    return (low if gate[1][0].endswith(" ") else low.rstrip()).endswith(gate[1])


_ALL = [
    pytest.param(gate, passes, id=name)
    for gates, passes in ((_GATES, _passes), (_CASED, _passes_cased), (_ENDINGS, _passes_at_its_end))
    for name, gate in gates.items()
]


@pytest.mark.parametrize(("gate", "passes"), _ALL)
def test_a_gate_lets_pass_each_alternative_of_its_pattern(
    gate: _Gate, passes: Callable[[_Gate, str], bool]
) -> None:
    """Each way in which a pattern can match has one of the gate's words in it."""
    texts = ways(gate[0])
    assert texts
    assert [text for text in texts if not passes(gate, text)] == []


@pytest.mark.parametrize(("gate", "passes"), _ALL)
@given(data=st.data())
@_FEW
def test_a_gate_lets_pass_what_its_pattern_matches(
    gate: _Gate, passes: Callable[[_Gate, str], bool], data: st.DataObject
) -> None:
    """The same for ways put together at random; white space is folded, as in every sentence."""
    text = re.sub(r"\s+", " ", data.draw(st.from_regex(gate[0])))
    assume(gate[0].search(text))
    assert passes(gate, text)


def test_a_letter_is_in_lower_case_what_patterns_take_it_for() -> None:
    """Of all characters that a pattern without regard to case takes for a letter, each is lowered to one."""
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    for char in re.findall(r"[a-z]", every, re.IGNORECASE):
        assert re.fullmatch(lowered(char), char, re.IGNORECASE), char
        assert lowered(char).isascii()


def _split(listed: str) -> list[str]:
    return listed.split("|")


_ATOMS = _split(
    "January|jan|may|MAY|May|Sept.|October|second|fourth|last|1st|quarter|half|Q1|q3|fiscal|fiscal-quarter|"
    "year|years|FY|FY2025|CY|calendar|spring|autumn|of|in|the|that|this|same|2024|'25|25|5|31|05/31/2024|"
    "5/31/24|2024-05-31|,|.|(|)|$|mid-|early|late|end|'s|st|nd|2,025|x|\u017feptember|\u0131|"
    "a word or two that make it long and longer still"
)
_JOINED = _split(
    "by|By|before|in|In|on|or|and|for|to|until|within|during|no later than|sometime|as early as|the|is|was|"
    "now|of|expected|(expected|Anticipated|planned|scheduled|due|targeted|estimated|date|completion|milestone|ECD:|"
    ":|(|DHS|expects|the guide|a word or two that make it long and longer still"
)
_BROKEN = _split(
    "DHS|said|stated that|told us|noted in May 2024,|it|they|we|CBP officials|the|its|and|, and|but|or|"
    ", then|, yet|, which|who|where|Although|, while|because|\u017fo that|\u0131f|If|once|until it|since the|"
    "after CBP|before|;|:|\u2013|--|issued|updated|has|will|plans|plan to|put|a guide|that|so|in order for|"
    "by the time|,"
)
_NAMED = _split(
    "We|we|were|GAO|GAO's|xGAO|_we|WE|DHS|ADHS|DHSx|U.S.|ABCDEFGH|A|AB|_AB|(IRS)|9AB|"
    "Department of Homeland Security"
)


def _strings(atoms: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(atoms), max_size=14).flatmap(
        lambda parts: st.sampled_from((" ", "", ", ")).map(lambda gap: gap.join(parts))
    )


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int, str | None]]:
    return [(*match.span(), match.lastgroup) for match in pattern.finditer(text)]


@given(_strings(_ATOMS))
@settings(max_examples=400, deadline=None)
def test_dates_are_found_around_digits_as_they_are_everywhere(text: str) -> None:
    """What is looked at reaches far enough before the first digit and behind the last."""
    found = [(*match.span(), match.lastgroup) for match in dates._matches(text)]
    assert found == (_spans(dates._DATE, text) if re.search(r"\d", text) else [])


@pytest.mark.parametrize("beside", ["", "word " * 40])
@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("second fiscal quarter, of the fiscal years '25", "FY2025-Q2"),
        ("latter half of the calendar years 2025", "2025"),
        ("FY2025's, second-fiscal quarter", "FY2025-Q2"),
        ("2025 calendar year", "2025"),
        ("September, of 2025", "2025-09"),
    ],
)
def test_the_longest_dates_are_read_whole(written: str, name: str, beside: str) -> None:
    """However far other words are from them."""
    (found,) = dates.find_dates(f"{beside}{written}{' ' + beside if beside else ''}")
    assert (found.name, found.stop - found.start) == (name, len(written))
    assert dates.find_dates(f"In 2024 {beside}and May of that year {beside}")[-1].name == "2024-05"


@pytest.mark.parametrize(
    "verb",
    _split(
        "said|says|states|reported|told us|noted|indicated|explained|informed us|added|"
        "confirmed|reiterated|acknowledged|estimated|responded|wrote|commented|observed|announced|cautioned|"
        "emphasized|verified|learned|notified us"
    ),
)
def test_every_verb_of_speech_begins_a_clause(verb: str) -> None:
    """The first letters of all of them are known."""
    assert [span[2] for span in _spans(clauses._BREAK, f"DHS {verb} that it issued a guide.")] == ["said"]


def test_dates_in_another_order_are_the_same_dates() -> None:
    """Sentences may change places."""
    one, other = "CBP issued the guide in May 2024.", "FEMA hired nine divers in June 2023."
    assert equivalence.compare(f"{one} {other}", f"{other} {one}") is equivalence.Sameness.SAME


@given(_strings(_BROKEN))
@settings(max_examples=400, deadline=None)
def test_clauses_begin_where_they_would_if_every_place_were_tried(text: str) -> None:
    """The letters that one can begin with are all there."""
    everywhere = re.compile(clauses._BREAK.pattern.removeprefix(clauses._MAY_BREAK), re.VERBOSE)
    assert everywhere.pattern != clauses._BREAK.pattern
    assert _spans(clauses._BREAK, text) == _spans(everywhere, text)


@given(_strings(_NAMED))
@settings(max_examples=200, deadline=None)
def test_patterns_that_begin_with_a_letter_mind_the_bound_before_it(text: str) -> None:
    """They find what those with the bound in front do."""
    plain = re.compile(r"\b(?:[Ww]e|GAO)\b")
    assert [match.span() for match in plain.finditer(text)] == [
        match.span() for match in boilerplate._BY_GAO.finditer(text)
    ]
    assert acronyms._ACRONYM.findall(text) == re.findall(r"\b[A-Z]{2,6}\b", text)


@pytest.mark.parametrize(
    "sentence",
    [
        "When we confirm what actions the agency has taken, we will provide updated information.",
        "Once we verify what steps have been taken, we will post updated information",
        "When we confirm what actions have been taken, we will provide updated&nbsp;information.",
        "When we confirm what actions have been taken, we will provide \uff55pdated information.",
    ],
)
def test_the_boilerplate_is_known_before_it_is_folded(sentence: str) -> None:
    """Also where folding makes letters of other signs."""
    assert is_boilerplate(sentence)
    assert boilerplate.may_be_boilerplate(sentence, lowered(sentence))


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("The Department of Homeland Security agreed.", "DHS agreed."),
        ("It went to the U.S. Coast and Geodetic Survey today.", "It went to CGS today."),
        ("As of May, Veterans Affairs was at it.", "As of May, VA was at it."),
    ],
)
def test_a_name_written_out_is_shortened_to_an_acronym_of_the_other_narrative(
    written: str, short: str
) -> None:
    """Whatever other capitals stand before it."""
    assert acronyms.shorten(written, "DHS, CGS and VA.") == short
