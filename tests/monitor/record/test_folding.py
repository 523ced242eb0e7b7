"""What folds together, what stays apart, and the grammar of keys."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.record import folding
from monitor.record.folding import fingerprint, fold, fold_agency, fold_title
from monitor.record.values import Kind, Status

OPEN_DEFINITION = (
    "Actions to satisfy the intent of the recommendation have not been taken or are being planned."
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("two words", "two\u00a0\u202f \n words\u200b"),
        ("short-term plan", "short\u2011term plan"),
        ("lamps—and oil", "lamps -- and oil"),
        ("lamps—and oil", "lamps – and oil"),
        ('the bureau\'s "lamps"', "the bureau’s “lamps”"),
        ("the bureau's lamps", "the bureau´s lamps"),
        ("R&D", "R&amp;D"),
        ("R&D", "R&amp;amp;D"),
        ("R&D", "R&amp;amp;amp;amp;amp;amp;D"),
        ("co\u00adordinate", "coordinate"),
        ("it said ...", "it said …"),
        ("19 U.S.C. § 1592(d)", "19 U.S.C. ? 1592(d)"),
        ("19 U.S.C. § 1592(d)", "19 U.S.C. ?? 1592(d)"),
        ("19 U.S.C. § 1592(d)", "19 U.S.C.?1592(d)"),
        ("19 U.S.C. § 1592(d)", "19 U.S.C. \ufffd 1592(d)"),
        ("19 U.S.C. § 1592(d)", "19 U.S.C. &sect;&nbsp;1592(d)"),
        ("19 U.S.C. § 1592(d)", "19 U.S.C. Â§ 1592(d)"),
        ("19 U.S.C. § 1592(d)", "19 U.S.C. ??  1592(d)"),
        ("41 C.F.R. § 12", "41 C.F.R. ? 12"),
        ("under § 12 and § 14", "under ? 12 and ? 14"),
        ("the bureau’s lamps", "the bureauâ€™s lamps"),
        ("the bureau’s lamps", "the bureau?s lamps"),
        ("the bureau’s lamps", "the bureau\ufffds lamps"),
        ("the bureau’s lamps", "the bureau\u0092s lamps"),
        ("said “no” twice", "said â€œnoâ€\x9d twice"),
        ("said “no” twice", "said \ufffdno\ufffd twice"),
        ("lamps – and oil", "lamps â€“ and oil"),
        ("lamps and oil", "lampsÂ\u00a0and oil"),
        ("lamps and oil", "lampsÂ and oil"),
        ("the bureau’s lamps", "the bureau‚Äôs lamps"),
        ("café", "cafÃ©"),
        ("The Director should act.", "Priority Rec.\nThe Director should act."),
        ("The lamp was lit.", f"{OPEN_DEFINITION} The lamp was lit."),
    ],
)
def test_texts_that_only_look_different_fold_alike(one: str, other: str) -> None:
    """White space, dashes, quotes, entities, encoding damage and inline marks are not a change."""
    assert fold(one) == fold(other)
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Who pays? The bureau.", "Who pays. The bureau."),
        ("Did it act? 12 lamps were lit.", "Did it act. 12 lamps were lit."),
        ("see page?s=2", "see page's=2"),
        ("By May 2024", "By May 2025"),
        ("The Bureau acted", "The bureau acted"),
        ("short-term", "short term"),
        ("$1.7 million", "$17 million"),
        ("it acted; then", "it acted, then"),
        ("19 U.S.C. § 1592", "19 U.S.C. § 1593"),
        ("Officials set a priority rec. last.", "Officials set a last."),
        ("It acted. " + OPEN_DEFINITION, "It acted."),
        ("Actions that satisfy the intent of the recommendation have been taken by May.", "by May."),
    ],
)
def test_texts_that_say_something_else_stay_apart(one: str, other: str) -> None:
    """Words, figures, case and real question marks are content."""
    assert fingerprint(one) != fingerprint(other)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab1 .?-–—'’\"“”§\u00a0\u200b&;#\n(UStamp"), max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    """What is folded stays as it is, where nothing was damaged."""
    once = fold(text)
    assert fold(once) == once


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_folding_takes_any_text(text: str) -> None:
    """No text raises, lone surrogates and all."""
    assert fingerprint(text).startswith(folding.VERSION)
    folding.slug(text)
    fold_title(text)
    folding.stated_number(text)
    folding.normalize_product(text)
    folding.normalize_status(text)


def test_a_fingerprint_begins_with_the_foldings_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store tells by the first characters that a hash is of another folding."""
    before = fingerprint("x")
    monkeypatch.setattr(folding, "VERSION", "9")
    assert fingerprint("x") == "9" + before[1:]


