"""The parts of a key at their limits: stated numbers, agencies, titles, reports' numbers."""

import pytest

from monitor.record import folding
from monitor.record.folding import Query, fold_agency, fold_title
from monitor.record.values import Kind


@pytest.mark.parametrize(
    ("end", "number"),
    [
        *(
            ("(Recommendation 1234)", "1234"),
            ("(Recommendation 1234-5678)", "1234-5678"),
            ("(Recommendation 1-2)", "1-2"),
        ),
        *(
            ("(Recommendation 4A)", "4a"),
            ("(Recommendation 4-2b)", "4-2b"),
            ("(Recommendation 0)", "0"),
            ("(Recommendation 000)", "0"),
        ),
        *(
            ("(Recommendation #4)", "4"),
            ("(Recommendation # 4)", "4"),
            ("(Recommendation4)", "4"),
            ("( Recommendation 4 )", "4"),
        ),
        *(
            ("(Recommendation 4)).", "4"),
            ("[(Recommendation 4)]", "4"),
            ("(Recommendation 4) .,;\"'", "4"),
            ("(Recommendation 4),", "4"),
        ),
        *(
            ("(Recommendation 4).;", "4"),
            ('(Recommendation 4)"', "4"),
            ("(Recommendation 4)'", "4"),
            ("(Recommendation 010-02)", "010-02"),
        ),
    ],
)
def test_a_stated_number_is_read_however_it_is_set(end: str, number: str) -> None:
    """Up to four figures, a second part, a letter; brackets, spaces and a sentence's end round it."""
    assert folding.stated_number(f"Act. {end}") == (Kind.RECOMMENDATION, number)
    assert folding.text_fingerprint(f"Act. {end}") == folding.text_fingerprint("Act")


@pytest.mark.parametrize(
    "end",
    [
        *(
            "(Recommendation 12345)",
            "(Recommendation 1-12345)",
            "(Recommendation 99999999999999999999)",
            "(Recommendation )",
        ),
        *(
            "(Recommendation 4-)",
            "Recommendation 4",
            "(Recommendation 4)))",
            "(Recommendation 4ab)",
            "(Recommended 4)",
        ),
        *(
            "xRecommendation 4)",
            "(Recommendation 4) x",
            "(Recommendationx4)",
            "(xRecommendation 4)",
            "(Matter for 4)",
        ),
    ],
)
def test_what_only_looks_like_a_stated_number_is_text(end: str) -> None:
    """Nothing is guessed: without a number the text identifies."""
    assert folding.stated_number(f"Act. {end}") == (None, None)
    assert folding.text_fingerprint(f"Act. {end}") != folding.text_fingerprint("Act.")


@pytest.mark.parametrize(
    "word", ["MATTER", "matters", "Matters for Consideration", "Matter for Congressional Consideration"]
)
def test_a_matter_is_told_by_its_word(word: str) -> None:
    """In any case of letters."""
    assert folding.stated_number(f"Act. ({word} 4)") == (Kind.MATTER, "4")


_DEPARTMENTS = (
    "Agriculture;Commerce;Defense;Education;Energy;Health and Human Services;Homeland Security;Justice;Labor;"
    "Housing and Urban Development;State;the Interior;the Treasury;Transportation;Veterans Affairs"
)


@pytest.mark.parametrize("department", _DEPARTMENTS.split(";"))
def test_every_departments_name_before_its_bureau_is_ignored(department: str) -> None:
    """After a comma, a dash or a colon; "U.S." or none before it."""
    for before in ("Department of", "U.S. Department of", "Dept. of", "Dept of"):
        for parting in (", ", " - ", " -- ", " \u2013 ", "  \u2212  ", ": "):
            name = f"{before} {department}{parting}the Bureau of Lamps"
            assert fold_agency(name) == "bureau of lamps"


