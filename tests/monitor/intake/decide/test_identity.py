"""Who a row is, decided without a store."""

import time
from dataclasses import replace

import pytest

from monitor.intake.decide import identity
from monitor.intake.decide.identity import Candidate
from monitor.record import folding
from monitor.record.values import Kind, Recommendation

TEXT = "The Director of Harbor Lights should replace each and every lamp before it fails."
TITLE = "Harbor Lights: Lamps"


def row(**changes: object) -> Recommendation:
    """A row of a page; its key follows from the rest."""
    given: dict[str, object] = {
        "product": "GAO-31-900001",
        "number": "1",
        "agency": "Bureau of Harbor Lights",
        "title": TITLE,
        "text": TEXT,
    } | changes
    report = given["product"] or folding.title_report(str(given["title"]))
    by = [given[name] for name in ("number", "agency", "text")]
    key = folding.key(report, Kind.RECOMMENDATION, *by)  # type: ignore[arg-type]
    return Recommendation(
        key=key,
        kind=Kind.RECOMMENDATION,
        status="open",
        priority=False,
        narrative="",
        url=None,
        fingerprint="",
        **given,  # type: ignore[arg-type]
    )


def known(number: int, like: Recommendation, *keys: str, product: str | None = None) -> Candidate:
    """A known recommendation that was first seen as this row."""
    return Candidate(
        number,
        another(like.key),
        another(like.product or product),
        like.kind,
        like.number,
        another(folding.fold_agency(like.agency)),
        another(like.title),
        another(folding.title_hash(like.title)),
        like.text,
        another(folding.text_fingerprint(like.text)),
        keys,
    )


def another(text: str | None) -> str | None:
    """An equal string that is not the same one, as out of a store."""
    return text and "".join(list(text))


def matched(rows: list[Recommendation], *of: Candidate, complete: bool = True) -> dict[int, int]:
    """Places of rows and the ids of whom they are."""
    return {place: one.id for place, one in identity.match(rows, of, complete=complete).known.items()}


def test_a_key_or_an_alias_decides() -> None:
    """The first thing asked, whatever the text says."""
    assert matched([row(text="Other words.")], known(7, row())) == {0: 7}
    assert matched([row()], known(7, row(product="GAO-30-1"), row().key)) == {0: 7}


@pytest.mark.parametrize("product", ["GAO-31-900001", None])
def test_of_several_texts_under_one_key_each_is_itself_on_a_page_that_shows_one(product: str | None) -> None:
    """Whichever of them bears the shared key as its own or as an alias."""
    one, other = row(product=product), row(product=product, text="Paint all the piers green before winter.")
    first = known(1, one, folding.key_apart(one.key, one.text))
    second = known(2, replace(other, key=folding.key_apart(other.key, other.text)))
    assert one.key == other.key
    assert matched([other], first, second) == {0: 2}
    assert matched([one], first, second) == {0: 1}
    assert matched([row(product=product, text=TEXT.replace("fails", "breaks"))], first, second) == {0: 1}


def test_a_title_is_joined_to_its_number_and_keeps_its_alias() -> None:
    """The real key is taken over, and the title's is kept."""
    provisional = known(7, row(product=None))
    found = identity.match([row()], [provisional], complete=True)
    assert found.joined == {7: row().key}
    assert found.aliases == {row().key: 7}


def test_two_that_fit_alike_are_not_guessed() -> None:
    """Exactly one must fit."""
    twins = [known(n, row(product=f"GAO-30-{n}")) for n in (1, 2)]
    assert matched([row(product=None)], *twins) == {}


def test_a_number_that_contradicts_is_another_report() -> None:
    """Of one title, but known by numbers: two."""
    assert matched([row(product="GAO-31-2")], known(1, row(product="GAO-31-1"))) == {}


def test_a_provisional_key_with_another_text_is_another_report_of_that_title() -> None:
    """Under a title alone the text must fit too."""
    other = row(product=None, text="Somebody ought to paint all of the piers green before winter.")
    assert matched([other], known(1, row(product=None))) == {}
    assert matched([row(product=None)], known(1, other)) == {}