def test_what_folding_gives_is_pinned() -> None:
    """Whoever changes the folding raises VERSION: these are what stores hold."""
    assert fingerprint("The bureau’s R&amp;D — 19 U.S.C. ? 1592.") == PINNED
    assert folding.title_hash("Harbor Lamps: A Title") == PINNED_TITLE


PINNED = "13bdc169ed02e12d57faf612608dc9fec"
PINNED_TITLE = "6a2bbc874a9a"


@pytest.mark.parametrize(
    ("variant", "kind", "number"),
    [
        ("Act. (Recommendation 4)", Kind.RECOMMENDATION, "4"),
        ("Act (Recommendation 1).", Kind.RECOMMENDATION, "1"),
        ("Act. [Recommendation 1]", Kind.RECOMMENDATION, "1"),
        ("Act. (Recommendations 5)", Kind.RECOMMENDATION, "5"),
        ("Act. (recommendation 1)", Kind.RECOMMENDATION, "1"),
        ("Act. (Recommendation 19-01)", Kind.RECOMMENDATION, "19-01"),
        ("Act. (Recommendation 19\u201101)", Kind.RECOMMENDATION, "19-01"),
        ("Act. (Recommendation 04)", Kind.RECOMMENDATION, "4"),
        ("Act. (Recommendation 9", Kind.RECOMMENDATION, "9"),
        ("Act. (Recommendation\u00a04)\u200b", Kind.RECOMMENDATION, "4"),
        ("Act. (Matter for Consideration 1)", Kind.MATTER, "1"),
        ("Act. (Matter for Congressional Consideration 2)", Kind.MATTER, "2"),
        ("Act. (Matter 4)", Kind.MATTER, "4"),
        ("As in (Recommendation 2), act. (Recommendation 3)", Kind.RECOMMENDATION, "3"),
        ("As in (Recommendation 2), act.", None, None),
        ("Act.", None, None),
    ],
)
def test_a_stated_number_is_the_last_one_at_the_end(
    variant: str, kind: Kind | None, number: str | None
) -> None:
    """Every way in which a text states its number is read; one in its midst is not its own."""
    assert folding.stated_number(variant) == (kind, number)


def test_a_texts_fingerprint_sets_its_stated_number_aside() -> None:
    """The same text with its number stated otherwise, or not at all, is the same text."""
    alike = {
        folding.text_fingerprint(f"Act now.{end}")
        for end in (" (Recommendation 4)", " [Recommendation 4].", "")
    }
    assert len(alike) == 1


@pytest.mark.parametrize(
    "name",
    [
        "United States Customs and Border Protection",
        "U.S. Customs and Border Protection",
        "U. S. Customs &amp; Border Protection",
        "US Customs & Border Protection (CBP)",
        "The United States\u00a0Customs and Border Protection",
        "Department of Homeland Security: United States Customs and Border Protection",
        "Department of Homeland Security: Directorate: U.S. Customs and Border Protection",
        "DHS - U.S. Customs and Border Protection",
        "Department of Homeland Security – U.S. Customs and Border Protection",
        "Department of Homeland Security, U.S. Customs and Border Protection",
    ],
)
def test_an_agency_goes_by_its_own_name(name: str) -> None:
    """ "U.S." is "United States", "&" is "and", a parent's prefix and an abbreviation are ignored."""
    assert fold_agency(name) == "united states customs and border protection"


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Bureau of Alcohol, Tobacco, Firearms and Explosives",) * 2,
        ("Department of Health, Education and Welfare",) * 2,
        ("Department of Homeland Security",) * 2,
        ("Federal Reserve System - Board of Governors",) * 2,
        ("Department of Justice: Office of Inspector General",) * 2,
        ("Department of Defense (Army and Navy)",) * 2,
        ("Department of Veterans' Affairs", "Department of Veterans Affairs"),
        ("Dept. of Energy", "Department of Energy"),
    ],
)
def test_a_name_that_only_looks_prefixed_is_kept(name: str, folded: str) -> None:
    """Commas and hyphens belong to names, and an office that every department has needs its parent's."""
    assert fold_agency(name) == folded.casefold()


