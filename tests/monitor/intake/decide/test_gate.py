"""The gate, rule by rule, at its limits."""

import time
from dataclasses import replace

import pytest

from monitor.intake.decide.gate import GateInput, RowChange, Version, objection
from monitor.record.settings import Gate
from monitor.record.values import Capture, Format, Kind, Recommendation
from tests.fakes.pages import BOILERPLATE


def capture(count: int, announced: int | None = None, form: Format = Format.CSV) -> Capture:
    """A capture of so many rows."""
    row = Recommendation(
        "k", "GAO-31-1", Kind.RECOMMENDATION, "1", "A", "T", "X", "open", False, "N", None, "1f"
    )
    complete = form in (Format.CSV, Format.PRODUCT)
    return Capture(form, (row,) * count, complete=complete, announced=announced)


def reword(old: str, new: str) -> RowChange:
    """A narrative rewritten."""
    return RowChange(Version(old), Version(new))


def reworded(count: int, old: str = "Old words stood here.", new: str = "New {} words.") -> list[RowChange]:
    """So many narratives rewritten, each in its own way."""
    return [reword(old, new.format(n)) for n in range(count)]


def held(draft: GateInput, page: Capture | None = None, limits: Gate | None = None) -> bool:
    """Whether the gate objects."""
    return objection(page or capture(100), draft, limits or Gate()) is not None


@pytest.mark.parametrize(
    ("draft", "page", "said"),
    [
        (
            GateInput(100, 21, 79),
            capture(79),
            "21 of 100 open recommendations are gone at once (more than 20%)",
        ),
        (
            GateInput(20, 0, 20, reworded(11)),
            capture(20),
            "11 of 20 narratives changed at once (more than 50%)",
        ),
        (GateInput(3, 3, 0), capture(0), "none of the 3 known recommendations is on it"),
        (
            GateInput(0, 0, 0),
            capture(1, 25, Format.AGENCY),
            "the page announces 25 open recommendations and shows 1",
        ),
        (
            GateInput(0, 0, 2, [reword(f"Of pier {n}.", f"Mind the gap. Of pier {n}.") for n in range(2)]),
            capture(2),
            "the same words were added to every narrative: “Mind the gap.”",
        ),
        (
            GateInput(0, 0, 2, [reword(f"Mind the gap. Of pier {n}.", f"Of pier {n}.") for n in range(2)]),
            capture(2),
            "the same words were cut from every narrative: “Mind the gap.”",
        ),
    ],
)
def test_operators_are_told_why_with_the_figures(draft: GateInput, page: Capture, said: str) -> None:
    """One sentence: what was seen, of how many, and the limit."""
    assert objection(page, draft, Gate()) == said


@pytest.mark.parametrize(("length", "shown"), [(80, "x" * 80), (81, "x" * 80 + "…")])
def test_a_long_banner_is_quoted_by_its_beginning(length: int, shown: str) -> None:
    """Eighty characters of it."""
    banner = "x" * length
    same = [reword(f"Of pier {n}.", f"Of pier {n}. {banner}") for n in range(2)]
    reason = objection(capture(2), GateInput(0, 0, 2, same), Gate())
    assert reason == f"the same words were added to every narrative: “{shown}”"


@pytest.mark.parametrize(("gone", "expected"), [(20, False), (21, True)])
def test_more_than_a_fifth_gone_at_once_is_not_believed(gone: int, expected: bool) -> None:
    """The share of the open ones that the source showed, at its limit and one above."""
    assert held(GateInput(100, gone, 100)) is expected


def test_of_very_few_all_but_one_may_leave() -> None:
    """Below five known, a share means nothing."""
    assert not held(GateInput(4, 3, 1))
    assert held(GateInput(5, 3, 2))
    assert held(GateInput(6, 3, 3))


def test_a_page_that_shows_none_of_the_known_is_not_believed() -> None:
    """However few were known: that is a blank page."""
    assert held(GateInput(1, 1, 0), capture(0, form=Format.PRODUCT))


def test_a_page_without_rows_is_believed_where_nothing_was_known() -> None:
    """A report that nobody has seen; and an agency's page with none open says nothing of others."""
    assert not held(GateInput(0, 0, 0), capture(0, form=Format.PRODUCT))
    assert not held(GateInput(1, 0, 0), capture(0, 0, form=Format.AGENCY))


@pytest.mark.parametrize(("changed", "expected"), [(10, False), (11, True)])
def test_more_than_half_reworded_at_once_is_not_believed(changed: int, expected: bool) -> None:
    """At its limit and one above, of the least number that is judged."""
    assert held(GateInput(20, 0, 20, reworded(changed))) is expected
    assert held(GateInput(22, 0, 22, reworded(changed + 1))) is expected


def test_below_twenty_any_share_may_change() -> None:
    """Nineteen of nineteen, each in its own way."""
    assert not held(GateInput(19, 0, 19, reworded(19)))


def test_first_responses_are_not_counted() -> None:
    """However many get one at once."""
    assert not held(GateInput(40, 0, 40, reworded(40, old=BOILERPLATE)))


