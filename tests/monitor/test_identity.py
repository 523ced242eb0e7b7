"""Who a row is, decided without a store."""

from monitor import identity
from monitor.identity import Known
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
    by = [given[name] for name in ("product", "number", "agency", "text", "title")]
    key = folding.key(by[0], Kind.RECOMMENDATION, *by[1:])  # type: ignore[arg-type]
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


def known(number: int, like: Recommendation, *keys: str, product: str | None = None) -> Known:
    """A known recommendation that was first seen as this row."""
    return Known(
        number,
        like.key,
        like.product or product,
        like.kind,
        like.number,
        folding.fold_agency(like.agency),
        folding.title_hash(like.title),
        like.text,
        folding.text_fingerprint(like.text),
        keys,
    )


def matched(rows: list[Recommendation], *of: Known, complete: bool = True) -> dict[int, int]:
    """Places of rows and the ids of whom they are."""
    return {place: one.id for place, one in identity.match(rows, of, complete=complete).known.items()}


def test_a_key_or_an_alias_decides() -> None:
    """The first thing asked, whatever the text says."""
    assert matched([row(text="Other words.")], known(7, row())) == {0: 7}
    assert matched([row()], known(7, row(product="GAO-30-1"), row().key)) == {0: 7}


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
