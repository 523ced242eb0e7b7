"""Sentences and words of narratives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.meaning.sentences import split_sentences, split_words


@given(st.text(alphabet="aB1. ?!\n\"'()•U.S-", max_size=80))
def test_the_pieces_joined_are_the_text(text: str) -> None:
    """Nothing is lost and nothing added, whatever the text."""
    assert "".join(split_sentences(text)) == text
    assert "".join(split_words(text)) == text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("The ledger is new. It is kept.", 2),
        ("Duties under 19 U.S.C. ? 1592(d) are owed. They are kept.", 2),
        ("See Dr. Lee and No. 5, i.e. Form 7, for details.", 1),
        ("It left the U.S. The ledger stayed.", 2),
        ("It asked U.S. Customs.", 1),
        ("It cost $1.7 million. It was paid.", 2),
        ('"The ledger is new." Officials said so.', 2),
        ("See Pub. L. No. 110-181 and J. Smith.", 1),
        ("First part\n\nsecond part", 2),
        ("Is it kept? Officials said so.", 2),
        ("Steps:\n- one\n- two", 3),
    ],
)
def test_abbreviations_figures_and_quotes_do_not_break_sentences(text: str, count: int) -> None:
    """A full stop ends a sentence only where a reader would stop."""
    assert len(split_sentences(text)) == count


def test_two_narratives_are_cut_once_for_all_who_ask() -> None:
    """A change's difference and its significance cut the same two: whoever comes second finds them cut."""
    old, new = "It began. It goes on.", "It began. It ended."
    first = split_sentences(old), split_sentences(new)
    assert all(split_sentences(text) is cut for text, cut in zip((old, new), first, strict=True))
