"""Differences are cut to a size, never silently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.channels.hostile import texts
from workers.channels.text.excerpts import (
    Piece,
    between,
    excerpt_around,
    excerpt_runs,
    excerpt_text,
    gap_in_words,
    inline,
)
from workers.channels.text.inert import safe
from workers.meaning.difference import narrative_runs

LONG = " ".join(f"Sentence {number} says what the office did." for number in range(500))


def test_unchanged_stretches_are_folded_and_do_not_count_as_left_out() -> None:
    """A reader who wants the change is spared the rest, and told how much it is."""
    excerpt = excerpt_runs(narrative_runs(LONG + " The end.", LONG + " The beginning."), 5_000)
    assert excerpt.left_out == 0
    assert any(piece.unchanged and piece.words > 3_000 for piece in excerpt.pieces)


def test_each_run_keeps_its_beginning() -> None:
    """Old words that fill the room do not push the new ones out."""
    excerpt = excerpt_runs((("delete", "old " * 5_000), ("insert", "new " * 5_000)), 200)
    kinds = [piece.kind for piece in excerpt.pieces]
    assert kinds == ["delete", "gap", "insert", "gap"]
    assert excerpt.left_out > 9_000


def test_a_short_run_leaves_its_room_to_a_long_one() -> None:
    """Room is shared by need."""
    excerpt = excerpt_runs((("delete", "short"), ("insert", "new " * 100)), 350)
    assert len(excerpt.pieces[1].text) > 300


def test_more_pieces_than_allowed_are_counted() -> None:
    """The words of what is not shown at all are left out, too."""
    runs = [("delete" if index % 2 else "insert", f"word{index} ") for index in range(50)]
    excerpt = excerpt_runs(runs, 10_000, most=10)
    assert len(excerpt.pieces) == 11
    assert excerpt.left_out == 40


def test_a_gap_says_what_it_stands_for() -> None:
    """Unchanged words and words without room read differently."""
    assert gap_in_words(Piece("gap", words=1_214, unchanged=True)) == "[… 1,214 words unchanged …]"
    assert gap_in_words(Piece("gap", words=1)) == "[… 1 word left out …]"


def test_inline_reads_as_text() -> None:
    """For where there are no styles."""
    runs = (("equal", "by "), ("delete", "May 2024 "), ("insert", "June 2025 "), ("equal", "at last"))
    assert inline(excerpt_runs(runs, 100).pieces) == "by [was: May 2024] [now: June 2025] at last"


@given(texts, texts, st.integers(0, 3_000))
def test_the_room_is_kept_and_what_is_missing_is_counted(old: str, new: str, room: int) -> None:
    """Shown text stays near the room; where nothing is left out or folded, all of it is there."""
    runs = narrative_runs(old, new)
    excerpt = excerpt_runs(runs, room, most=40)
    shown = sum(len(piece.text) for piece in excerpt.pieces)
    assert shown <= max(room, 24 * 40)
    if not any(piece.kind == "gap" for piece in excerpt.pieces):
        shown_words = "".join(piece.text for piece in excerpt.pieces).split()
        assert "".join(shown_words) == "".join(safe("".join(text for _, text in runs)).split())


@given(texts, st.integers(0, 3_000))
def test_a_text_is_cut_with_a_count(text: str, room: int) -> None:
    """Its beginning is shown, and a gap says how much follows."""
    excerpt = excerpt_text(text, room)
    assert sum(len(piece.text) for piece in excerpt.pieces) <= max(room, 24)
    assert (excerpt.left_out > 0) == any(piece.kind == "gap" for piece in excerpt.pieces)


def test_a_sentence_is_shown_with_how_much_stands_around_it() -> None:
    """Of an unchanged text the one sentence that matters is enough; without it, the beginning is shown."""
    text = "One two.\n\nBy  May. Three four five."
    whole = (Piece("equal", "One two. "), Piece("key", "By May."), Piece("equal", " Three four five."))
    assert excerpt_around(text, "By May.", 500).pieces == whole
    assert excerpt_around(text, "By May.", 25).pieces == (
        Piece("gap", words=2, unchanged=True),
        Piece("key", "By May."),
        Piece("gap", words=3, unchanged=True),
    )
    assert excerpt_around("One two.", "By May.", 500) == excerpt_text("One two.", 500)
    assert excerpt_around("One two.", "", 500) == excerpt_text("One two.", 500)


def test_new_words_at_a_texts_end_do_not_run_into_struck_ones() -> None:
    """What ends a text has no space after it; whoever shows old beside new puts one there."""
    old, new = Piece("delete", "Late."), Piece("insert", "Done.")
    assert between(old, new) == " "
    assert between(Piece("delete", "Late. "), new) == ""
    assert between(old, Piece("insert", " Done.")) == ""
    assert between(new, old) == ""
    assert between(None, new) == ""


SENTENCES = (
    "As of May 2024, it was drafting a guide for its stations. It expected to issue the guide by June 2025. "
)


@pytest.mark.parametrize(
    ("old", "new", "apart"),
    [
        (SENTENCES, SENTENCES.replace("drafting", "writing"), "\n"),
        (SENTENCES, "It is done.", ""),
        ("It is late.", SENTENCES, " "),
        (SENTENCES, "and " + SENTENCES, ""),
        (SENTENCES[:-2], SENTENCES, " "),
        (SENTENCES, SENTENCES + "Then", "\n"),
    ],
)
def test_sentences_that_gave_way_to_sentences_stand_apart(old: str, new: str, apart: str) -> None:
    """Where the struck block ends and the new one begins is seen at a glance; a phrase stays inline."""
    assert between(Piece("delete", old), Piece("insert", new)) == apart


def test_what_was_struck_and_had_no_room_stands_apart_from_the_new_words() -> None:
    """The gap ends the old words' paragraph; a gap of unchanged words ends nothing."""
    new = Piece("insert", "It is done.")
    assert between(Piece("gap", words=118, side="delete"), new) == "\n"
    assert between(Piece("gap", words=118, unchanged=True), new) == ""