def test_a_reissued_title_is_the_same_title() -> None:
    """Case and "[Reissued with revisions …]" come and go."""
    assert fold_title("Harbor Lamps: A Title") == fold_title(
        "HARBOR LAMPS: A title [Reissued with revisions on Mar. 3, 2031]"
    )


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("Open", Status.OPEN),
        ("Open--Partially Addressed", Status.PARTIAL),
        ("OPEN –  Partially  addressed", Status.PARTIAL),
        ("Closed - Implemented", Status.IMPLEMENTED),
        ("Closed\u2014Not\u00a0Implemented", Status.NOT_IMPLEMENTED),
        ("Closed - Not-Implemented", Status.NOT_IMPLEMENTED),
        ("Closed ? Implemented", Status.IMPLEMENTED),
        ("Under  Review", "Under Review"),
    ],
)
def test_a_status_is_known_by_its_words(words: str, status: str) -> None:
    """Hyphens, dashes, spaces and case mean nothing; an unknown word is kept as the page has it."""
    assert folding.normalize_status(words) == status


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("gao-24-106148", "GAO-24-106148"),
        ("/products/gao-24-106148-0", "GAO-24-106148"),
        ("https://gao.gov./products/GAO-24-106148?x", "GAO-24-106148"),
        ("https://www.gao.gov/products/gao-24-106148#summary", "GAO-24-106148"),
        ("https://www.gao.gov/assets/gao-24-106148.pdf", "GAO-24-106148"),
        ("GAO\u201124\u2011106148", "GAO-24-106148"),
        ("GAO-04-38", "GAO-04-38"),
        ("GAO-10-1014T", "GAO-10-1014T"),
        ("RCED-99-1", "RCED-99-1"),
        ("GAO/T-RCED-99-1", "T-RCED-99-1"),
        ("GAO-21-105SP", "GAO-21-105SP"),
        ("https://prod.drupal.gaotest.org/products/gao-24-106148", None),
        ("https://www.gao.gov/agencies/department-of-energy", None),
        ("a report", None),
        ("", None),
    ],
)
def test_a_reports_number_is_read_out_of_addresses_too(text: str, product: str | None) -> None:
    """Numbers old and new, paths that end in -0, hosts with a dot; never the staging host."""
    assert folding.normalize_product(text) == product


@pytest.mark.parametrize(
    "mark", "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\u2e3a\u2e3b\ufe58\ufe63\uff0d"
)
def test_every_dash_is_a_dash(mark: str) -> None:
    """Tight or with spaces, one or several in a row."""
    assert fold(f"a{mark}b") == fold(f"a {mark} b") == fold(f"a{mark}{mark} b") == "a-b"
    assert fold(f"a{mark} b") == fold(f"a {mark}b") == "a-b"


@pytest.mark.parametrize("mark", "\u2018\u2019\u201a\u201b\u2032\u02bc\u00b4\uff07`'")
def test_every_single_quote_is_one(mark: str) -> None:
    """And two of them are a double one."""
    assert fold(f"a{mark}b") == "a'b"
    assert fold(f"a{mark}{mark}b") == 'a"b'


@pytest.mark.parametrize("mark", '\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\uff02"')
def test_every_double_quote_is_one(mark: str) -> None:
    """However often it stands there."""
    assert fold(f"a{mark}b") == fold(f"a{mark}{mark}b") == 'a"b'


@pytest.mark.parametrize("mark", folding._NOTHING)
def test_marks_without_width_are_nothing(mark: str) -> None:
    """Within a word."""
    assert fold(f"a{mark}b") == "ab"


@pytest.mark.parametrize("length", [198, 199, 200, 201, 399, 1000])
def test_a_long_run_without_a_space_folds_as_a_short_one(length: int) -> None:
    """It is normalized in pieces, white space as it was, and nothing gets lost."""
    run = "\ufb01\u00e9" * (length // 2)
    assert fold(f"{run} \u00a0 e\u0301") == "fi\u00e9" * (length // 2) + " \u00e9"
    assert fold("x" * length + "\u2026") == "x" * length + "..."


@pytest.mark.parametrize(
    "mark",
    [
        "Priority Rec. ",
        "PRIORITY REC.",
        " priority rec.\n",
        "Priority Recommendation\n",
        "Priority Recommendation. \n",
        "Priority Recommendation \n",
        "Priority Rec.\n This is a priority recommendation. ",
        "Priority Rec. This is a priority recommendation.\n\n",
        "Priority Rec.This is a priority recommendation.",
    ],
)
def test_the_mark_of_a_priority_recommendation_is_no_part_of_it(mark: str) -> None:
    """In every way in which it stands before the text."""
    assert fold(f"{mark}Act now.") == "Act now."


@pytest.mark.parametrize(
    "text",
    [
        "Priority Recommendation texts matter.",
        "Act. Priority Rec. now.",
        "Priority Recommendation. Act.",
        "Priority Rec",
    ],
)
def test_words_like_the_mark_are_content(text: str) -> None:
    """In the midst of a text, or as part of its first sentence."""
    assert fold(text) == text


def test_a_text_with_bytes_of_no_character_has_a_fingerprint() -> None:
    """A lone surrogate is hashed as it is, and is not the same as none."""
    assert fingerprint("a\udc80") != fingerprint("a")