@pytest.mark.parametrize("count", [2, 3, 50])
def test_the_same_words_added_to_all_are_the_sites(count: int) -> None:
    """At any size; at the end, in front or in between."""
    for new in ("Of pier {0}. This site is unattended.", "This site is unattended. Of pier {0}."):
        same = [reword(f"Of pier {n}.", new.format(n)) for n in range(count)]
        assert held(GateInput(0, 0, count, same))


@pytest.mark.parametrize("count", [2, 5])
def test_words_in_front_that_begin_like_the_narrative_are_the_sites_too(count: int) -> None:
    """Whether "The site." or "site. The" was put before "The pier" cannot be told, and does not matter."""
    first = ("The pier {} is old.", "This pier {} is old.", "Of pier {}.", "The site at {} is closed.")
    olds = [first[n % 4].format(n) for n in range(count)]
    assert held(GateInput(0, 0, count, [reword(old, f"The site is unattended. {old}") for old in olds]))
    assert held(GateInput(0, 0, count, [reword(f"The site is unattended. {old}", old) for old in olds]))


@pytest.mark.parametrize("count", [2, 5])
def test_a_real_change_among_the_same_words_does_not_hide_them(count: int) -> None:
    """One narrative was edited on the day on which the site put its notice into all of them."""
    notice = "This site is unattended."
    same = [reword(f"Of pier {n}.", f"Of pier {n}. {notice}") for n in range(count)]
    for words in ("Pier 9 was rebuilt in May.", "Of pier 9. It was rebuilt."):
        assert held(GateInput(0, 0, count + 1, [reword("Of pier 9.", f"{words} {notice}"), *same]))
    assert not held(GateInput(0, 0, count + 1, [reword("Of pier 9.", "Pier 9 was rebuilt in May."), *same]))


def test_a_short_word_that_two_edits_share_is_an_accident() -> None:
    """One narrative gained a "not", the others were rewritten with one; or all lost the same sentence so."""
    lost = "We will watch the pier."
    shorter = [reword(f"Of pier {n}. {lost}", f"Of pier {n}.") for n in range(2)]
    rewritten = [reword(f"Of lamp {n}. {lost}", f"Lamp {n} was lit.") for n in range(2)]
    assert not held(GateInput(0, 0, 4, [*shorter, *rewritten]))
    negated = reword("It is done.", "It is not done.")
    for other in ("They did not do it in June.", "In May. They were not able to."):
        assert not held(GateInput(0, 0, 2, [negated, reword("In May.", other)]))


@pytest.mark.parametrize(("emptied", "of", "expected"), [(1, 1, True), (1, 2, False), (2, 3, True)])
def test_a_page_on_which_most_narratives_are_empty_is_not_believed(
    emptied: int, of: int, expected: bool
) -> None:
    """At any size: the comments did not load. A single one among others may have been struck out."""
    assert held(GateInput(0, 0, of, reworded(emptied, new=""))) is expected
    assert not held(GateInput(0, 0, of, reworded(emptied, old="")))
    assert held(GateInput(0, 0, of, reworded(emptied, old=BOILERPLATE, new=""))) is expected
    assert held(GateInput(0, 0, of, reworded(emptied, new=BOILERPLATE))) is (expected and emptied > 1)


def test_of_one_narrative_alone_nothing_is_the_sites() -> None:
    """A sentence added to a report's only recommendation is what it is watched for."""
    assert not held(GateInput(1, 0, 1, [reword("Of pier 1.", "Of pier 1. This site is unattended.")]))


def test_the_same_words_cut_from_all_are_the_sites() -> None:
    """A banner that goes is as little GAO's as one that comes."""
    same = [reword(f"Unattended. Of pier {n}.", f"Of pier {n}.") for n in range(4)]
    assert held(GateInput(0, 0, 4, same))


def test_the_same_words_added_to_some_are_gaos() -> None:
    """Two recommendations of a report may get the same sentence, if a third does not."""
    same = [reword(f"Of pier {n}.", f"Of pier {n}. It is done.") for n in range(2)]
    assert not held(GateInput(0, 0, 3, same))
    assert not held(GateInput(0, 0, 1, same[:1]))


def test_other_words_for_all_are_gaos() -> None:
    """All changed, each by words of its own."""
    own = [reword(f"Of pier {n}.", f"Of pier {n}. Done on day {n}.") for n in range(4)]
    assert not held(GateInput(0, 0, 4, own))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Of pier {0}. It waits.", "Of pier {0}. It is done."),
        ("Of pier {0}. It waits.", "Of pier {0}. It rests. It is done."),
        ("Of pier {0} x.", "Of pier {0} z."),
        ("Of pier {0} z.", "Of pier {0} x."),
        ("Of pier {0}, b.", "A of pier {0}, b and c."),
        ("Of pier {0}.", "Of  pier {0}."),
    ],
)
def test_the_same_words_in_place_of_others_are_not_added(old: str, new: str) -> None:
    """All rewritten alike: a banner stands beside what was there, whole."""
    same = [reword(old.format(n), new.format(n)) for n in range(4)]
    assert not held(GateInput(0, 0, 4, same))