@pytest.mark.parametrize(
    "office",
    [
        *(
            "Office of Inspector General",
            "Office of the Inspector General",
            "Inspector General",
            "Office of the Secretary",
        ),
        *(
            "Under Secretary for Lamps",
            "Undersecretary for Lamps",
            "Deputy Director",
            "General Counsel",
            "Chief of Lamps",
        ),
        *(
            "Administrator",
            "Commissioner",
            "Director",
            "Attorney General",
            "Management Directorate",
            "Administration",
        ),
    ],
)
def test_an_office_that_every_department_has_keeps_its_parents_name(office: str) -> None:
    """Without it two departments' offices would be one."""
    named = [fold_agency(f"Department of {parent}: {office}") for parent in ("Energy", "Labor")]
    assert named[0] != named[1]


@pytest.mark.parametrize("office", ["Chiefs of Lamps", "Managements Office", "Administrations Office"])
def test_a_name_that_begins_like_such_an_office_is_its_own(office: str) -> None:
    """By the whole word."""
    assert fold_agency(f"Department of Energy: {office}") == office.casefold()


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("U.S.A. Lamps", "united states lamps"),
        ("DHS- Lamps", "dhs-lamps"),
        ("DHS -Lamps", "dhs-lamps"),
        ("DHS  Lamps", "dhs lamps"),
        ("Lamps (AB)x", "lamps (ab)x"),
        ("U.S. A. Lamps", "united states lamps"),
        ("Lamps U.S.", "lamps united states"),
        ("BUS Lamps", "bus lamps"),
        ("USO Lamps", "uso lamps"),
        ("FU.S. Lamps", "fu.s. lamps"),
        ("Executive Office of the President - Lamps", "lamps"),
        ("DHS - Lamps", "lamps"),
        ("USDOD - Lamps", "lamps"),
        ("AB - Lamps", "lamps"),
        ("ABCDEF - Lamps", "abcdef - lamps"),
        ("A - Lamps", "a - lamps"),
        ("Lamps(LB)", "lamps"),
        ("Lamps (L&B.a/b-c)", "lamps"),
        ("Lamps (ABcdefghijkl)", "lamps"),
        ("Lamps (AbcdefghijkL)", "lamps"),
        ("Lamps (abcdefghijKL)", "lamps"),
        ("Lamps (ABcdefghijklm)", "lamps (abcdefghijklm)"),
        ("Lamps (AB) and Oil", "lamps (ab) and oil"),
        ("Lamps (B)", "lamps (b)"),
        ("Lamps (Army)", "lamps (army)"),
        ("Adept Lamps", "adept lamps"),
        ("Depth Lamps", "depth lamps"),
        ("R&D", "r and d"),
        (" Lamps.,;: -", "lamps"),
    ],
)
def test_what_is_left_out_of_an_agencys_name(name: str, folded: str) -> None:
    """Its parent's letters, its own in brackets, and what stands round it; nothing else."""
    assert fold_agency(name) == folded


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("A_B  &  C", "a-b-and-c"),
        ("Café (x)", "cafe-x"),
        ("", "none"),
        ("???", "none"),
        ("D.C. Lamps, Oil", "d-c-lamps-oil"),
    ],
)
def test_an_agencys_part_of_a_key_is_plain(name: str, part: str) -> None:
    """Letters, figures and single hyphens."""
    assert folding.slug(name) == part


@pytest.mark.parametrize(
    "note",
    [
        "[Reissued with revisions on May 1]",
        "(Reissued in May)",
        "[ reissued]",
        "[REISSUED " + "x" * 100 + "]",
    ],
)
def test_a_note_of_reissue_is_no_part_of_a_title(note: str) -> None:
    """In either brackets, before or after; the full stop of a title neither."""
    assert fold_title(f"Lamps {note}") == fold_title(f"{note} Lamps.") == "lamps"


@pytest.mark.parametrize("note", ["[Reissuedx]", "(Revised)", "[Reissued " + "x" * 200 + "]", "[Reissued"])
def test_other_notes_are_part_of_a_title(note: str) -> None:
    """A title is not cut by what only resembles one."""
    assert fold_title(f"Lamps {note} Oil") == f"lamps {note.casefold()} oil"