def test_under_a_title_alone_a_number_written_otherwise_is_the_same_text() -> None:
    """However much of a short text its number is."""
    first = row(product=None, text="Act. (Recommendation 1)")
    assert matched([row(product=None, text="Act. [Recommendation 1].")], known(1, first)) == {0: 1}


def test_of_several_that_fit_the_one_clearly_nearest_in_text_is_it() -> None:
    """By a tenth of the words at least; less than that is a guess."""
    words = [f"word{n}" for n in range(20)]
    near, far = [*words[:-1], "x"], [*words[:-4], *"wxyz"]
    of = [known(n, row(number=None, text=" ".join(text))) for n, text in enumerate((near, far), 1)]
    assert matched([row(number=None, text=" ".join(words))], *of) == {0: 1}
    assert matched([row(number=None, text=" ".join(words))], *of[::-1]) == {0: 1}
    nearly = known(3, row(number=None, text=" ".join([*words[:-2], "x", "y"])))
    assert matched([row(number=None, text=" ".join(words))], of[0], nearly) == {}


@pytest.mark.parametrize(
    ("changed", "title", "expected"), [(4, "T", {}), (3, "T", {0: 1}), (4, TITLE, {0: 1})]
)
def test_an_edited_text_keeps_three_words_of_four(changed: int, title: str, expected: dict[int, int]) -> None:
    """At the limit and below it; under the same title it may be rewritten further."""
    words = [f"word{n}" for n in range(12)]
    edited = words[: 12 - changed] + [f"other{n}" for n in range(changed)]
    first = known(1, row(number=None, text=" ".join(words)))
    assert matched([row(number=None, title=title, text=" ".join(edited))], first) == expected


@pytest.mark.parametrize(("left", "complete", "expected"), [(5, True, {0: 1}), (3, True, {}), (5, False, {})])
def test_a_rewritten_text_is_the_same_where_nothing_else_claims_it(
    left: int, complete: bool, expected: dict[int, int]
) -> None:
    """A third of it is left, and report, title and agency are the same; not where two could be it."""
    words = [f"word{n}" for n in range(12)]
    rewritten = row(number=None, text=" ".join([*words[:left], *(f"other{n}" for n in range(12 - left))]))
    first = known(1, row(number=None, text=" ".join(words)))
    assert matched([rewritten], first, complete=complete) == expected
    if expected:
        second = known(2, row(number=None, text=" ".join([*words[:6], *"abcdef"])))
        assert matched([rewritten], first, second) == {}
        assert matched([rewritten, row(number=None, text=second.text)], first, second) == {0: 1, 1: 2}


def test_a_numbered_recommendation_rewritten_on_a_page_that_knows_only_its_title_is_the_same() -> None:
    """Title, number and agency stay and some of the words; known by title alone, more of them."""
    for product, left, expected in (("GAO-31-900001", 3, {0: 1}), (None, 3, {}), (None, 5, {0: 1})):
        words = [f"word{n}" for n in range(12)]
        first = known(1, row(product=product, text=" ".join(words)))
        text = " ".join([*words[:left], *(f"other{n}" for n in range(12 - left))])
        assert matched([row(product=None, text=text)], first, complete=False) == expected


def numbered(*texts: str) -> list[Recommendation]:
    """A report's recommendations in order."""
    return [row(number=str(n), text=text) for n, text in enumerate(texts, 1)]


TEXTS = [
    "Replace each lamp before it fails.",
    "Paint the piers before the winter comes.",
    "Count the gulls and publish what was found.",
    "Ask the harbor police to inspect its boats.",
]


@pytest.mark.parametrize(
    "texts", [TEXTS, [f"The Director should see to pier {n} at once." for n in range(9)]]
)
@pytest.mark.parametrize("at", [0, 1, 3])
def test_one_inserted_moves_the_numbers_of_others_and_no_identity(texts: list[str], at: int) -> None:
    """Text and number are weighed together: the same words are the same one, the inserted one is new."""
    of = [known(n, one) for n, one in enumerate(numbered(*texts))]
    page = numbered(*texts[:at], "The Director should see to the tide tables at once.", *texts[at:])
    expected = {place: place - (place > at) for place in range(len(page)) if place != at}
    assert matched(page, *of) == expected
    assert matched(page[::-1], *of) == {len(page) - 1 - place: one for place, one in expected.items()}
    assert matched(page[: at + 3], *of, complete=False).items() <= expected.items()