@pytest.mark.parametrize(
    ("announced", "shown", "expected"),
    [(25, 4, True), (25, 5, False), (10, 4, True), (9, 4, True), (9, 5, False), (3, 1, True), (3, 2, False)],
)
def test_a_page_with_most_of_its_rows_missing_is_not_believed(
    announced: int, shown: int, expected: bool
) -> None:
    """Of the first ten of the announced total, at least half."""
    assert held(GateInput(0, 0, 0), capture(shown, announced, Format.AGENCY)) is expected


def test_limits_come_from_the_configuration() -> None:
    """What a person allows is let through."""
    assert not held(GateInput(100, 60, 40), limits=Gate(max_vanished=0.6))
    assert not held(GateInput(20, 0, 20, reworded(18)), limits=Gate(max_changed=0.9))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("It began. It is done.", "It began.", True),
        ("It began.", "It began.", True),
        ("It began. It is done.", "It is done.", False),
        ("It began.", "It began. It is done.", False),
        ("It began. It is done.", "It came.", False),
        ("It began. It is done.", "A came.", False),
    ],
)
def test_a_text_whose_last_narrative_lost_its_end_may_be_cut_off(old: str, new: str, expected: bool) -> None:
    """Only where nothing shows the page's end, and what is there is how it began."""
    ended = replace(capture(3, form=Format.TEXT), open_ended=False)
    cut = replace(ended, open_ended=True)
    draft = GateInput(3, 0, 3, (), reword(old, new))
    said = "the text may be cut off: nothing follows its last narrative, whose end is missing"
    assert objection(cut, draft, Gate()) == (said if expected else None)
    assert objection(ended, draft, Gate()) is None
    assert objection(cut, GateInput(3, 0, 3), Gate()) is None
    elsewhere = RowChange(Version(old), Version(old, status="open-partially-addressed"), ("status",))
    assert objection(cut, GateInput(3, 0, 3, (), elsewhere), Gate()) is None
    assert GateInput(3, 0, 3).last is None


@pytest.mark.parametrize(
    ("words", "untouched", "of", "expected"),
    [
        ("This site is unattended.", 3, 5, True),
        ("This site is unattended.", 3, 6, False),
        ("This site is not attended.", 3, 5, True),
        ("Site is unattended.", 3, 5, False),
        ("This site is unattended.", 2, 5, False),
    ],
)
def test_a_banner_is_known_though_some_narratives_were_edited_besides(
    words: str, untouched: int, of: int, expected: bool
) -> None:
    """More than half have it and nothing else, all have it, and it is four words or more."""
    for edited in (f"Of pier {{}}. Done. {words}", f"At {{}}. {words} Done."):
        mixed = [
            reword(f"Of pier {n}. x y.", f"Of pier {n}. x y. {words}" if n < untouched else edited.format(n))
            for n in range(of)
        ]
        assert held(GateInput(0, 0, of, mixed)) is expected
        back = [RowChange(one.new, one.old) for one in mixed]
        assert held(GateInput(0, 0, of, back)) is expected


def test_words_that_one_narrative_lost_are_no_banner() -> None:
    """Most gained them, one had them before: that was its own."""
    words = "This site is unattended."
    mixed = [reword(f"Of pier {n}.", f"Of pier {n}. {words}") for n in range(4)]
    assert not held(GateInput(0, 0, 5, [*mixed, reword(f"At 5. {words}", "At 5 it came.")]))
    assert not held(GateInput(0, 0, 5, [*mixed, reword(f"At 5. {words}", f"At 5 it came. {words}")]))


def test_a_banner_before_words_like_its_own_is_found() -> None:
    """Nothing tells which of the like words were added: each possibility is held against the others."""
    same = [reword(f"The pier {n}.", f"The site. The pier {n}.") for n in range(3)]
    assert held(GateInput(0, 0, 3, [*same, reword("Lamps.", "The site. Lamps.")]))
    grown = [reword(f"a a b{n}", f"a a a b{n}") for n in range(3)]
    assert held(GateInput(0, 0, 3, grown))


def test_own_words_between_common_ones_are_no_banner_and_a_common_one_there_is() -> None:
    """What stood before and after the words that were added is not taken for them."""
    own = [reword(f"It said of {n} x y", f"It said of {n} zone{n} zoo{n} x y") for n in range(3)]
    assert not held(GateInput(0, 0, 3, own))
    common = [reword(f"Of pier {n}. x y z", f"Of pier {n}. Unattended. x y z") for n in range(3)]
    assert held(GateInput(0, 0, 3, common))


def test_narratives_that_repeat_themselves_cost_no_more_than_others() -> None:
    """Their repetitions could have been added anywhere."""
    start = time.process_time()
    same = [reword("a " * 30_000, "a " * 60_000 + f"{n}") for n in range(3)]
    assert not held(GateInput(0, 0, 4, same))
    held(GateInput(0, 0, 3, [reword("a " * 30_000, "a " * 60_000)] * 3))
    assert time.process_time() - start < 3


def test_rows_that_are_all_new_are_no_blank_page() -> None:
    """Of a report of which one recommendation was known."""
    assert not held(GateInput(1, 1, 0), capture(3, form=Format.PRODUCT))