@pytest.mark.parametrize(
    "number",
    [
        *(
            "GAO-24-106148",
            "GAO-2024-1",
            "GAO-24-1234567",
            "T-RCED-99-1",
            "ABCDEFGH-99-1",
            "AIMD-99-1.2.3",
            "OCE-99-1.21.3",
        ),
        *("AFMD-83-10.1.123", "GAO-10-1014T", "GAO-10-1ABCD", "GAO-10-1SP2", "B-99-1"),
    ],
)
def test_reports_are_numbered_in_many_ways(number: str) -> None:
    """Old series, volumes, testimonies and special products."""
    assert folding.normalize_product(number.lower()) == number
    assert folding.normalize_product(f"{number}-0") == number


@pytest.mark.parametrize(
    "text",
    [
        *(
            "ABCDEFGHI-99-1",
            "A-B-C-99-1",
            "-99-1",
            "99-1",
            "GAO-9-1",
            "GAO-12345-1",
            "GAO-24-12345678",
            "GAO-24-",
            "GAO-24-1.1234",
        ),
        *(
            "GAO-24-1.1.1.1.1",
            "GAO-24-1ABCDE",
            "GAO-24-1AB!",
            "GAO-24-1-00",
            "GAO-24-1.x",
            "x" * 1987 + "/gao-24-106148",
        ),
    ],
)
def test_what_is_shaped_otherwise_is_no_reports_number(text: str) -> None:
    """A wrong number would join what does not belong together; a page without one is keyed by its title."""
    assert folding.normalize_product(text) is None
    assert folding.normalize_product("x" * 1986 + "/gao-24-106148") == "GAO-24-106148"


def test_a_key_told_apart_leads_back_to_the_one_that_was_shared() -> None:
    """Whatever points the report's number has."""
    for shared in ("GAO-24-1#4@a", "OCE-99-1.2#x0123456789ab@a-b", "~0123456789ab#M1@a"):
        assert folding.key_shared(folding.key_apart(shared, "Act.")) == shared
        assert folding.key_shared(shared) is None


def test_a_key_is_report_number_and_agency() -> None:
    """The grammar of keys, and its stand-ins where the page says less."""
    numbered = folding.key("GAO-24-106148", Kind.RECOMMENDATION, "4", "DHS: U.S. Mint", "Act.")
    matter = folding.key("GAO-24-106148", Kind.MATTER, "1", "Congress", "Act.")
    bare = folding.key("GAO-24-106148", Kind.RECOMMENDATION, None, "U.S. Mint", "Act.")
    titled = folding.key(folding.title_report("T"), Kind.RECOMMENDATION, "4", "U.S. Mint", "Act.")
    assert numbered == "GAO-24-106148#4@united-states-mint"
    assert matter == "GAO-24-106148#M1@congress"
    assert bare == f"GAO-24-106148#x{folding.text_fingerprint('Act.')[1:13]}@united-states-mint"
    assert titled == f"~{folding.title_hash('T')}#4@united-states-mint"


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("gao-24-106148", Query(product="GAO-24-106148")),
        ("GAO-24-106148#4", Query(product="GAO-24-106148", number="4")),
        ("GAO-24-106148#m1", Query(product="GAO-24-106148", number="M1")),
        ("GAO-24-106148#19-01", Query(product="GAO-24-106148", number="19-01")),
        ("https://www.gao.gov/products/gao-24-106148#summary_recommend", Query(product="GAO-24-106148")),
        ("https://www.gao.gov/agencies/department-of-energy", Query(agency="department-of-energy")),
        ("gao-24-106148#4@united-states-mint", Query(key="GAO-24-106148#4@united-states-mint")),
        ("~0123456789ab#x0123456789ab@a", Query(key="~0123456789ab#x0123456789ab@a")),
    ],
)
def test_people_name_recommendations_in_several_ways(text: str, query: Query) -> None:
    """A key, a report, one of its recommendations, or an address."""
    assert folding.parse_query(text) == query