def test_one_removed_moves_the_numbers_of_others_and_no_identity() -> None:
    """What is gone is the one whose words are gone."""
    of = [known(n, one) for n, one in enumerate(numbered(*TEXTS))]
    assert matched(numbered(*TEXTS[:1], *TEXTS[2:]), *of) == {0: 0, 1: 2, 2: 3}


def test_an_edit_amid_moved_numbers_is_found() -> None:
    """By its words, since the others show that numbers have moved."""
    of = [known(n, one) for n, one in enumerate(numbered(*TEXTS))]
    edited = [text.replace("Count the gulls", "Count all gulls") for text in TEXTS]
    assert matched(numbered("Raise the tide tables.", *edited), *of) == {1: 0, 2: 1, 3: 2, 4: 3}


@pytest.mark.parametrize(("before", "after"), [(None, "4"), ("4", None)])
def test_notation_and_a_typo_changed_at_once_make_no_other(before: str | None, after: str | None) -> None:
    """Where absence means something."""
    assert matched(
        [row(number=after, text=TEXT.replace("fails", "breaks"))], known(1, row(number=before))
    ) == {0: 1}


def test_an_agency_renamed_is_the_same_and_its_new_name_is_shown() -> None:
    """Under either name from then on; a source that lags brings the old one back nowhere."""
    old, new = "Department of Defense", "Department of War"
    found = identity.match([row(agency=new)], [known(1, row(agency=old))], complete=True)
    assert found.renamed == {1: new}
    now = replace(known(1, row(agency=old), row(agency=new).key), agency_folded=folding.fold_agency(new))
    for name in (old, new):
        for complete in (True, False):
            edited = row(agency=name, number=None, text=TEXT.replace("fails", "breaks"), product=None)
            found = identity.match([row(agency=name)], [now], complete=complete)
            assert (list(found.known), found.renamed) == ([0], {})
            assert matched([edited], replace(now, number=None), complete=complete) == {0: 1}


def test_an_agency_with_an_altogether_other_name_is_known_by_several_rows() -> None:
    """All of its recommendations have it, and the old name is nowhere on the page."""
    of = [known(n, row(number=str(n), text=text, agency="Lamp Bureau")) for n, text in enumerate(TEXTS)]
    page = [row(number=str(n), text=text, agency="Office of Tides") for n, text in enumerate(TEXTS)]
    assert matched(page, *of) == {0: 0, 1: 1, 2: 2, 3: 3}
    assert matched(page, *of, complete=False) == {}
    assert matched(page[:2], *of) == {}
    assert matched([*page, row(number="9", agency="Lamp Bureau")], *of) == {}


def test_offices_of_one_name_in_two_departments_are_two() -> None:
    """A row that names its department is that one's, whatever the key; one that does not is nobody's."""
    offices = [f"Department of {name}: Office for Civil Rights" for name in ("Education", "Labor")]
    of = [
        replace(
            known(
                n,
                row(agency=name),
            ),
            key=f"k{n}",
            agency=name,
        )
        for n, name in enumerate(offices)
    ]
    assert matched([row(agency=offices[1])], *of) == {0: 1}
    assert matched([row(agency=name) for name in offices[::-1]], *of) == {0: 1, 1: 0}
    assert matched([row(agency="Office for Civil Rights")], *of) == {}


def test_texts_that_repeat_themselves_cost_no_more_than_others() -> None:
    """However long, and whatever their words."""
    start = time.process_time()
    for words in (["a", "b"] * 2400, [f"w{n}" for n in range(4900)], ["a"] * 200_000):
        first = known(1, row(number=None, text=" ".join(words)))
        assert matched([row(number=None, text=" ".join([*words[1:], "x"]))], first) == {0: 1}
    assert time.process_time() - start < 3


def test_a_renamed_agency_is_found_only_where_absence_means_something() -> None:
    """On an incomplete page the other agency's row may just not be listed."""
    renamed = row(agency="Office of Harbor Lights")
    assert matched([renamed], known(1, row())) == {0: 1}
    assert matched([renamed], known(1, row()), complete=False) == {}


def test_a_row_of_another_agency_is_not_a_rename() -> None:
    """One recommendation to several agencies is several, though the words are the same."""
    assert matched([row(agency="Department of Piers")], known(1, row())) == {}
    both = [row(), row(agency="Bureau of Harbor Buoys")]
    assert matched(both, known(1, row())) == {0: 1}


def test_an_edited_text_without_a_number_is_found_by_its_likeness() -> None:
    """Within the same report and agency, and only when it is alike."""
    first = row(number=None)
    assert matched([row(number=None, text=TEXT.replace("fails", "breaks"))], known(1, first)) == {0: 1}
    assert matched([row(number=None, text="Entirely different words stand here.")], known(1, first)) == {}
    edited = row(number=None, text=TEXT.replace("fails", "breaks"), agency="Department of Piers")
    assert matched([edited], known(1, first)) == {}


def test_one_known_is_never_two_rows() -> None:
    """Where two rows fit the same one, neither is it."""
    likes = [row(number=None, text=TEXT.replace("fails", word)) for word in ("breaks", "dims")]
    assert matched(likes, known(1, row(number=None))) == {}


def test_of_two_rows_that_fit_the_one_with_its_very_words_is_it() -> None:
    """A second recommendation in like words does not take the first one's place."""
    likes = [row(number=None, text=TEXT.replace("fails", "breaks")), row(number=None)]
    first = known(1, row(number=None, product=None), product="GAO-31-900001")
    assert matched(likes, first) == {1: 1}


def test_how_a_number_is_stated_is_no_part_of_a_texts_likeness() -> None:
    """The same brackets written otherwise do not make a short text another one."""
    first = row(
        product=None, text="The Director should open pier 4 at once. (Recommendation 24)", number="24"
    )
    again = row(
        product=None, text="The Director should open pier 5 at once. [Recommendation 24]", number="24"
    )
    assert matched([again], known(1, first)) == {0: 1}


def test_reports_of_a_series_are_not_one_another() -> None:
    """Candidate by title alone, with the same words under the same number: another year is another report."""
    first = row(product=None, title="Harbor Audit: Lights in Fiscal Year 2030")
    assert (
        matched([row(product=None, title="Harbor Audit: Lights in Fiscal Year 2031")], known(1, first)) == {}
    )
    assert matched([row(product=None, title="Tide Tables: Another Thing Altogether")], known(1, first)) == {}


def test_a_title_that_gained_words_is_the_same() -> None:
    """Candidate by title alone and renamed a little: its text, number and agency are all the same."""
    assert matched([row(product=None, title="Harbor Lights: Lamps, Oil")], known(1, row(product=None))) == {
        0: 1
    }


def test_a_key_now_borne_goes_before_one_that_was() -> None:
    """Who bears a key is it, though another row's key is one of its old ones, whichever is listed first."""
    now, once = row(agency="Office of Harbor Lights"), row()
    for page in ([now, once], [once, now]):
        found = matched(page, known(1, now, now.key, once.key))
        assert [page[place] for place in found] == [now]


def test_a_key_that_is_known_adds_nothing() -> None:
    """No alias of itself, and nothing is joined."""
    first = known(1, row())
    for one in (first, known(1, row(product="GAO-30-1"), row().key), known(1, row(number="0"), row().key)):
        found = identity.match([row()], [one], complete=True)
        assert (found.aliases, found.joined) == ({}, {})


@pytest.mark.parametrize("product", ["GAO-31-1", "GAO-31-900009"])
def test_another_key_becomes_an_alias_whichever_sorts_first(product: str) -> None:
    """A report that two pages number differently: known by its alias from then on, and its key stays."""
    first = known(1, row(product=None), row(product=product).key)
    found = identity.match(
        [replace(row(product=product), key="GAO-31-5#1@a"), row(number="7")], [first], complete=False
    )
    assert found.aliases == {"GAO-31-5#1@a": 1}
    assert found.joined == {1: "GAO-31-5#1@a"}