@pytest.mark.parametrize("text", ["", "harbor", "GAO-24-106148#", "GAO-24-106148#four", "#4"])
def test_what_is_no_key_is_an_error_that_shows_one(text: str) -> None:
    """The message says what a KEY looks like."""
    with pytest.raises(ValueError, match="GAO-24-106148#4"):
        folding.parse_query(text)


def test_a_note_of_reissue_ends_with_its_own_bracket() -> None:
    """What stands in brackets after it belongs to the title."""
    assert fold_title("Lamps [Reissued in May] of (old) [oil]") == "lamps of (old) [oil]"
    assert fold_title("Lamps (Reissued in May) of [old] (oil)") == "lamps of [old] (oil)"


@pytest.mark.parametrize(
    "text", ["gao-24-1.pdf", "gao-24-1.html", "gao-24-1.htm", "(GAO-24-1).", "[GAO-24-1]; "]
)
def test_a_reports_number_is_read_out_of_what_stands_round_it(text: str) -> None:
    """A file's ending, brackets, a sentence's end."""
    assert folding.normalize_product(text) == "GAO-24-1"
    assert folding.normalize_product("gao-24-1.pdf1") is None


def test_a_reports_address_is_in_small_letters() -> None:
    """As the site has it."""
    assert folding.product_url("GAO-24-106148") == "https://www.gao.gov/products/gao-24-106148"


def test_a_query_names_one_thing() -> None:
    """What a person did not say is None."""
    empty = Query()
    assert (empty.key, empty.product, empty.number, empty.agency) == (None, None, None, None)
    assert folding.parse_query("https://www.gao.gov/AGENCIES/Bureau-18F-lamps") == Query(
        agency="bureau-18f-lamps"
    )


@pytest.mark.parametrize(
    ("number", "read"),
    [
        *(
            ("1234", "1234"),
            ("1-1234", "1-1234"),
            ("1-2", "1-2"),
            ("4a", "4a"),
            ("m1234", "M1234"),
            ("M1", "M1"),
        ),
        *(
            ("x0123456789ab", "x0123456789ab"),
            ("4.01abcf", "4.01abcf"),
            ("xabcdef012345.fedcba", "xabcdef012345.fedcba"),
        ),
        ("Mx0123456789ab", "Mx0123456789ab"),
    ],
)
def test_a_recommendation_is_named_by_the_number_in_its_key(number: str, read: str) -> None:
    """Stated, or a hash; of a matter; told apart by its text."""
    assert folding.parse_query(f"GAO-24-1#{number}") == Query(product="GAO-24-1", number=read)


@pytest.mark.parametrize(
    "number",
    [
        "12345",
        "1-12345",
        "4-",
        "4!",
        "x0123456789a",
        "x0123456789abc",
        "xghijklmnopqr",
        "4.01abc",
        "4.01abcde",
        "4.ghijkl",
    ],
)
def test_what_is_no_number_of_a_key_is_refused(number: str) -> None:
    """The person hears what one looks like."""
    with pytest.raises(ValueError, match="is not a KEY"):
        folding.parse_query(f"GAO-24-1#{number}")


def test_a_key_is_told_from_an_address() -> None:
    """An anchor may hold anything; a report known by its title keeps its hash."""
    address = "https://www.gao.gov/products/gao-24-1#a@b#c"
    assert folding.parse_query(address) == Query(product="GAO-24-1")
    assert folding.parse_query("~gao-24-1#4@a") == Query(key="~gao-24-1#4@a")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Department of Education: Office for Civil Rights", "department of education"),
        ("U.S. Department of Labor - Office for Civil Rights", "department of labor"),
        ("Department of the Treasury, Internal Revenue Service", "department of the treasury"),
        ("Office for Civil Rights", ""),
        ("DHS: Office for Civil Rights", ""),
        ("Department of Labor", ""),
        ("Department of Labor: Office of Inspector General", ""),
    ],
)
def test_a_department_before_an_offices_name_is_known(name: str, expected: str) -> None:
    """Where the key leaves it out: two departments may each have such an office."""
    assert folding.department(name) == expected