def test_a_title_alone_takes_no_real_key_away() -> None:
    """The page that knows only the title adds an alias; and one provisional key is not joined to another."""
    titled = row(product=None)
    found = identity.match([titled], [known(1, row())], complete=False)
    assert (found.aliases, found.joined) == ({titled.key: 1}, {})
    renamed = row(product=None, title="Harbor Lights: Many Lamps")
    found = identity.match([renamed], [known(1, titled)], complete=False)
    assert (found.aliases, found.joined) == ({renamed.key: 1}, {})


@pytest.mark.parametrize("title", ["Another Title", "Piers: B", "Oil: C", "Ropes: D"])
def test_another_title_with_another_text_is_another(title: str) -> None:
    """However alike the texts: under a title alone, the titles have to be the same or nearly so."""
    edited = TEXT.replace("fails", "breaks")
    for one, other in (
        (row(product=None), row(title=title, text=edited)),
        (row(), row(product=None, title=title, text=edited)),
    ):
        assert matched([other], known(1, one), complete=False) == {}
    same_text = row(product=None, title=title)
    assert matched([same_text], known(1, row()), complete=False) == {}
    same_title = row(product=None, text=edited)
    assert matched([same_title], known(1, row()), complete=False) == {0: 1}


@pytest.mark.parametrize("product", ["GAO-31-1", "GAO-31-900009"])
@pytest.mark.parametrize("number", ["1", None])
def test_two_reports_of_one_title_never_share_a_recommendation(product: str, number: str | None) -> None:
    """Both numbers are known, and a new report says the same again, or nearly so."""
    first = known(1, row(number=number))
    for text in (TEXT, TEXT.replace("fails", "breaks")):
        other = row(product=product, number=number, text=text)
        assert matched([other], first, complete=False) == {}
        assert matched([other], first) == {}
        titled = replace(row(product=None, number=number, text=text), product=product)
        assert matched([titled], known(1, row(number=number), "x"), complete=False) == {}


def test_a_report_known_by_its_number_is_the_same_under_any_title() -> None:
    """And under a key that its page gave otherwise; its text may be edited, its agency not."""
    other = row(number=None, title="Another Title", text=TEXT.replace("fails", "breaks"))
    assert matched([other], known(1, row(number=None)), complete=False) == {0: 1}
    for agency in ("Aardvark Office", "Zoo Office"):
        assert matched([replace(other, agency=agency)], known(1, row(number=None)), complete=False) == {}


@pytest.mark.parametrize(("before", "after"), [(None, "4"), ("4", None)])
def test_a_number_that_is_stated_since_or_no_longer_makes_no_other_recommendation(
    before: str | None, after: str | None
) -> None:
    """The same words in the same report to the same agency; anything else is another one."""
    first = known(1, row(number=before))
    assert matched([row(number=after)], first, complete=False) == {0: 1}
    for other in (
        row(number=after, text=TEXT.replace("fails", "breaks")),
        row(number=after, product="GAO-31-1"),
        row(number=after, product="GAO-31-900009"),
        row(number=after, product=None),
        row(number=after, agency="Zoo Office"),
        row(number="5" if after else "6", text="Other words."),
        replace(row(number=after), kind=Kind.MATTER, key="k"),
    ):
        assert matched([other], first, complete=False) == {}
    assert matched([row(number="5")], known(1, row(number="4")), complete=False) == {}


def test_of_three_rows_that_fit_one_none_is_it_and_others_are_found() -> None:
    """Each known one is claimed once; the other rows of the page do not matter."""
    likes = [row(number=None, text=TEXT.replace("fails", word)) for word in ("breaks", "dims", "dies")]
    apart = row(number=None, text="Paint all the piers green before winter comes again, and do it well.")
    edited = replace(apart, key="k", text=apart.text.replace("winter", "summer"))
    for ids in ((1, 2), (2, 1)):
        of = [known(ids[0], row(number=None)), known(ids[1], apart)]
        assert matched([*likes, edited], *of) == {3: ids[1]}


def test_of_three_that_fit_the_nearest_is_it() -> None:
    """The two best are compared, not the last."""
    words = [f"word{n}" for n in range(20)]
    of = [known(n, row(number=None, text=" ".join([*words[: 20 - n], *"abcde"[:n]]))) for n in (1, 4, 5)]
    assert matched([row(number=None, text=" ".join(words))], *of) == {0: 1}
    assert matched([row(number=None, text=" ".join(words))], *of[::-1]) == {0: 1}


def test_a_long_text_is_compared_by_all_of_its_words() -> None:
    """Those that recur too."""
    words = [("the", "of", "and", f"word{n}")[n % 4] for n in range(400)]
    edited = [word.replace("word", "wort") for word in words]
    assert matched(
        [row(number=None, text=" ".join(edited))], known(1, row(number=None, text=" ".join(words)))
    ) == {0: 1}


@pytest.mark.parametrize("title", ["Another Title", "Piers: B", "Oil: C", "Ropes: D"])
def test_an_agency_is_renamed_only_within_its_report(title: str) -> None:
    """By its number, or by its title where the export has no number; half of the name has to stay."""
    first = row(agency="Office of Old Lamps")
    renamed = {"agency": "Office of New Lights"}
    assert matched([row(**renamed, title=title)], known(1, first)) == {0: 1}
    assert matched([row(**renamed, product=None)], known(1, first)) == {0: 1}
    assert matched([row(**renamed, product=None, title=title)], known(1, first)) == {}
    for product in ("GAO-31-1", "GAO-31-900009"):
        assert matched([row(**renamed, product=product)], known(1, first)) == {}
    assert matched([row(agency="Bureau of New Lights")], known(1, first)) == {}
    assert matched([row(**renamed, text="Entirely other words.")], known(1, first)) == {}
    words = [f"word{n}" for n in range(12)]
    kept, lost = " ".join([*words[:9], *"abc"]), " ".join([*words[:8], *"abcd"])
    assert matched(
        [row(**renamed, text=kept)], known(1, row(agency="Office of Old Lamps", text=" ".join(words)))
    ) == {0: 1}
    assert (
        matched(
            [row(**renamed, text=lost)], known(1, row(agency="Office of Old Lamps", text=" ".join(words)))
        )
        == {}
    )


def test_of_several_rows_that_fit_one_that_with_its_very_text_is_it() -> None:
    """If there is just one such: of two with the same words neither is, nor of two that were edited."""
    first = known(1, row(number=None))
    same = replace(row(number=None), key="GAO-31-900001#k@a")
    edited = replace(row(number=None, text=TEXT.replace("fails", "breaks")), key="GAO-31-900001#l@a")
    assert matched([edited, same], first) == {1: 1}
    assert matched([same, replace(same, key="GAO-31-900001#m@a")], first) == {}
    assert matched([edited, replace(edited, key="GAO-31-900001#m@a")], first) == {}
    assert matched([edited], first) == {0: 1}


@pytest.mark.parametrize("alias", ["GAO-31-1#1@a", "GAO-31-900009#1@a"])
def test_a_recommendations_own_key_comes_before_its_old_ones(alias: str) -> None:
    """Whichever stands first on the page or sorts first: another may be called now what this one was."""
    first = known(1, row(), alias)
    other = replace(row(number="9", text="Paint the piers."), key=alias)
    assert matched([other, row()], first) == {1: 1}
    assert matched([row(), other], first) == {0: 1}


@pytest.mark.parametrize(("one", "other"), [("2030", "2031"), ("2031", "2030")])
def test_reports_of_two_years_are_two(one: str, other: str) -> None:
    """However alike their titles, and though they say the same."""
    first = known(1, row(product=None, title=f"Harbor Lights: Lamps of {one}"))
    assert matched([row(product=None, title=f"Harbor Lights: Lamps of {other}")], first, complete=False) == {}
    assert matched(
        [row(product=None, title=f"Harbor Lights: More Lamps of {one}")], first, complete=False
    ) == {0: 1}
